"""The engine complete, from bytes to two order requests, and its tail."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import orjson

from benchmarks.figures import Found, Goal, Kind, Missing, Run
from benchmarks.pipeline.each import Sweep, each, has_two_requests, percentiles
from benchmarks.pipeline.left import left_behind
from benchmarks.pipeline.many import BOOKS, Options, frames_a_second
from benchmarks.pipeline.ours import Reader, quoting
from benchmarks.pipeline.scrape import Scrape, held
from benchmarks.rounds import Timings
from benchmarks.stream import PROFILES, frames
from benchmarks.versus.prometheus import writing
from benchmarks.versus.rival import DisagreementError, load_rivals

OURS = "halfspread"
CORE = "halfspread, no journal"
ORJSON = "orjson + SortedDict + orjson"
MSGSPEC = "msgspec + ccxt book + msgspec"
PROMETHEUS = "prometheus_client's writer alone"
RARE_S = 0.001
CHECKED = 500
"""Frames on which prices are compared before anything is timed."""


def _orders(profile: str) -> tuple[Goal, ...]:
    asked = profile == "raw"
    title = f"bytes → two order requests, `{profile}`, p50"
    tail = {"raw": (8, 4), "100ms": (20, 10)}[profile]
    return (
        Goal(
            f"orders_{profile}_orjson",
            title,
            Kind.TIMES,
            *((25, 40) if asked else ()),
            rival=ORJSON,
        ),
        Goal(
            f"orders_{profile}_best",
            title,
            Kind.TIMES,
            *((18, 30) if asked else ()),
            rival=MSGSPEC,
        ),
        Goal(
            f"orders_{profile}_core",
            f"… `{profile}`: the engine without its journal",
            rival="",
        ),
        Goal(
            f"orders_{profile}_tail",
            f"… `{profile}`: p99.9 / p50",
            Kind.AT_MOST,
            *tail,
            unit="",
        ),
        Goal(f"orders_{profile}_p99", f"… `{profile}`: p99", rival=ORJSON),
        Goal(f"orders_{profile}_p999", f"… `{profile}`: p99.9", rival=ORJSON),
    )


GOALS = (
    *_orders("raw"),
    *_orders("100ms"),
    Goal(
        "orders_raw_rare",
        "bytes → two order requests, `raw`, one a millisecond, p50",
        rival=ORJSON,
    ),
    Goal(
        "orders_raw_cold",
        "bytes → two order requests, `raw`, caches swept before each, p50",
        rival=ORJSON,
    ),
    Goal(
        "options_rate",
        f"{BOOKS} option books on one core, each tick to its strategy",
        Kind.AT_LEAST,
        200_000,
        1_000_000,
        unit="frames/s",
    ),
    Goal(
        "scrape_held",
        "a scrape of the whole engine, 10 histograms: the interpreter held, in all",
        Kind.AT_MOST,
        300_000,
        100_000,
        rival=PROMETHEUS,
    ),
    Goal(
        "scrape_stop",
        "… the longest stop of the hot thread by it",
        Kind.AT_MOST,
        300_000,
        100_000,
    ),
    Goal(
        "objects_left",
        "Python objects left by a million frames",
        Kind.AT_MOST,
        0,
        0,
        unit="",
    ),
    Goal(
        "collections",
        "passes of the garbage collector in a million frames",
        Kind.AT_MOST,
        0,
        0,
        unit="",
    ),
)


def _stacks() -> tuple[dict[str, Callable[[bytes], object]], dict[str, str]]:
    return load_rivals({ORJSON: "orjson_stack", MSGSPEC: "msgspec_stack"}, "make")


def measure(run: Run) -> Iterator[Found | Missing]:
    """Measure both profiles, then rare frames, many books and what is left."""
    for profile in PROFILES:
        count = run.pick(5_000, 300)
        yield from _profile(
            run, profile, list(frames(count, run.seed, profile, at_touch=True))
        )
    yield _rare(run, "orders_raw_rare", lambda: time.sleep(RARE_S))
    yield _rare(run, "orders_raw_cold", Sweep())
    rate = frames_a_second(Options(run.seed), run.pick(10_000, 500))
    yield Found("options_rate", rate, note="in process, no socket")
    yield from _scrape(run)
    yield from _left(run)


def _rare(run: Run, key: str, between: Callable[[], object]) -> Found:
    """Measure both where something else happens between two frames."""
    snapshot, *changes = frames(run.pick(600, 100), run.seed, at_touch=True)
    stacks, _ = _stacks()
    theirs = None
    with quoting(snapshot) as engine:

        def after() -> None:
            engine.after()
            between()

        ours = median(each(changes, engine.one, after, has_two_requests))
    if ORJSON in stacks:
        theirs = median(each(changes, stacks[ORJSON](snapshot).one, between))
    return Found(key, ours, theirs)


def _scrape(run: Run) -> Iterator[Found]:
    snapshot, *changes = frames(run.pick(500, 50), run.seed, at_touch=True)
    with quoting(snapshot, journals=False) as engine:
        for frame in changes:
            engine.one(frame)
            engine.after()
        found = held(engine, run.pick(200, 10))
        page = Scrape(engine).once()[1].partition(b"\r\n\r\n")[2]
    theirs = writing(page.decode(), run.pick(50, 5))
    lines = page.count(b"\n")
    yield Found("scrape_held", found.whole, theirs, note=f"{lines} lines of text")
    yield Found("scrape_stop", found.longest)


def _left(run: Run) -> Iterator[Found]:
    snapshot, *changes = frames(run.pick(5_000, 500), run.seed)
    reader = Reader(snapshot)

    def play() -> None:
        reader.play([snapshot])
        reader.play(changes)

    blocks, passes = left_behind(play, run.pick(1_000_000, 5_000) // len(changes))
    yield Found("objects_left", blocks)
    yield Found("collections", passes)


def agree(stream: list[bytes], make: Callable[[bytes], object]) -> None:
    """Check that a stack asks for the prices the engine asks for.

    Raises: DisagreementError naming the frame.
    """
    stack = make(stream[0])
    with quoting(stream[0]) as engine:
        asked = dict(zip(stack.order_ids, _prices(engine.first).values(), strict=True))
        for number, frame in enumerate(stream[1 : 1 + CHECKED], 1):
            asked.update(_prices(engine.one(frame)))
            engine.after()
            theirs = _prices(b"\n".join(stack.one(frame)))
            if asked != theirs:
                raise DisagreementError(f"frame {number}: {asked} and {theirs}")


def _prices(requests: bytes) -> dict[str, float]:
    """Return order (side of a new one) -> price of some requests, one a line."""
    found = {}
    for request in map(orjson.loads, requests.splitlines()):
        params = request["params"]
        found[params.get("order_id", request["method"])] = params["price"]
    return found


def _profile(run: Run, profile: str, stream: list[bytes]) -> Iterator[Found | Missing]:
    stacks, absent = _stacks()
    for make in stacks.values():
        agree(stream, make)
    changes = stream[1:]

    def ours(journals: bool) -> list[float]:
        with quoting(stream[0], journals) as engine:
            return each(changes, engine.one, engine.after, has_two_requests)

    candidates: dict[str, Callable[[], list[float]]] = {
        OURS: lambda: ours(journals=True),
        CORE: lambda: ours(journals=False),
        **{
            name: lambda make=make: each(changes, make(stream[0]).one)
            for name, make in stacks.items()
        },
    }
    tails, share = _tails(candidates, run.pick(7, 1), len(changes))
    middles = {name: [one["p50"] for one in rows] for name, rows in tails.items()}
    timings = Timings(middles)
    run.series[f"bytes to two order requests, {profile}, ns"] = middles
    note = f"processor time of each frame; {share:.0%} of ours cause both requests"
    for name, key in ((ORJSON, "orjson"), (MSGSPEC, "best")):
        goal = f"orders_{profile}_{key}"
        if name in absent:
            yield Missing(goal, absent[name])
            continue
        times = timings.ratio(name, to=OURS)
        yield Found(goal, timings.median(OURS), timings.median(name), times, note)
        note = ""
    core = timings.median(CORE)
    yield Found(f"orders_{profile}_core", core, ratio=timings.ratio(OURS, to=CORE))
    spread = median(one["p99.9"] / one["p50"] for one in tails[OURS])
    yield Found(f"orders_{profile}_tail", spread)
    for key, share_name in (("p99", "p99"), ("p999", "p99.9")):
        middle = {
            name: median(one[share_name] for one in rows)
            for name, rows in tails.items()
        }
        yield Found(f"orders_{profile}_{key}", middle[OURS], middle.get(ORJSON))


def _tails(
    candidates: dict[str, Callable[[], list[float]]], rounds: int, frames_played: int
) -> tuple[dict[str, list[dict[str, float]]], float]:
    """Return percentiles by candidate and round, and how many of our frames counted.

    As in ``rounds.interleaved``: in turning order, the first round only warms up.
    """
    names = list(candidates)
    tails: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    share = 0.0
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            costs = candidates[name]()
            if name == OURS:
                share = len(costs) / frames_played
            if number:
                tails[name].append(percentiles(costs))
    return tails, share
