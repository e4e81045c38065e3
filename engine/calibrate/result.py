"""Everything calibrated of one instrument: for a reader, for a program, to paste."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.calibrate import intensity, markout, volatility
from engine.calibrate.intensity import FIT_POOR, Intensity
from engine.calibrate.markout import Markout
from engine.calibrate.measure import Session
from engine.calibrate.micro_table import MicroTable, micro_table
from engine.calibrate.stats import COVERAGE, Estimate
from engine.calibrate.tape import Tape
from engine.calibrate.volatility import Volatility
from engine.errors import NO_VALUE, ConfigError

STRATEGIES = {
    "glft": "strategies.glft:Glft",
    "avellaneda_stoikov": "strategies.avellaneda_stoikov:AvellanedaStoikov",
    "perp_maker": "strategies.perp_maker:PerpMaker",
}
BUCKETS_A_DAY = 100
DAY_S = 86_400
EDGE_HORIZON_S = 10.0
"""The horizon whose adverse move becomes the minimum edge."""
INSIDE_MANY = 0.05
"""Share of taker orders nearer than the touch from which on the book is called late."""
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Result:
    """One instrument. Units: seconds of readable book; sizes as in each part."""

    name: str
    tick_size: float
    tick_source: str
    """"given", "recorded", or "inferred" from the prices."""
    seconds: float
    breaks: int
    prints: int
    takes: int
    unseen: int
    inside: int
    taken_lots: int
    intensity: Intensity
    volatility: Volatility
    markouts: list[Markout]
    micro_price: MicroTable
    fell_back: Mapping[str, float]
    """k_per_tick and a_per_s of an earlier calibration, used where there is no fit."""

    @property
    def tick(self) -> str:
        """Return the tick in words: every figure in ticks hangs on it."""
        how = "" if self.tick_source != "inferred" else ", inferred from the prices"
        return f"tick {self.tick_size:g}{how}"

    @property
    def bucket_lots(self) -> int:
        """Return a hundredth of a day's volume: a bucket of the toxicity, lots."""
        day = self.taken_lots / self.seconds * DAY_S if self.seconds else 0.0
        return max(1, round(day / BUCKETS_A_DAY))

    @property
    def is_usable(self) -> bool:
        """Whether there is an A and a k, measured now or earlier."""
        return not self.intensity.why_not or bool(self.fell_back)

    def as_json(self) -> dict[str, Any]:
        """Return the result for a program."""
        return {
            "tick_size": self.tick_size,
            "tick_source": self.tick_source,
            "seconds": self.seconds,
            "breaks": self.breaks,
            "prints": self.prints,
            "takes": self.takes,
            "unseen": self.unseen,
            "inside": self.inside,
            "taken_lots": self.taken_lots,
            "bucket_lots": self.bucket_lots,
            "coverage": COVERAGE,
            "is_usable": self.is_usable,
            "fell_back": dict(self.fell_back),
            "intensity": self.intensity.as_json(),
            "volatility": self.volatility.as_json(),
            "markouts": [each.as_json() for each in self.markouts],
            "micro_price": self.micro_price.as_json(),
            "warnings": self.warnings(),
        }

    def warnings(self) -> list[str]:
        """Return what a reader must know before using the numbers."""
        fit = self.intensity
        told = []
        if fit.why_not:
            earlier = "the earlier values are kept" if self.fell_back else "keep yours"
            told.append(f"A and k are not measured ({fit.why_not}): {earlier}")
        elif fit.fit_probability is None:
            told.append("too few depths to test whether the fills are exponential")
        elif fit.fit_probability < FIT_POOR:
            told.append(
                "the fills are not exponential in depth (chi-square "
                f"{fit.fit_chi_square:.0f} at {fit.fit_freedom}): look at the picture, "
                "and fit the depths you quote at with --depth-min and --depth-max"
            )
        if max(fit.clusters_a, fit.clusters_k) > 1:
            told.append(
                f"taker orders come in clusters: {fit.clusters_a:.1f} times the "
                f"variance of chance in A, {fit.clusters_k:.1f} in k; the intervals "
                "are widened"
            )
        if self.takes and self.inside > INSIDE_MANY * self.takes:
            told.append(
                f"{self.inside} of {self.takes} taker orders traded nearer than the "
                "touch: the book is late; record the raw interval"
            )
        if self.unseen:
            told.append(f"{self.unseen} taker orders came while no book was readable")
        return told


def calibrated(
    tape: Tape,
    depth_min_ticks: float = 0.0,
    depth_max_ticks: float | None = None,
    earlier: Mapping[str, float] | None = None,
) -> Result:
    """Calibrate one tape; ``earlier`` is what to fall back to."""
    session = Session(tape)
    fit = intensity.fit(
        session.orders(),
        session.spread_seconds,
        session.blocks(),
        depth_min_ticks,
        depth_max_ticks,
    )
    return Result(
        name=tape.name,
        tick_size=tape.tick_size,
        tick_source=tape.source,
        seconds=session.seconds,
        breaks=tape.breaks,
        prints=tape.prints,
        takes=len(session.takes),
        unseen=session.unseen,
        inside=session.inside,
        taken_lots=sum(tape.take_lots),
        intensity=fit,
        volatility=volatility.volatility(session),
        markouts=markout.markouts(session),
        micro_price=micro_table(session),
        fell_back=dict(earlier or {}) if fit.why_not else {},
    )


def load_earlier(path: Path) -> dict[str, dict[str, float]]:
    """Return A and k by instrument out of an earlier ``--json``.

    Raises:
        ConfigError: the file cannot be read, or is not such a result.
    """
    try:
        found = orjson.loads(path.read_bytes())["instruments"]
        return {
            str(name): {
                key: float(row["intensity"][key]["value"])
                for key in ("k_per_tick", "a_per_s")
            }
            for name, row in found.items()
            if not row["intensity"]["why_not"]
        }
    except OSError as error:
        raise ConfigError(
            path, "file", NO_VALUE, f"cannot be read: {error.strerror}"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ConfigError(
            path, "file", NO_VALUE, "must hold what calibrate --json printed"
        ) from None


def fragment(result: Result, source: str, strategy: str) -> str:
    """Return ``[quote.params]`` to paste under the ``[[quote]]`` of the instrument.

    What was not measured stands there as a comment, so that pasting it never sets a
    number nobody measured.
    """
    fit = result.intensity
    rows = [_setting("k_per_tick", fit.k_per_tick, result.fell_back, fit.why_not)]
    is_perp_maker = strategy == "perp_maker"
    if strategy == "glft" or is_perp_maker:
        rows.append(_setting("a_per_s", fit.a_per_s, result.fell_back, fit.why_not))
    rows.append(
        _setting("cold_sigma_ticks", result.volatility.two_scale, {}, "too short")
    )
    edge = next(
        (
            each.adverse_ticks
            for each in result.markouts
            if (each.side, each.horizon_s) == ("both", EDGE_HORIZON_S)
        ),
        None,
    )
    if edge is not None and edge.value < 0:
        edge = Estimate(0.0, edge.low, edge.high)
    rows.append(_setting("min_edge_ticks", edge, {}, "no fills at that horizon"))
    if is_perp_maker:
        rows.append(
            f"bucket_lots = {result.bucket_lots}  # a hundredth of a day's volume"
        )
    lines = [
        f"# {result.name}, from {source}: {duration(result.seconds)} of book, "
        f"{result.takes} taker orders; {result.tick}",
        f"[quote.params]  # of {STRATEGIES[strategy]}",
        *rows,
        *_table(result.micro_price, "" if is_perp_maker else "# "),
        "# gamma, qty_lots and limits are decisions, not measurements: add yours",
    ]
    return "\n".join(lines) + "\n"


def _table(found: MicroTable, mark: str) -> list[str]:
    """Return the micro-price's table, behind a mark; entries not known are 0."""
    if found.why_not:
        return [f"# table = not measured: {found.why_not}"]
    rows = [", ".join(map(rounded, row)) for row in found.table_ticks]
    return [
        "# micro-price = mid + this, ticks, by spread (1, 2, 3+) and bucket of "
        "qb/(qb + qa)",
        f"{mark}table = [",
        *(f"{mark}    [{row}]," for row in rows),
        f"{mark}]",
    ]


def _setting(
    key: str, estimate: Estimate | None, earlier: Mapping[str, float], why_not: str
) -> str:
    if estimate is not None and estimate.low is not None:
        return f"{key} = {rounded(estimate.value)}  # {interval(estimate)}"
    if estimate is not None:
        return f"# {key} = {rounded(estimate.value)}  # a guess: {interval(estimate)}"
    if key in earlier:
        return f"{key} = {rounded(earlier[key])}  # kept from earlier: {why_not}"
    return f"# {key} = not measured: {why_not}"


def rounded(value: float) -> str:
    """Return a number as TOML takes it, to four digits."""
    text = f"{value:.{DIGITS}g}"
    return text if any(mark in text for mark in ".e") else f"{text}.0"


def interval(estimate: Estimate) -> str:
    """Return an interval in words."""
    if estimate.low is None or estimate.high is None:
        return "too short a recording for an interval"
    return f"{estimate.low:.{DIGITS}g} to {estimate.high:.{DIGITS}g}"


def duration(seconds: float) -> str:
    """Return a time in words."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def text(result: Result) -> str:
    """Return the readable report of one instrument."""
    fit, moves = result.intensity, result.volatility
    lines = [
        f"{result.name}: {duration(result.seconds)} of book, {result.breaks} breaks, "
        f"{result.takes} taker orders in {result.prints} trades; {result.tick}",
        "  fills at depth d (ticks from the mid), one side: A exp(-k d) a second",
    ]
    if fit.k_per_tick is not None and fit.a_per_s is not None:
        lines += [
            _line("k", fit.k_per_tick, "/tick"),
            _line("A", fit.a_per_s, "/s"),
            f"    from {fit.used} taker orders that stopped {fit.least_ticks:g} to "
            f"{fit.deepest_ticks:g} ticks from the mid",
        ]
        if fit.fit_probability is not None:
            lines.append(
                f"    fit: chi-square {fit.fit_chi_square:.1f} at {fit.fit_freedom}, "
                f"a worse one has probability {fit.fit_probability:.2g}"
            )
    else:
        kept = ", ".join(f"{key} {v:.4g}" for key, v in result.fell_back.items())
        lines.append(f"    not measured: {fit.why_not}")
        lines += [f"    kept from the earlier calibration: {kept}"] * bool(kept)
    lines.append("  volatility of the mid, ticks per root second")
    if moves.two_scale is not None and moves.plain is not None:
        lines += [
            _line("two-scale", moves.two_scale, ""),
            _line("plain, 100 ms", moves.plain, ""),
        ]
    else:
        lines.append("    not measured: no stretch of 20 s without a break")
    lines.append("  passive fills at the touch, ticks each, fees aside")
    if result.markouts:
        lines.append("    side  after s   fills   markout             adverse move")
    else:
        lines.append("    none with a horizon inside the recording")
    for each in result.markouts:
        lines.append(
            f"    {each.side:<5}{each.horizon_s:>8g}{each.fills:>8}   "
            f"{_with_error(each.markout_ticks):<20}{_with_error(each.adverse_ticks)}"
        )
    lines += micro_price_lines(result.micro_price)
    lines += [f"  note: {warning}" for warning in result.warnings()]
    return "\n".join(lines) + "\n"


def micro_price_lines(found: MicroTable) -> list[str]:
    """Return the table of the micro-price: what to add to the mid, ticks."""
    lines = ["  micro-price less mid, ticks, by imbalance (asks heavy to bids heavy)"]
    if found.why_not:
        return [*lines, f"    not measured: {found.why_not}"]
    for number, row in enumerate(found.table, 1):
        wide = "+" if number == len(found.table) else ""
        cells = "".join(f"{entry.value:+7.3f}" if entry else "      ?" for entry in row)
        lines.append(f"    spread {f'{number}{wide}':<3}{cells}")
    errors = [
        entry.standard_error
        for row in found.table
        for entry in row
        if entry and entry.standard_error is not None
    ]
    if errors:
        lines.append(f"    standard errors up to {max(errors):.3f}")
    return lines


def _line(name: str, estimate: Estimate, unit: str) -> str:
    value = f"{estimate.value:.{DIGITS}g} {unit}".rstrip()
    return f"    {name:<14}{value:<16}{interval(estimate)}"


def _with_error(estimate: Estimate) -> str:
    if estimate.standard_error is None:
        return f"{estimate.value:+.3f} ± ?"
    return f"{estimate.value:+.3f} ± {estimate.standard_error:.3f}"
