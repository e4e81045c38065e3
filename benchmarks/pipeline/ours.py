"""The engine as benchmarks run it: stage clocks on, and complete where it quotes."""

from __future__ import annotations

import gc
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import orjson

from benchmarks.pipeline.each import CLOCK_SAMPLES
from benchmarks.rounds import percentile
from benchmarks.stream import INSTRUMENT, NAME, TICKS_PER_DOLLAR
from engine import GlftQuoter, __version__
from engine._core.core import Core
from engine.journal import Header, Recorder, Writer

RUN_ID = 7
START_NS = 1_000_000_000
READ_EVERY_NS, READ_FRAMES = 1_000_000, 50
"""Frames that are only followed come so many at a time."""
STEP_NS = 1_000_000_000
"""Virtual time between two frames: one sample of the volatility."""

GLFT = {"gamma": 2.0, "xi": 0.02, "k_per_tick": 0.4, "a_per_s": 1e-4}
"""Nervous enough that both quotes move with every sample of the volatility."""
QTY_LOTS = 10
COLD_SIGMA_TICKS = 1.0
FLUSH_FRAMES = 600
"""Between two writes of the journal: about the 512 kB after which the shell writes."""

LIMITS = {
    "position_max_lots": 1_000,
    "order_max_lots": 100,
    "collar_bps": 500.0,
    "stale_ns": 10**12,
    "requote_ticks": 0,
    "requote_qty_pct": 0.0,
}


class Reader:
    """A core that follows one book."""

    def __init__(self, snapshot: bytes) -> None:
        self.core = Core(RUN_ID)
        self.index = self.core.add_instrument(INSTRUMENT)
        self.core.measure(True)
        self._t_ns = START_NS + READ_EVERY_NS
        self.core.connection_made(0, START_NS)
        self.core.receive_data(0, self._t_ns, snapshot)

    def play(self, frames: list[bytes]) -> None:
        """Take every frame; the touch stays in the core, where it is used."""
        receive = self.core.receive_data
        for first in range(0, len(frames), READ_FRAMES):
            self._t_ns = t_ns = self._t_ns + READ_EVERY_NS
            for frame in frames[first : first + READ_FRAMES]:
                receive(0, t_ns, frame)

    def touch(self) -> tuple[float, float]:
        """Return best bid and ask. Raises: ValueError while the book is unreadable."""
        book = self.core.market(self.index).book
        if book.state_name != "readable":
            raise ValueError(f"the book is {book.state_name}")
        best = (book.levels(side, 1)[0][0] for side in ("bid", "ask"))
        bid, ask = (ticks / TICKS_PER_DOLLAR for ticks in best)
        return bid, ask


class Venue:
    """Answers requests as the venue does when all goes well."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._orders: dict[str, dict[str, object]] = {}

    def answers(self, requests: bytes) -> list[bytes]:
        """Return one answer a request. Raises: ValueError for another method."""
        return [self._answer(orjson.loads(line)) for line in requests.splitlines()]

    def _answer(self, request: dict[str, object]) -> bytes:
        params, method = request["params"], request["method"]
        if method in ("private/buy", "private/sell"):
            order = {
                "order_id": f"BTC-{next(self._numbers):011}",
                "label": params["label"],
                "instrument_name": NAME,
                "direction": str(method).removeprefix("private/"),
                "order_type": "limit",
                "order_state": "open",
                "filled_amount": 0.0,
                "creation_timestamp": 1_790_559_412_833,
            }
            self._orders[order["order_id"]] = order
        elif method == "private/edit":
            order = self._orders[params["order_id"]]
        else:
            raise ValueError(f"{method} in a market where all goes well")
        order |= {
            "price": params["price"],
            "amount": params["amount"],
            "last_update_timestamp": 1_790_559_412_834,
        }
        result = {"order": order, "trades": []}
        return orjson.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result})


Dialogue = list[tuple[bytes, list[bytes]]]
"""What was asked after each frame, and what the venue answered."""


class Script:
    """The venue's answers of an earlier dialogue, to the same requests."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._left = iter(dialogue)

    def answers(self, requests: bytes) -> list[bytes]:
        """Return what was answered. Raises: ValueError when another was asked."""
        asked, answers = next(self._left, (b"", []))
        if requests != asked:
            raise ValueError(f"asked {requests!r}, and the first time {asked!r}")
        return answers


class Answering(Protocol):
    """A venue, or the memory of one."""

    def answers(self, requests: bytes) -> list[bytes]:
        """Return one answer a request."""


class Quoting:
    """The engine complete: risk, order table, journal, metrics, and a GLFT quoter.

    Every frame yields its requests; the venue's answers come before the next frame,
    through the same journal, and are not part of what is timed.
    """

    def __init__(self, snapshot: bytes, journal: Path | None, venue: Answering) -> None:
        self._core = Core(RUN_ID)
        self._venue = venue
        self._frames = 0
        core = self._core
        index = core.add_instrument(INSTRUMENT)
        core.measure(True)
        quoter = GlftQuoter(
            qty_lots=QTY_LOTS, cold_sigma_ticks=COLD_SIGMA_TICKS, **GLFT
        )
        core.bind(index, quoter, LIMITS)
        core.set_credit_limits({"trading": (1e6, 1e6)})
        core.route_credits(index, "trading")
        header = Header(RUN_ID, 0, __version__, {})
        self._recorder = None
        if journal is not None:
            writer = Writer(journal, header, in_background=True)
            self._recorder = Recorder(core, writer)
        self._t_ns = START_NS
        core.connection_made(0, self._t_ns)
        core.handle_timer(self._t_ns + STEP_NS)
        core.set_quoting(True, "benchmark")
        self.first = self.one(snapshot)
        self.after()

    def one(self, frame: bytes) -> bytes:
        """Take a frame; return the requests it causes."""
        self._t_ns += STEP_NS
        core = self._core
        core.receive_data(0, self._t_ns, frame)
        self._sent = sent = core.data_to_send(0)
        return sent

    def after(self) -> None:
        """Let the venue answer, and the journal reach the disk."""
        for answer in self._venue.answers(self._sent):
            self._core.receive_data(0, self._t_ns, answer)
        if self._core.data_to_send(0):
            raise ValueError("requests without a frame")
        self._frames += 1
        if self._recorder is not None and self._frames % FLUSH_FRAMES == 0:
            self._recorder.flush(self._t_ns)

    def drive(
        self, frames: list[bytes], dialogue: Dialogue, mark: int = 0
    ) -> list[float]:
        """Play frames as the fast ingress does; see ``native.loops.drive``.

        Returns: the cost of each frame that causes both requests. Units: ns.
        """
        from benchmarks.native.loops import drive, readings

        off = percentile([float(one) for one in readings(CLOCK_SAMPLES)], 0.5)
        gc.collect()
        spent = drive(self._core, frames, dialogue, self._t_ns, STEP_NS, mark)
        self._t_ns += STEP_NS * len(frames)
        return [max(0.0, one - off) for one in spent]

    def close(self) -> None:
        """End the journal."""
        if self._recorder is not None:
            self._recorder.close(self._t_ns)

    @property
    def core(self) -> Core:
        """The core itself, to look at."""
        return self._core


def dialogue(snapshot: bytes, changes: list[bytes]) -> Dialogue:
    """Play a stream once, untimed, with a venue that makes its answers."""
    venue, found = Venue(), Dialogue()

    class Listener:
        def answers(self, requests: bytes) -> list[bytes]:
            answers = venue.answers(requests)
            found.append((requests, answers))
            return answers

    engine = Quoting(snapshot, None, Listener())
    for frame in changes:
        engine.one(frame)
        engine.after()
    return found


@contextmanager
def quoting(
    snapshot: bytes, journals: bool = True, venue: Answering | None = None
) -> Iterator[Quoting]:
    """Give an engine whose journal, if it keeps one, lives as long as it does."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "bench.journal" if journals else None
        engine = Quoting(snapshot, journal, venue or Venue())
        try:
            yield engine
        finally:
            engine.close()
