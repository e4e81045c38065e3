"""The engine complete, from bytes to two order requests, and its tail."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import orjson

from benchmarks.figures import Found, Goal, Kind, Missing, Run
from benchmarks.pipeline.each import (
    REQUESTS,
    Sweep,
    bare,
    each,
    has_two_requests,
    own_costs,
    percentiles,
)
from benchmarks.pipeline.left import left_behind
from benchmarks.pipeline.many import BOOKS, Options, frames_a_second
from benchmarks.pipeline.ours import Reader, Script, dialogue, quoting
from benchmarks.pipeline.scrape import Scrape, held
from benchmarks.rounds import Timings, percentile
from benchmarks.stream import PROFILES, frames
from benchmarks.versus.duties import completed
from benchmarks.versus.prometheus import writing
from benchmarks.versus.rival import DisagreementError, Quoter, load_rivals

OURS = "halfspread"
CORE = "halfspread, no journal"
CALLED = "halfspread, called from Python"
ORJSON = "orjson + SortedDict + orjson"
MSGSPEC = "msgspec + ccxt book + msgspec"
COMPLETE = ", complete"
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
        *(
            Goal(
                f"orders_{profile}_{key}_complete",
                f"… `{profile}`: like for like, limits to metrics in the stack as well",
                Kind.TIMES,
                rival=rival + COMPLETE,
            )
            for key, rival in (("orjson", ORJSON), ("best", MSGSPEC))
        ),
        Goal(
            f"orders_{profile}_core",
            f"… `{profile}`: the engine without its journal",
            rival="",
        ),
        Goal(
            f"orders_{profile}_called",
            f"… `{profile}`: the engine called from Python, not from its ingress",
            rival="",
        ),
        Goal(
            f"orders_{profile}_tail",
            f"… `{profile}`: p99.9 / p50 of the frames' own costs",
            Kind.AT_MOST,
            *tail,
            unit="",
        ),
        Goal(
            f"orders_{profile}_pass",
            f"… `{profile}`: p99.9 / p50 of one pass, what interrupts it included",
            Kind.SHARE,
            rival=ORJSON,
            unit="",
        ),
        Goal(f"orders_{profile}_p99", f"… `{profile}`: p99, own costs", rival=ORJSON),
        Goal(
            f"orders_{profile}_p999", f"… `{profile}`: p99.9, own costs", rival=ORJSON
        ),
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


def _stacks() -> tuple[dict[str, Callable[[bytes], Quoter]], dict[str, str]]:
    stacks, absent = load_rivals(
        {ORJSON: "orjson_stack", MSGSPEC: "msgspec_stack"}, "make"
    )
    for name, reason in list(absent.items()):
        absent[name + COMPLETE] = reason
    stacks |= {name + COMPLETE: completed(make) for name, make in stacks.items()}
    return stacks, absent


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
    said = dialogue(snapshot, changes)
    with quoting(snapshot, venue=Script(said)) as engine:

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


def agree(stream: list[bytes], make: Callable[[bytes], Quoter]) -> None:
    """Check that a stack asks for the prices the engine asks for.

    Raises: DisagreementError naming the frame.
    """
    stack = make(stream[0])
    theirs = _prices(b"\n".join(stack.first))
    with quoting(stream[0]) as engine:
        asked = dict(zip(stack.order_ids, _prices(engine.first).values(), strict=True))
        for number, frame in enumerate(stream[1 : 1 + CHECKED], 1):
            asked.update(_prices(engine.one(frame)))
            engine.after()
            theirs.update(_prices(b"\n".join(stack.one(frame))))
            stack.after()
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
    said = dialogue(stream[0], changes)

    def ours(journals: bool) -> list[float]:
        with quoting(stream[0], journals, Script(said)) as engine:
            return engine.drive(changes, said[1:])

    def called() -> list[float]:
        with quoting(stream[0], venue=Script(said)) as engine:
            return each(changes, engine.one, engine.after, has_two_requests)

    candidates: dict[str, Callable[[], list[float]]] = {
        OURS: lambda: ours(journals=True),
        CORE: lambda: ours(journals=False),
        CALLED: called,
        **{
            name: lambda make=make: _stack_costs(changes, make(stream[0]))
            for name, make in stacks.items()
        },
    }
    passes = _passes(candidates, run.pick(7, 1))
    share = len(passes[OURS][0]) / len(changes)
    middles = {name: [percentile(one, 0.5) for one in passes[name]] for name in passes}
    timings = Timings(middles)
    run.series[f"bytes to two order requests, {profile}, ns"] = middles
    note = (
        "each frame timed alone, ours as the fast ingress calls the core; "
        f"{share:.0%} of ours cause both requests"
    )
    for name, key in (
        (ORJSON, "orjson"),
        (MSGSPEC, "best"),
        (ORJSON + COMPLETE, "orjson_complete"),
        (MSGSPEC + COMPLETE, "best_complete"),
    ):
        goal = f"orders_{profile}_{key}"
        if name in absent:
            yield Missing(goal, absent[name])
            continue
        times = timings.ratio(name, to=OURS)
        yield Found(goal, timings.median(OURS), timings.median(name), times, note)
        note = ""
    core = timings.median(CORE)
    yield Found(f"orders_{profile}_core", core, ratio=timings.ratio(OURS, to=CORE))
    called_ns = timings.median(CALLED)
    yield Found(
        f"orders_{profile}_called", called_ns, ratio=timings.ratio(OURS, to=CALLED)
    )
    yield from _tails(profile, passes)


def _stack_costs(changes: list[bytes], stack: Quoter) -> list[float]:
    return each(changes, stack.one, stack.after, lambda given: len(given) == REQUESTS)


def _passes(
    candidates: dict[str, Callable[[], list[float]]], rounds: int
) -> dict[str, list[list[float]]]:
    """Return what each frame cost, by candidate and pass.

    As in ``rounds.interleaved``: in turning order, the first round only warms up.
    """
    names = list(candidates)
    passes: dict[str, list[list[float]]] = {name: [] for name in names}
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            costs = candidates[name]()
            if number:
                passes[name].append(costs)
    return passes


def _tails(profile: str, passes: dict[str, list[list[float]]]) -> Iterator[Found]:
    """Tell the tails of the frames' own costs, and that of a pass as it was."""
    own = {name: percentiles(own_costs(found)) for name, found in passes.items()}
    once = {name: median(map(_spread, found)) for name, found in passes.items()}
    yield Found(f"orders_{profile}_tail", own[OURS]["p99.9"] / own[OURS]["p50"])
    theirs = once.get(ORJSON)
    interrupted = percentiles(bare())["p99.9"]
    note = f"p99.9 of the clock read twice, with nothing between: {interrupted:,.0f} ns"
    yield Found(f"orders_{profile}_pass", once[OURS], theirs, note=note)
    for key, share in (("p99", "p99"), ("p999", "p99.9")):
        rival = own.get(ORJSON, {}).get(share)
        yield Found(f"orders_{profile}_{key}", own[OURS][share], rival)


def _spread(costs: list[float]) -> float:
    shares = percentiles(costs)
    return shares["p99.9"] / shares["p50"]
