"""Recorded markets as tapes and samples.

The captures are no part of the repository; their folder has a README that says where
each comes from. ``CAPTURES`` is where it stands beside the repository.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import log, sqrt
from pathlib import Path
from typing import Any

import orjson
import zstandard

from benchmarks.sim.statistics import ChainSample, Level, Tape

CAPTURES = Path(__file__).resolve().parents[3] / "shared" / "data" / "deribit"
BINANCE = "binance_coinm_btcusd_perp_20240808.gz"
OPTIONS = ("ws_options_raw_20210405.jsonl.zst", "ws_options_raw_20210417.jsonl.zst")
CONTRACT_USD = 100.0  # BTCUSD_PERP
YEAR_S = 365 * 86_400


def binance_tape(path: Path) -> Tape:
    """Read a Binance COIN-M capture: ``local ns, frame`` a line, diffs and trades.

    The book starts at the REST snapshot; diffs before it are dropped, the one that
    overlaps it is applied whole, as that venue prescribes.
    """
    tape = Tape()
    ready = 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            frame = orjson.loads(line.partition(" ")[2])
            if "lastUpdateId" in frame:
                ready = frame["lastUpdateId"]
                tape.replace(_levels(frame["bids"]), _levels(frame["asks"]))
                continue
            data = frame["data"]
            t_ns = data["T"] * 1_000_000
            if data["e"] == "trade" and ready:
                amount = float(data["q"]) * CONTRACT_USD
                tape.trade(t_ns, not data["m"], float(data["p"]), amount)
            elif data["e"] == "depthUpdate" and ready and data["u"] >= ready:
                bids = [(True, *level) for level in _levels(data["b"])]
                asks = [(False, *level) for level in _levels(data["a"])]
                tape.change(t_ns, bids + asks)
    return tape


def _levels(levels: Sequence[Sequence[str]]) -> list[Level]:
    return [(float(price), float(amount) * CONTRACT_USD) for price, amount in levels]


def option_frames(path: Path) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield (receive time in seconds, notification) of a Deribit capture."""
    with path.open("rb") as packed:
        stream = zstandard.ZstdDecompressor().stream_reader(packed)
        for line in io.TextIOWrapper(stream, "utf-8"):
            record = orjson.loads(line)
            frame = record["frame"]
            if isinstance(frame, str):
                frame = orjson.loads(frame)
            if frame.get("method") == "subscription":
                yield record["ts"], frame["params"]


def option_sample(paths: Sequence[Path]) -> ChainSample:
    """Read option captures; their rates are those of the time both last together."""
    sample = ChainSample()
    seconds = []
    for path in paths:
        times = []
        for time_s, params in option_frames(path):
            times.append(time_s)
            data = params["data"]
            if params["channel"].startswith("ticker."):
                sample.ticker(data)
            elif data["type"] == "change":
                sample.frame(data["instrument_name"])
        seconds.append(times[-1] - times[0])
    sample.seconds = sum(seconds) / len(seconds)
    return sample


def smile_points(paths: Sequence[Path]) -> Iterator[tuple[str, float, float, float]]:
    """Yield (expiry, years, ln(strike / forward), mark vol), one per instrument."""
    for path in paths:
        last: dict[str, dict[str, Any]] = {}
        for _, params in option_frames(path):
            if params["channel"].startswith("ticker."):
                last[params["data"]["instrument_name"]] = params["data"]
        for name, row in last.items():
            _, day, strike, _ = name.split("-")
            expiry = datetime.strptime(day, "%d%b%y").replace(hour=8, tzinfo=UTC)
            years = (expiry.timestamp() - row["timestamp"] / 1_000) / YEAR_S
            away = log(float(strike) / row["underlying_price"])
            yield name.rsplit("-", 2)[0], years, away, row["mark_iv"] / 100


def standard_deviations(years: float, away: float, vol: float) -> float:
    """Return a log moneyness in standard deviations of the strike's own vol."""
    return away / (vol * sqrt(years))
