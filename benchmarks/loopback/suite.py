"""Whole clients on sockets: processor time a frame, and the way from tick to order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.figures import Found, Goal, Kind, Missing, Run
from benchmarks.loopback import clients
from benchmarks.loopback.clients import Client
from benchmarks.loopback.processes import Cores, FailedError, busy
from benchmarks.loopback.race import Race, Values
from benchmarks.loopback.ticks import ticks
from benchmarks.loopback.tools import AbsentError, build
from benchmarks.loopback.wire import (
    Bench,
    Streamed,
    Ticks,
    stream,
    tick_to_order,
)
from benchmarks.pipeline.many import BOOKS, Options
from benchmarks.rounds import percentile
from benchmarks.stream import frames

BARE = "halfspread, no journal"
OURS, ADAPTIVE, SLEEP = "halfspread", "halfspread, adaptive", "halfspread, sleep"
PLAIN = "halfspread, adaptive, ordinary class"
AWAKE, AWAKE_US = "halfspread, adaptive, spin_us 2000", 2_000
UVLOOP, UVLOOP_SLEEP = "halfspread on uvloop", "halfspread on uvloop, sleep"
ASYNCIO_SLEEP = "halfspread on asyncio's loop, sleep"
COLD = "halfspread, no rehearsals"
TLS, POLL = "halfspread over TLS", "halfspread, sleep, SO_BUSY_POLL"
FASTNET = "halfspread over TLS, aiofastnet"
FLOOR, FLOOR_BLOCK = "C, busy poll", "C, blocking recv"
FASTMM, FASTMM_ADAPTIVE = "fastmm-engine, busy poll", "fastmm-engine, adaptive"
PICOWS, PICOWS_SPIN = "picows stack", "picows stack, spinning"
WEBSOCKETS, WEBSOCKETS_SPIN = "websockets stack", "websockets stack, spinning"
PICOWS_TLS = "picows stack over TLS, spinning"
FASTMM_FIRST = "fastmm-engine, adaptive, in the real-time class"
BEST_FASTMM = "fastmm-engine, the better of busy poll and adaptive"
TEN, TEN_FASTMM, TEN_PICOWS = (
    f"{name}, ten a millisecond" for name in (OURS, FASTMM, PICOWS_SPIN)
)

POLL_US = 50
QUIET_ROUNDS = 7
"""A process has its place in memory and its moment on the host: few say little."""
FAST_TICKS_US = 100
SHARES = (0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.5, 0.4)
"""Of the rate at which a client is taken to its limit: which of them it keeps up."""
GROWTH = 2.0
GROWTH_NS = 2_000_000
"""Behind by this much more at the end than at the start: the queue grows."""


def _wire(
    key: str, title: str, rival: str, *bounds: float, times: bool = False
) -> Goal:
    must, aim = bounds or (None, None)
    kind = Kind.TIMES if times else Kind.SHARE
    title = f"tick to order, {title}"
    return Goal(f"t2o_{key}", title, kind, must, aim, rival, unit="µs")


def _ingress(key: str, rival: str, must: float, aim: float) -> Goal:
    title = "socket → strategy, whole client, processor time a frame"
    return Goal(f"ingress_{key}", title, Kind.TIMES, must, aim, rival)


INGRESS = {
    _ingress("fastmm", FASTMM_ADAPTIVE, 4, 8): FASTMM_ADAPTIVE,
    _ingress("picows", PICOWS, 12, 25): PICOWS,
    _ingress("websockets", WEBSOCKETS, 25, 50): WEBSOCKETS,
}
INGRESS_BARE = Goal(
    "ingress_bare",
    "… the engine without its journal of every frame, which no rival keeps",
    rival=FASTMM_ADAPTIVE,
)
Row = tuple[Goal, str, str, str]
"""What is compared: ours, rival, and which value of theirs."""

QUIET: tuple[Row, ...] = (
    (_wire("fastmm", "p50, all spinning", FASTMM, 1.0, 0.75), OURS, FASTMM, "p50"),
    (_wire("floor", "p50, all spinning", FLOOR, 1.8, 1.2), OURS, FLOOR, "p50"),
    (
        _wire("picows", "p50, rival as shipped", PICOWS, 3.5, 5, times=True),
        *(OURS, PICOWS, "p50"),
    ),
    (
        _wire("websockets", "p50, rival as shipped", WEBSOCKETS, 6, 8, times=True),
        *(OURS, WEBSOCKETS, "p50"),
    ),
    (
        _wire("picows_spin", "p50, all spinning", PICOWS_SPIN, 2, 3, times=True),
        *(OURS, PICOWS_SPIN, "p50"),
    ),
    (
        _wire(
            "websockets_spin", "p50, all spinning", WEBSOCKETS_SPIN, 4, 6, times=True
        ),
        *(OURS, WEBSOCKETS_SPIN, "p50"),
    ),
    (_wire("fastmm_p99", "p99, all spinning", FASTMM, 1.0, 0.4), OURS, FASTMM, "p99"),
    (
        _wire("picows_shipped", "p50, both as shipped", PICOWS, times=True),
        *(ADAPTIVE, PICOWS, "p50"),
    ),
    (
        _wire("websockets_shipped", "p50, both as shipped", WEBSOCKETS, times=True),
        *(ADAPTIVE, WEBSOCKETS, "p50"),
    ),
    (_wire("sleep", "p50, both asleep", FLOOR_BLOCK), SLEEP, FLOOR_BLOCK, "p50"),
    *(
        (
            _wire(f"rehearsed{key}", f"{value}, spinning", "without rehearsals"),
            *(OURS, COLD, value),
        )
        for key, value in (("", "p50"), ("_p99", "p99"))
    ),
    (_wire("uvloop", "p50, spinning, uvloop", "our loop"), UVLOOP, OURS, "p50"),
    (
        _wire("uvloop_sleep", "p50, asleep, uvloop", "our loop"),
        *(UVLOOP_SLEEP, SLEEP, "p50"),
    ),
    (
        _wire("asyncio_sleep", "p50, asleep, asyncio's loop", "our loop"),
        *(ASYNCIO_SLEEP, SLEEP, "p50"),
    ),
    (
        _wire("poll", f"p50, asleep, SO_BUSY_POLL {POLL_US} µs", "without it"),
        *(POLL, SLEEP, "p50"),
    ),
    (_wire("tls", "p50, over TLS, spinning", "without TLS"), TLS, OURS, "p50"),
    (
        _wire("tls_fastnet", "p50, over TLS by aiofastnet, spinning", "asyncio's TLS"),
        *(FASTNET, TLS, "p50"),
    ),
    (
        _wire("tls_picows", "p50, over TLS, all spinning", PICOWS_TLS, times=True),
        *(TLS, PICOWS_TLS, "p50"),
    ),
    *(
        (_wire(f"cold_{key}", f"p50, one a millisecond, {name}", ten), name, ten, "p50")
        for key, name, ten in (
            ("ours", OURS, TEN),
            ("fastmm", FASTMM, TEN_FASTMM),
            ("picows", PICOWS_SPIN, TEN_PICOWS),
        )
    ),
)
CONTENDED: tuple[Row, ...] = (
    (
        _wire("contended", "p99, both cores contended", BEST_FASTMM, 1.5, 1.0),
        *(ADAPTIVE, BEST_FASTMM, "p99"),
    ),
    (
        _wire("contended_p50", "p50, both cores contended", BEST_FASTMM),
        *(ADAPTIVE, BEST_FASTMM, "p50"),
    ),
    (
        _wire("contended_plain", "p99, contended, no real-time class", BEST_FASTMM),
        *(PLAIN, BEST_FASTMM, "p99"),
    ),
    (
        _wire("contended_awake", "p99, contended, both awake and raised", FASTMM_FIRST),
        *(AWAKE, FASTMM_FIRST, "p99"),
    ),
    (
        _wire(
            "contended_class", "p99, contended, the rival's class raised", FASTMM_FIRST
        ),
        *(ADAPTIVE, FASTMM_FIRST, "p99"),
    ),
    (
        _wire("contended_spin", "p99, contended, ours spinning", BEST_FASTMM),
        *(OURS, BEST_FASTMM, "p99"),
    ),
    (
        _wire("contended_picows", "p99, contended, both as shipped", PICOWS),
        *(ADAPTIVE, PICOWS, "p99"),
    ),
)
RATE = Goal(
    "options_socket",
    f"{BOOKS} option books through a socket, no queue growth",
    Kind.AT_LEAST,
    200_000,
    1_000_000,
    unit="frames/s",
)
GOALS = (
    *INGRESS,
    INGRESS_BARE,
    *(row[0] for row in QUIET),
    *(row[0] for row in CONTENDED),
    RATE,
)
QUICK = {
    *(OURS, ADAPTIVE, FLOOR, FASTMM, FASTMM_ADAPTIVE),
    *(PICOWS, PICOWS_SPIN, WEBSOCKETS, WEBSOCKETS_SPIN),
}
"""Who takes part in a quick run."""


def measure(run: Run) -> Iterator[Found | Missing]:
    """Measure every goal; without a compiler or a second core none."""
    folder = run.scratch / "loopback"
    try:
        bench = Bench(build(folder), Cores.here(), folder)
    except AbsentError as error:
        yield from (Missing(goal.key, str(error)) for goal in GOALS)
        return
    yield from _ingresses(run, bench)
    yield from _quiet(run, bench)
    yield from _contended(run, bench)
    yield _options(run, bench)


def _write(path: Path, lines: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def _ingresses(run: Run, bench: Bench) -> Iterator[Found | Missing]:
    stream_of = frames(run.pick(300_000, 30_000), run.seed)
    snapshot = _write(bench.scratch / "snapshot.jsonl", [next(stream_of)])
    changes = _write(bench.scratch / "changes.jsonl", stream_of)
    who = {
        OURS: clients.engine("sleep"),
        BARE: clients.engine("sleep", keeps_journal=False),
        FASTMM_ADAPTIVE: clients.fastmm(run.fastmm, "adaptive", on_paper=True),
        PICOWS: clients.stack("picows", quotes=False),
        WEBSOCKETS: clients.stack("websockets", quotes=False),
    }

    def work(client: Client) -> Values:
        found = stream(bench, client, snapshot, changes)
        return {
            "cpu": found.cpu_ns / found.frames,
            "wall": found.wall_ns / found.frames,
        }

    race = _race(who, work, run.pick(3, 1))
    _draw(run, race, "socket to strategy, ns of processor time a frame", "cpu")
    for goal, rival in INGRESS.items():
        yield race.figure(goal, OURS, rival, "cpu", _walls(race, rival))
    yield race.figure(INGRESS_BARE, BARE, FASTMM_ADAPTIVE, "cpu")


def _walls(race: Race, rival: str) -> str:
    """Say how long the stream took: nobody's processor time is more than that."""
    if OURS not in race.given or rival not in race.given:
        return ""
    mine, theirs = (median(race.rounds(name, "wall")) for name in (OURS, rival))
    return f"ns a frame by the clock: {mine:,.0f} and {theirs:,.0f}"


def _race(
    who: Mapping[str, Client], work: Callable[[Client], Values], rounds: int
) -> Race:
    race = Race({name: one.absent for name, one in who.items() if one.absent})
    race.run({name: lambda one=one: work(one) for name, one in who.items()}, rounds)
    return race


def _draw(run: Run, race: Race, title: str, value: str) -> None:
    run.series[title] = {name: race.rounds(name, value) for name in race.given}


def _ticks(run: Run, bench: Bench) -> Ticks:
    count, warm = run.pick(1_000, 150), run.pick(200, 50)
    # Some stay unanswered: until a client is ready, and where it was not let in.
    stream_of = ticks(2 * (count + warm) + 500, run.seed)
    snapshot = _write(bench.scratch / "tick_snapshot.jsonl", [next(stream_of)])
    changes = _write(bench.scratch / "ticks.jsonl", stream_of)
    return Ticks(snapshot, changes, count, warm)


def _timed(bench: Bench, client: Client, given: Ticks) -> Values:
    samples = tick_to_order(bench, client, given)
    return {"p50": percentile(samples, 0.5), "p99": percentile(samples, 0.99)}


def _takers(run: Run) -> dict[str, Client]:
    """Return who is timed on quiet cores."""
    engine, stack = clients.engine, clients.stack
    everybody = {
        OURS: engine("spin"),
        ADAPTIVE: engine("adaptive"),
        SLEEP: engine("sleep"),
        FLOOR: clients.floor("spin"),
        FLOOR_BLOCK: clients.floor("block"),
        FASTMM: clients.fastmm(run.fastmm, "busy"),
        PICOWS: stack("picows"),
        PICOWS_SPIN: stack("picows", spins=True),
        WEBSOCKETS: stack("websockets"),
        WEBSOCKETS_SPIN: stack("websockets", spins=True),
        COLD: engine("spin", rehearse_us=0),
        UVLOOP: engine("spin", "uvloop"),
        UVLOOP_SLEEP: engine("sleep", "uvloop"),
        ASYNCIO_SLEEP: engine("sleep", "asyncio"),
        POLL: engine("sleep", poll_us=POLL_US),
        TLS: engine("spin", layer="python"),
        FASTNET: engine("spin", layer="aiofastnet"),
        PICOWS_TLS: stack("picows", spins=True, tls=True),
    }
    return _chosen(run, everybody)


def _chosen(run: Run, everybody: dict[str, Client]) -> dict[str, Client]:
    if not run.quick:
        return everybody
    return {name: one for name, one in everybody.items() if name in QUICK}


def _quiet(run: Run, bench: Bench) -> Iterator[Found | Missing]:
    given = _ticks(run, bench)
    who = _takers(run)
    often = Ticks(given.snapshot, given.changes, given.count, given.warm, FAST_TICKS_US)
    often_ones = {OURS: TEN, FASTMM: TEN_FASTMM, PICOWS_SPIN: TEN_PICOWS}
    absent = {name: one.absent for name, one in who.items() if one.absent}
    if not bench.tools.certificate:
        absent |= dict.fromkeys(
            (TLS, FASTNET, PICOWS_TLS), "no OpenSSL to build the venue with"
        )
    works = {
        name: lambda one=one: _timed(bench, one, given) for name, one in who.items()
    }
    if not run.quick:
        for name, title in often_ones.items():
            works[title] = lambda one=who[name]: _timed(bench, one, often)
            if name in absent:
                absent[title] = absent[name]
    race = Race(absent)
    race.run(works, run.pick(QUIET_ROUNDS, 1))
    _draw(run, race, "tick to order, quiet cores, p50, microseconds", "p50")
    _draw(run, race, "tick to order, quiet cores, p99, microseconds", "p99")
    for goal, ours, rival, value in QUIET:
        yield race.figure(goal, ours, rival, value)


def _contended(run: Run, bench: Bench) -> Iterator[Found | Missing]:
    given = _ticks(run, bench)
    everybody = {
        ADAPTIVE: clients.engine("adaptive"),
        PLAIN: clients.engine("adaptive", realtime=False),
        AWAKE: clients.engine("adaptive", spin_us=AWAKE_US),
        OURS: clients.engine("spin"),
        FASTMM: clients.fastmm(run.fastmm, "busy"),
        FASTMM_ADAPTIVE: clients.fastmm(run.fastmm, "adaptive"),
        FASTMM_FIRST: clients.fastmm(run.fastmm, "adaptive", first=True),
        PICOWS: clients.stack("picows"),
    }
    who = everybody
    if run.quick:
        who = {name: everybody[name] for name in (ADAPTIVE, FASTMM, FASTMM_ADAPTIVE)}
    with ExitStack() as stack:
        cores = (bench.cores.client, bench.cores.venue)
        stack.enter_context(busy(cores, bench.scratch))
        race = _race(who, lambda one: _timed(bench, one, given), run.pick(3, 1))
    _draw(run, race, "tick to order, contended cores, p99, microseconds", "p99")
    _add_better(race)
    for goal, ours, rival, value in CONTENDED:
        yield race.figure(goal, ours, rival, value)


def _add_better(race: Race) -> None:
    """Add the rival's better mode of each round, value by value."""
    modes = [
        race.given[name] for name in (FASTMM, FASTMM_ADAPTIVE) if name in race.given
    ]
    if not modes:
        race.absent[BEST_FASTMM] = race.absent.get(FASTMM, "it was not there")
        return
    race.given[BEST_FASTMM] = [
        {value: min(one[value] for one in each) for value in each[0]}
        for each in zip(*modes, strict=True)
    ]


def _options(run: Run, bench: Bench) -> Found | Missing:
    """Find the limit, then the rate below it at which the queue does not grow."""
    chain = Options(run.seed)
    snapshot = _write(bench.scratch / "option_snapshots.jsonl", chain.snapshots())
    changes = _write(
        bench.scratch / "options.jsonl", chain.frames(run.pick(400_000, 40_000))
    )
    client = clients.options("adaptive", run.seed)

    def play(rate: float) -> Streamed:
        return stream(bench, client, snapshot, changes, rate, counts=True)

    try:
        top = play(0.0)
        limit = top.frames * 1e9 / top.wall_ns
        for share in SHARES:
            found = play(limit * share)
            if not grows(found.behind_ns):
                return Found(
                    RATE.key,
                    found.frames * 1e9 / found.wall_ns,
                    note=f"the limit is {limit:,.0f} a second; {_told(found)}",
                )
    except FailedError as error:
        return Missing(RATE.key, str(error))
    return Missing(RATE.key, f"the queue grows at {SHARES[-1]:.0%} of its limit too")


def _told(found: Streamed) -> str:
    """Say how far behind the client was, and what became of the frames."""
    late_us = median(found.behind_ns) / 1_000
    return (
        f"a ping among the frames is answered after {late_us:,.0f} µs; strategies were "
        f"called {found.calls / found.frames:.2f} times a frame: of a book's frames in "
        "one burst the last one calls"
    )


def grows(behind_ns: tuple[int, ...]) -> bool:
    """Say whether who answers falls behind: the last fifth against the first."""
    part = len(behind_ns) // 5
    if not part:
        return True
    first, last = median(behind_ns[:part]), median(behind_ns[-part:])
    return last > GROWTH * first + GROWTH_NS
