"""A frame leaves no Python object behind, and gives the collector no reason to run.

Frames that move the touch, and the answers to the edits that follow, go through the
whole engine: decoder, book, signals, calculator, gate, differ, credits, order table,
queue, encoder, stage clocks. What the interpreter has allocated is counted before and
after; a million frames are counted by ``benchmarks``.
"""

import gc
import itertools
import json
import sys

import pytest

from engine import JoinTouchQuoter
from engine._core.core import Core
from tests.rig import LIMITS, NAME, ROW

FRAMES = 3_000
SPACING_NS = 1_000_000
START_MS = 1_789_344_931_639
HEAD = (
    f'{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"book.{NAME}.raw"'
)


def book(change_id: int, bids: str, asks: str) -> bytes:
    """Return a frame of the venue's form; the first one is a snapshot."""
    kind = "snapshot" if change_id == 1 else "change"
    prev = "" if change_id == 1 else f',"prev_change_id":{change_id - 1}'
    return (
        f'{HEAD},"data":{{"timestamp":{START_MS + change_id},"type":"{kind}",'
        f'"change_id":{change_id},"instrument_name":"{NAME}","bids":[{bids}],'
        f'"asks":[{asks}]{prev}}}}}}}'
    ).encode()


def frames() -> list[bytes]:
    """Return a snapshot, then changes that move the best bid up and down in turn."""
    far = ",".join(f'["new",{40_000 + i}.0,500.0]' for i in range(100))
    made = [book(1, f'["new",50000.0,100.0],{far}', '["new",50010.0,100.0]')]
    for i in range(FRAMES):
        move = '["new",50000.5,70.0]' if i % 2 == 0 else '["delete",50000.5,0.0]'
        away = f'["change",{40_000 + i % 100}.0,{10 * (1 + i % 7)}.0]'
        made.append(book(2 + i, f"{move},{away}", ""))
    return made


def answer(request: dict[str, object], order: dict[str, object], ms: int) -> bytes:
    """Return the venue's answer to a new order or an edit."""
    params = request["params"]
    assert isinstance(params, dict)
    order |= {k: params[k] for k in ("price", "amount", "label") if k in params}
    shown = {
        "order_state": "open",
        "instrument_name": NAME,
        "filled_amount": 0.0,
        "last_update_timestamp": ms,
        **order,
    }
    result = {"trades": [], "order": shown}
    return json.dumps(
        {"jsonrpc": "2.0", "id": request["id"], "result": result}
    ).encode()


def new_core() -> Core:
    """Return a core that quotes the touch and measures its stages."""
    core = Core(1)
    index = core.add_instrument(ROW)
    core.connection_made(0, SPACING_NS)
    core.bind(index, JoinTouchQuoter(qty_lots=10), LIMITS)
    core.set_credit_limits({"trading": (1e6, 1e6)})
    core.route_credits(index, "trading")
    core.set_quoting(True, "test")
    core.measure(True)
    return core


def script() -> list[tuple[int, bytes]]:
    """Return every call of a run: the frames, and the answers they led to."""
    core, calls = new_core(), []
    orders: dict[str, dict[str, object]] = {}
    clock = itertools.count(2 * SPACING_NS, SPACING_NS)
    for number, frame in enumerate(frames()):
        waiting = [frame]
        while waiting:
            t_ns = next(clock)
            calls.append((t_ns, waiting[0]))
            core.receive_data(0, t_ns, waiting.pop(0))
            for line in core.data_to_send(0).splitlines():
                request = json.loads(line)
                method, params = request["method"], request["params"]
                if method != "private/edit":
                    side = method.removeprefix("private/")
                    name = f"BTC-{len(orders) + 1}"
                    orders[name] = {"order_id": name, "direction": side}
                order = orders[params.get("order_id", f"BTC-{len(orders)}")]
                waiting.append(answer(request, order, START_MS + number + 1))
    return calls


def play(core: Core, calls: list[tuple[int, bytes]]) -> None:
    """Make the calls and drop what is to be sent."""
    receive, take = core.receive_data, core.data_to_send
    for t_ns, payload in calls:
        receive(0, t_ns, payload)
        take(0)


@pytest.fixture(scope="module")
def calls() -> list[tuple[int, bytes]]:
    return script()


def test_the_run_quotes_all_the_time(calls: list[tuple[int, bytes]]) -> None:
    core = new_core()
    play(core, calls)
    sent = core.snapshot()["requests"]
    assert sent["edit"] > FRAMES // 2
    assert core.snapshot()["mode"] == "quote"


def test_nothing_is_left_and_nothing_collected(
    calls: list[tuple[int, bytes]],
) -> None:
    core = new_core()
    half = len(calls) // 2
    first, second = calls[:half], calls[half:]
    collections: list[str] = []

    def count(phase: str, _: dict[str, int]) -> None:
        collections.append(phase)

    play(core, first)
    gc.collect()
    gc.callbacks.append(count)
    try:
        young, before = gc.get_count()[0], sys.getallocatedblocks()
        play(core, second)
        after, old = sys.getallocatedblocks(), gc.get_count()[0]
    finally:
        gc.callbacks.remove(count)
    assert collections == []
    # The numbers just taken are objects themselves.
    assert after - before <= 2
    assert old - young <= 2
