"""Ours beside each rival: bytes to touch, levels to book, scanning, metrics."""

from __future__ import annotations

import time
from binascii import crc32
from collections.abc import Callable, Iterator

import orjson

from benchmarks.figures import Found, Goal, Kind, Missing, Run
from benchmarks.pipeline.ours import Reader
from benchmarks.rounds import Setup, Timings, interleaved
from benchmarks.stream import INSTRUMENT, PROFILES, frames
from benchmarks.versus.rival import Makes, load_rivals, touch_of_all

OURS = "halfspread"
ORJSON = "orjson + SortedDict"
MSGSPEC = "msgspec + ccxt book"
CCXT = "ccxt.pro handler"
CRYPTOFEED = "cryptofeed handler"
NAUTILUS = "nautilus, deltas prebuilt"
FASTMM = "fastmm-engine book, 256 levels"
SIMDJSON = "simdjson On-Demand"
WARMING, CACHED = 1_000, 2_000
"""Frames played before the clock starts, and frames timed: they fit into 1 MB."""
COUNTER, HISTOGRAM = "prometheus Counter.inc", "prometheus Histogram.observe"


def _touch(profile: str, key: str, rival: str, *bounds: float) -> Goal:
    must, aim = bounds or (None, None)
    title = f"bytes → touch, `{profile}`"
    return Goal(f"touch_{profile}_{key}", title, Kind.TIMES, must, aim, rival)


def _book(profile: str, key: str, rival: str, *bounds: float) -> Goal:
    must, aim = bounds or (None, None)
    title = f"levels → book, `{profile}`, a level"
    return Goal(f"book_{profile}_{key}", title, Kind.TIMES, must, aim, rival)


GOALS = (
    _touch("raw", "orjson", ORJSON, 20, 30),
    _touch("raw", "msgspec", MSGSPEC, 12, 20),
    _touch("raw", "ccxt", CCXT, 60, 100),
    _touch("raw", "cryptofeed", CRYPTOFEED),
    _touch("100ms", "orjson", ORJSON),
    _touch("100ms", "msgspec", MSGSPEC),
    _touch("100ms", "ccxt", CCXT),
    _touch("100ms", "cryptofeed", CRYPTOFEED),
    _book("raw", "orjson", "SortedDict", 60, 80),
    _book("raw", "nautilus", NAUTILUS, 15, 22),
    _book("raw", "fastmm", FASTMM),
    _book("100ms", "orjson", "SortedDict"),
    _book("100ms", "nautilus", NAUTILUS),
    _book("100ms", "fastmm", FASTMM),
    Goal("scan_raw", "bytes → levels, `raw`", Kind.TIMES, 3, 5, SIMDJSON),
    Goal("scan_100ms", "bytes → levels, `100ms`", Kind.TIMES, 3, 4, SIMDJSON),
    Goal("metric_counter", "one counter update", Kind.TIMES, 50, 250, COUNTER),
    Goal("metric_histogram", "one histogram update", Kind.TIMES, 50, 300, HISTOGRAM),
)


def measure(run: Run) -> Iterator[Found | Missing]:
    """Measure every goal; what a rival lacks is told in its place."""
    for profile in PROFILES:
        # Fewer would say how cold the caches were: 300 frames, three times as much.
        count = run.pick(5_000, 2_000)
        stream = list(frames(count, run.seed, profile))
        yield from _touches(run, profile, stream)
        yield from _books(run, profile, stream)
        yield from _scans(run, profile, stream)
    yield from _metrics(run)


def _makers() -> tuple[Makes, dict[str, str]]:
    """Return the followers that can be had, and why the others cannot."""
    modules = {
        ORJSON: "orjson_sorteddict",
        MSGSPEC: "msgspec_ccxt",
        CCXT: "ccxt_pro",
        CRYPTOFEED: "cryptofeed_handler",
    }
    made, absent = load_rivals(modules, "Client")
    return {OURS: Reader, **made}, absent


def _goals(prefix: str) -> list[Goal]:
    return [goal for goal in GOALS if goal.key.startswith(prefix)]


def compared(goal: Goal, timings: Timings, rival: str, note: str = "") -> Found:
    """Return a figure out of rounds: medians, and the median of the ratios."""
    return Found(
        goal.key,
        timings.median(OURS),
        timings.median(rival),
        timings.ratio(rival, to=OURS),
        note,
    )


def _touches(run: Run, profile: str, stream: list[bytes]) -> Iterator[Found | Missing]:
    made, absent = _makers()
    touch = touch_of_all(made, stream)
    warming, changes = stream[1 : 1 + WARMING], stream[1 + WARMING :][:CACHED]

    def setup(make: Callable[[bytes], object]) -> Setup:
        def prepare() -> Callable[[], object]:
            follower = make(stream[0])

            def work() -> int:
                # The collector has just been through the caches. A book in use lies
                # in them, and so does a frame that has just come from the socket.
                follower.play(warming)
                for frame in changes:
                    crc32(frame)
                start = time.process_time_ns()
                follower.play(changes)
                return time.process_time_ns() - start

            return work

        return prepare

    candidates = {name: setup(make) for name, make in made.items()}
    timings = interleaved(candidates, len(changes), run.pick(11, 1))
    run.series[f"bytes to touch, {profile}, ns a frame"] = timings.rounds
    for goal in _goals(f"touch_{profile}"):
        if goal.rival in absent:
            yield Missing(goal.key, absent[goal.rival])
        else:
            note = f"all end on {touch}" if goal.rival == ORJSON else ""
            yield compared(goal, timings, goal.rival, note)


def _decoder() -> object:
    from engine._core.base.instrument import InstrumentTable
    from engine._core.decode.message import Decoder

    table = InstrumentTable()
    table.add(INSTRUMENT)
    return Decoder(table)


def _books(run: Run, profile: str, stream: list[bytes]) -> Iterator[Found | Missing]:
    from engine._core.state.book import Book

    goals = _goals(f"book_{profile}")
    try:
        from benchmarks.native.build import loops

        tape = loops().Tape(_decoder(), stream)
    except ImportError as error:
        yield from (Missing(goal.key, str(error)) for goal in goals)
        return
    data = [orjson.loads(frame)["params"]["data"] for frame in stream]
    rows = [(each["bids"], each["asks"]) for each in data]

    def ours() -> Callable[[], object]:
        book = Book()
        tape.apply_one(book, 0)
        return lambda: tape.apply(book, 1) and None

    candidates: dict[str, Setup] = {OURS: ours}
    absent: dict[str, str] = {}
    for name, add in (("SortedDict", _sorteddict), (NAUTILUS, _nautilus)):
        try:
            candidates[name] = add(rows)
        except ImportError as error:
            absent[name] = f"not installed: {error}"
    units = sum(len(bids) + len(asks) for bids, asks in rows[1:])
    timings = interleaved(candidates, units, run.pick(11, 1))
    run.series[f"levels to book, {profile}, ns a level"] = timings.rounds
    for goal in goals:
        if goal.rival in timings.rounds:
            yield compared(goal, timings, goal.rival)
        elif goal.rival == FASTMM:
            yield _fastmm(run, goal, timings, stream)
        else:
            yield Missing(goal.key, absent[goal.rival])


def _sorteddict(rows: list[tuple[list, list]]) -> Setup:
    from benchmarks.versus.orjson_sorteddict import SortedBook

    def prepare() -> Callable[[], object]:
        book = SortedBook()
        book.apply(*rows[0])

        def work() -> None:
            apply, best = book.apply, book.best
            for bids, asks in rows[1:]:
                apply(bids, asks)
                best()

        return work

    return prepare


def _nautilus(rows: list[tuple[list, list]]) -> Setup:
    from benchmarks.versus import nautilus_book

    prepared = [nautilus_book.deltas(*each) for each in rows[1:]]

    def prepare() -> Callable[[], object]:
        book = nautilus_book.Book(*rows[0])
        return lambda: book.apply(prepared)

    return prepare


def _fastmm(
    run: Run, goal: Goal, timings: Timings, stream: list[bytes]
) -> Found | Missing:
    """Run fastmm's book in its own Python, once a round of ours."""
    from benchmarks.versus.fastmm_book import measured

    if run.fastmm is None:
        return Missing(goal.key, "no Python with fastmm-engine was named (--fastmm)")
    file = run.scratch / "fastmm_frames.jsonl"
    file.write_bytes(b"\n".join(stream) + b"\n")
    try:
        found = [measured(run.fastmm, file) for _ in range(run.pick(5, 1))]
    except (OSError, RuntimeError) as error:
        return Missing(goal.key, f"fastmm-engine failed: {error}")
    per_level = sorted(each["ns"] / each["levels"] for each in found)
    rival = per_level[len(per_level) // 2]
    note = "in its own process, not interleaved"
    return Found(goal.key, timings.median(OURS), rival, note=note)


def _scans(run: Run, profile: str, stream: list[bytes]) -> Iterator[Found | Missing]:
    from benchmarks.versus.simdjson_levels import AbsentError, Scanner

    (goal,) = _goals(f"scan_{profile}")
    changes = stream[1:]
    try:
        from benchmarks.native.build import loops

        scan = loops().scan
        rival = Scanner(changes, run.scratch)
    except (ImportError, AbsentError) as error:
        yield Missing(goal.key, str(error))
        return
    decoder = _decoder()
    if scan(decoder, changes) != rival.scan():
        raise ValueError(f"the scanners read different levels from {profile}")
    passes = run.pick(20, 2)

    def again(once: Callable[[], object]) -> Setup:
        """Read all frames several times: once is too short to be warm."""

        def work() -> None:
            for _ in range(passes):
                once()

        return lambda: work

    candidates: dict[str, Setup] = {
        OURS: again(lambda: scan(decoder, changes)),
        SIMDJSON: again(rival.scan),
    }
    timings = interleaved(candidates, passes * len(changes), run.pick(21, 1))
    run.series[f"bytes to levels, {profile}, ns a frame"] = timings.rounds
    yield compared(goal, timings, SIMDJSON, f"simdjson {rival.version}")


def _metrics(run: Run) -> Iterator[Found | Missing]:
    from benchmarks.versus import prometheus
    from engine._core.base.hist import Histogram

    goals = _goals("metric_")
    try:
        from benchmarks.native.build import loops

        native = loops()
    except ImportError as error:
        yield from (Missing(goal.key, str(error)) for goal in goals)
        return
    count = run.pick(100_000, 1_000)
    many = 100 * count
    pairs = {
        "metric_counter": (native.count, prometheus.increments),
        "metric_histogram": (
            lambda times: native.observe(Histogram(), times),
            prometheus.observations,
        ),
    }

    def ours(add: Callable[[int], object]) -> float:
        """Time a hundred times as many: what ours takes is a nanosecond or two."""
        start = time.process_time_ns()
        add(many)
        return (time.process_time_ns() - start) * count / many

    for goal in goals:
        mine, theirs = pairs[goal.key]
        candidates: dict[str, Setup] = {
            OURS: lambda add=mine: lambda: ours(add),
            goal.rival: lambda add=theirs: lambda: add(count),
        }
        yield compared(
            goal, interleaved(candidates, count, run.pick(11, 1)), goal.rival
        )
