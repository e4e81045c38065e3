"""The stage of the rehearsals: a core, its market, both its orders, and the play.

See `engine.live.rehearsal`, which plays it.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

import orjson

from engine import GlftQuoter
from engine._core.core import Core

NAME = "BTC-PERPETUAL"
INSTRUMENT = {
    "instrument_name": NAME,
    "kind": "future",
    "instrument_type": "reversed",
    "settlement_currency": "BTC",
    "tick_size": 0.5,
    "contract_size": 10.0,
    "min_trade_amount": 10.0,
    "maker_commission": 0.0,
    "taker_commission": 0.0005,
}
LIMITS = {
    "position_max_lots": 1_000,
    "order_max_lots": 100,
    "collar_bps": 500.0,
    "stale_ns": 1 << 60,
    "requote_ticks": 0,
    "requote_qty_pct": 0.0,
}
GLFT: dict[str, Any] = {
    "gamma": 1e-9,
    "k_per_tick": 0.4,
    "a_per_s": 1.0,
    "qty_lots": 10,
    "cold_sigma_ticks": 1.0,
    "fair": "mid",
}
"""So little afraid of inventory that its quotes follow the middle and nothing else."""
CREDITS = (1e6, 1e6)
"""Rate and burst, requests: enough for any play."""

BEST_BID, BEST_ASK, BETTER_BID = 84_000.0, 84_010.0, 84_004.0
"""The better bid comes and goes: each time the middle moves by four ticks."""
STEP, LEVELS = 0.5, 40
FIRST_ID = 100_000_000_000
"""Change id of the snapshot: of twelve digits, and its successors for years."""
VENUE_MS = 1_790_559_412_833
OPEN_NS = 2_000_000_000
"""When the curtain rises, by the stage's clock: there are credits by then."""
CONNECT_S = 1.0
"""A connection to ourselves that takes longer is one that a firewall drops."""
STRANGERS_MAX = 16
"""Who else may have connected to the stage's port before we did."""
ORDER_ID = "BTC-1000000000"
"""Without its last digit, which tells the two orders apart."""


class StageError(RuntimeError):
    """The play did not go as it is written."""


@dataclass(frozen=True)
class Tick:
    """A tick as the venue frames it, both its change ids to be overwritten."""

    frame: bytearray
    id_at: int
    before_at: int


@dataclass(frozen=True)
class Play:
    """What is played: a bid comes, a bid goes, and each time both orders move."""

    ticks: tuple[Tick, Tick]
    orders: tuple[bytes, ...]
    """Each order as the venue's answers have it, up to its amount."""


class Keeper:
    """What a line and its turn need around them, of which a stage has nothing."""

    def __init__(self, stage: Core) -> None:
        self._stage = stage

    def after_turn(self) -> None:
        """Forget what would have been logged."""
        self._stage.notes()

    def fail(self, error: Exception) -> None:
        """End the play. Raises: the error."""
        raise error

    def write(self, frames: bytes) -> None:
        """End the play. Raises: StageError, as the socket took less than all."""
        raise StageError(f"{len(frames)} bytes did not reach the far end")


def built() -> tuple[Core, Play]:
    """Return a core that quotes on a stage, and the play for it."""
    core = Core(1)
    index = core.add_instrument(INSTRUMENT)
    core.measure(True)
    core.bind(index, GlftQuoter(**GLFT), LIMITS)
    core.set_credit_limits({"trading": CREDITS})
    core.route_credits(index, "trading")
    core.connection_made(0, 1)
    core.set_quoting(True, "rehearsal")
    bids, asks = (
        ",".join(f'["new",{best + away * i},2.5e3]' for i in range(LEVELS))
        for best, away in ((BEST_BID, -STEP), (BEST_ASK, STEP))
    )
    core.receive_data(0, OPEN_NS, _book("snapshot", bids, asks))
    orders = _opened(core)
    core.notes()
    comes = f'["new",{BETTER_BID},2.5e3],["change",{BEST_BID},1.2e3]'
    goes = f'["delete",{BETTER_BID},0.0],["change",{BEST_BID},2.5e3]'
    return core, Play((_tick(comes), _tick(goes)), orders)


def _opened(core: Core) -> tuple[bytes, ...]:
    """Answer the two new orders; return both as later answers have them."""
    orders = []
    for number, line in enumerate(core.data_to_send(0).splitlines()):
        request = orjson.loads(line)
        params = request["params"]
        order = {
            "order_id": f"{ORDER_ID}{number}",
            "label": params["label"],
            "instrument_name": NAME,
            "direction": request["method"].removeprefix("private/"),
            "order_type": "limit",
            "order_state": "open",
            "filled_amount": 0.0,
            "creation_timestamp": VENUE_MS,
            "last_update_timestamp": VENUE_MS + 1,
        }
        orders.append(orjson.dumps(order).removesuffix(b"}") + b",")
        order |= {"amount": params["amount"], "price": params["price"]}
        answer = {"id": request["id"], "result": {"order": order, "trades": []}}
        core.receive_data(0, OPEN_NS, orjson.dumps({"jsonrpc": "2.0", **answer}))
    return tuple(orders)


def _book(kind: str, bids: str, asks: str, before: str = "") -> bytes:
    return (
        '{"jsonrpc":"2.0","method":"subscription","params":{"channel":'
        f'"book.{NAME}.raw","data":{{"timestamp":{VENUE_MS},"type":"{kind}",'
        f'"change_id":{FIRST_ID},"instrument_name":"{NAME}","bids":[{bids}],'
        f'"asks":[{asks}]{before}}}}}}}'
    ).encode()


def _tick(bids: str) -> Tick:
    text = _book("change", bids, "", f',"prev_change_id":{FIRST_ID}')
    frame = b"\x81\x7e" + len(text).to_bytes(2) + text
    change_id = str(FIRST_ID).encode()
    return Tick(bytearray(frame), frame.index(change_id), frame.rindex(change_id))


def connected() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a connection on the loopback interface. Raises: OSError."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(CONNECT_S)
        near_end = socket.create_connection(server.getsockname(), CONNECT_S)
        try:
            near_end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far_end = accepted(server, near_end.getsockname())
        except OSError:
            near_end.close()
            raise
    return near_end, far_end


def accepted(server: socket.socket, address: tuple[str, int]) -> socket.socket:
    """Return the connection from an address; others are hung up on. Raises: OSError."""
    for _ in range(STRANGERS_MAX):
        far_end, peer = server.accept()
        if peer == address:
            return far_end
        far_end.close()
    raise OSError(f"{STRANGERS_MAX} strangers on the port of the stage")
