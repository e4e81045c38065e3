"""One core, one quoted instrument, a strategy that wishes what the test says.

The rig is the shell of a test: it owns the time and carries the bytes.
"""

import json
from collections.abc import Callable
from typing import Any

from engine import QuoteSheet, Strategy, View
from engine._core.core import Core
from tests.oracles.venue import SlowVenue

NAME = "BTC-PERPETUAL"
ROW = {
    "instrument_name": NAME,
    "kind": "future",
    "instrument_type": "reversed",
    "settlement_currency": "BTC",
    "tick_size": 0.5,
    "contract_size": 10.0,
    "min_trade_amount": 10.0,
    "maker_commission": 0.00015,
    "taker_commission": 0.00035,
}
LIMITS = {
    "position_max_lots": 100,
    "order_max_lots": 50,
    "collar_bps": 500.0,
    "stale_ns": 60_000_000_000,
    "requote_ticks": 0,
    "requote_qty_pct": 0.0,
}
MS = 1_000_000
MID = 10_000
"""The price around which `quoting_rig` quotes, in ticks."""
Levels = list[tuple[int, int]]


class Wisher(Strategy):
    """Wishes exactly the levels it was given, in ticks and lots."""

    def __init__(self) -> None:
        self.bids: Levels = []
        self.asks: Levels = []
        self.take: tuple[str, int, int] | None = None

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        """Copy the wish onto the sheet."""
        for price, qty in self.bids:
            sheet.bid(price, qty)
        for price, qty in self.asks:
            sheet.ask(price, qty)
        if self.take is not None:
            side, price, qty = self.take
            (sheet.buy if side == "buy" else sheet.sell)(price, qty)


class SilentSession:
    """Hooks that remember what they were told and do nothing."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.timer_ns = 0

    def on_connected(self, conn: int, t_ns: int) -> None:
        """Remember."""
        self.calls.append(("connected", conn))

    def on_lost(self, conn: int, t_ns: int) -> None:
        """Remember."""
        self.calls.append(("lost", conn))

    def on_control(self, conn: int, t_ns: int, payload: bytes) -> None:
        """Remember."""
        self.calls.append(("control", payload))

    def on_command(self, t_ns: int, cmd: dict[str, Any]) -> None:
        """Remember."""
        self.calls.append(("command", cmd))

    def on_timer(self, t_ns: int) -> None:
        """Remember."""
        self.calls.append(("timer", t_ns))

    def next_timer_ns(self) -> int:
        """Return the timer the test has set."""
        return self.timer_ns

    def on_gap(self, index: int, t_ns: int) -> None:
        """Remember."""
        self.calls.append(("gap", index))

    def on_unknown(self, slot: int, t_ns: int) -> None:
        """Remember."""
        self.calls.append(("unknown", slot))

    def on_fill(self, fill: dict[str, Any]) -> None:
        """Remember."""
        self.calls.append(("fill", fill))

    def on_stray(self, order: dict[str, Any]) -> None:
        """Remember."""
        self.calls.append(("stray", order))

    def on_refused(self, index: int, code: int, t_ns: int) -> None:
        """Remember."""
        self.calls.append(("refused", code))

    def on_halt(self, t_ns: int, reason: str) -> None:
        """Remember."""
        self.calls.append(("halt", reason))

    def snapshot(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def checkpoint(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def told(self, kind: str) -> list[Any]:
        """Return what was told of a kind, in order."""
        return [call[1] for call in self.calls if call[0] == kind]


class Rig:
    """One core, one instrument, one strategy, one connection."""

    def __init__(
        self,
        limits: dict[str, float] | None = None,
        rate: float = 1000.0,
        burst: float = 1000.0,
        quoting: bool = True,
        strategy: Strategy | None = None,
        row: dict[str, Any] = ROW,
        before: Callable[[Core], None] | None = None,
        **core: int,
    ) -> None:
        """Build it; ``before`` is called before the instrument is bound."""
        self.session = SilentSession()
        self.core = Core(7, **core)
        if before is not None:
            before(self.core)
        self.core.attach(self.session)
        self.index = self.core.add_instrument(row)
        self.wisher = Wisher()
        self.core.bind(
            self.index, strategy or self.wisher, {**LIMITS, **(limits or {})}
        )
        self.t_ns = 1_000 * MS
        self.change_id = 0
        self.book_ms = 1
        self.core.connection_made(0, self.t_ns)
        self.core.set_credit_limits(
            {"trading": (rate, burst), "cancel_all": (rate, burst)}
        )
        self.core.route_credits(self.index, "trading")
        self.advance(2_000)
        if quoting:
            self.core.set_quoting(True, "test")

    def advance(self, ms: int) -> None:
        """Let time pass and fire the timer."""
        self.t_ns += ms * MS
        self.core.handle_timer(self.t_ns)

    def book(self, bids: Levels, asks: Levels) -> None:
        """Replace the book; prices in ticks, sizes in lots."""
        self.change_id += 10
        self.push(
            f"book.{NAME}.raw",
            {
                "type": "snapshot",
                "timestamp": self.book_ms,
                "instrument_name": NAME,
                "change_id": self.change_id,
                "bids": [["new", p * 0.5, q * 10.0] for p, q in bids],
                "asks": [["new", p * 0.5, q * 10.0] for p, q in asks],
            },
        )

    def push(self, channel: str, data: Any) -> None:
        """Deliver one notification."""
        self.deliver(
            json.dumps(
                {
                    "jsonrpc": "2.0",
                    "method": "subscription",
                    "params": {"channel": channel, "data": data},
                }
            ).encode()
        )

    def deliver(self, frame: bytes, more_coming: bool = False) -> None:
        """Deliver one payload."""
        self.core.receive_data(0, self.t_ns, frame, more_coming)

    def sent(self) -> list[dict[str, Any]]:
        """Return the requests written since the last call."""
        return [json.loads(line) for line in self.core.data_to_send(0).splitlines()]

    def snapshot(self) -> dict[str, Any]:
        """Return the core's snapshot of the instrument."""
        return self.core.snapshot()["instruments"][NAME]

    def halted(self) -> str:
        """Return why the core halted, "" when it did not."""
        return str(self.core.snapshot()["halted"])


def quoting_rig(**arguments: Any) -> Rig:
    """Return a rig with a readable book and a bid and an ask wished around MID."""
    rig = Rig(**arguments)
    rig.wisher.bids, rig.wisher.asks = [(MID - 1, 5)], [(MID + 1, 5)]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    return rig


def change(rig: Rig, prev: int, change_id: int, bids: list[Any]) -> bytes:
    """Return a frame that changes bids of the book."""
    data = {
        "type": "change",
        "timestamp": 2,
        "instrument_name": NAME,
        "prev_change_id": prev,
        "change_id": change_id,
        "bids": bids,
        "asks": [],
    }
    params = {"channel": f"book.{NAME}.raw", "data": data}
    frame = {"jsonrpc": "2.0", "method": "subscription", "params": params}
    return json.dumps(frame).encode()


def settle(rig: Rig, venue: SlowVenue) -> None:
    """Let the venue answer everything until nobody has anything to say."""
    venue.receive(rig.core.data_to_send(0))
    while venue.requests:
        venue.work()
    frames, venue.frames = venue.frames, []
    for frame in frames:
        rig.deliver(frame)
