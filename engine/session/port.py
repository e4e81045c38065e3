"""What the session may say to the core; the compiled core has these methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from engine._core.base.instrument import InstrumentTable


class CorePort(Protocol):
    """The core as the session sees it. Called only from inside the session's hooks."""

    @property
    def run_id(self) -> int:
        """The number of this run, as it stands in the labels."""

    @property
    def table(self) -> InstrumentTable:
        """The instruments by index; lots and ticks are converted here."""

    def send(self, conn: int, frame: bytes) -> None:
        """Put one JSON-RPC frame on the way; no newline inside."""

    def close(self, conn: int, reason: str) -> None:
        """Ask the shell to close a connection; ``on_lost`` follows."""

    def errand(self, name: str) -> None:
        """Ask the shell to do something beside the connections; see `Verbs.errands`."""

    def kill_orders(self, reason: str) -> None:
        """Cancel every order of the account by both roads, without halting.

        Quoting has to be forbidden first, or the quotes come back.
        """

    def note(self, level: str, kind: str, text: str) -> None:
        """Say something to whoever watches."""

    def add_instrument(self, row: Mapping[str, Any]) -> int:
        """Add an instrument by the venue's row, with book, signals and position.

        Returns: its index.
        Raises: ValueError naming the field that cannot be used.
        """

    def bind(
        self, index: int, strategy: Any, limits: Mapping[str, int | float]
    ) -> None:
        """Give an instrument its strategy and limits."""

    def set_quoting(self, allowed: bool, reason: str) -> None:
        """Allow or forbid quoting; forbidden, the core pulls every order."""

    def set_stance(self, stance: str, reason: str, index: int = -1) -> None:
        """Take a step of the kill ladder, for one instrument or (-1) the account."""

    def set_hold(self, index: int, reason: str) -> None:
        """Pull the orders of one instrument and quote it no more; "" ends it."""

    def set_venue_clock(self, offset_ns: int) -> None:
        """Tell how far the venue's clock, ns since epoch, is ahead of the core's."""

    def set_credit_limits(self, limits: Mapping[str, tuple[float, float]]) -> None:
        """Set what the account may ask of the matching engine, by name of the pool.

        Units: requests per second, and requests at once.
        """

    def route_credits(self, index: int, first: str, second: str = "") -> None:
        """Say from which pools requests about an instrument pay."""

    def take_credit(self, first: str, second: str = "") -> bool:
        """Take one request out of one or two pools; False: not now."""

    def credit_answered(self, sent_ns: int, first: str, second: str = "") -> None:
        """Say that a request paid with `take_credit` has its answer."""

    def attribution(self) -> dict[str, dict[str, int]]:
        """Return where the money of each traded instrument came from, in atto."""

    def dump_attribution(self) -> dict[str, Any]:
        """Return what is to outlive a restart of it."""

    def load_attribution(self, found: Mapping[str, Any]) -> None:
        """Take over what an earlier run dumped."""

    def reserve_ticket(self, index: int, side: str, lots: int) -> bool:
        """Count an order outside the slots in the exposure; False: there is no room."""

    def release_ticket(self, index: int, side: str, lots: int) -> None:
        """Stop counting what of such an order has traded or can trade no more."""

    def expect_snapshot(self, index: int) -> None:
        """Empty a book; it is unreadable until the next snapshot."""

    def is_readable(self, index: int) -> bool:
        """Return whether an instrument's book is whole: no gap, not crossed."""

    def set_position(self, index: int, size_lots: int, average_price: float) -> None:
        """Take the venue's word on a position."""

    def dump_position(self, index: int) -> dict[str, int | float]:
        """Return what is to outlive a restart of a position."""

    def load_position(self, index: int, found: Mapping[str, Any]) -> None:
        """Take over a position of an earlier run.

        Raises: KeyError, TypeError, ValueError or OverflowError; nothing is taken then.
        """

    def dump_turnover(self) -> dict[str, list[float]]:
        """Return ``[book changes, maker volume]`` by product group and coin."""

    def load_turnover(self, found: Mapping[str, Any]) -> None:
        """Add what earlier runs have counted.

        Raises: TypeError or ValueError; nothing is taken then.
        """

    def remember_trade(self, index: int, trade_id: str) -> None:
        """Never book a trade again that an earlier run has booked."""

    def vitals(self) -> dict[str, Any]:
        """Return what the risk rules watch of the core; see `Desk.vitals`."""

    def mark_prices(self) -> dict[str, tuple[float, float]]:
        """Return ``(mark, index)`` of every quoted instrument, 0 = not told yet."""

    def fills_booked(self) -> int:
        """Return how many fills were booked so far."""

    def open_slots(self) -> list[dict[str, Any]]:
        """Return every order slot that is not free."""

    def adopt(self, row: Mapping[str, Any]) -> bool:
        """Take over an open order with one of our labels; False: it has no slot."""

    def resolve(
        self, slot: int, row: Mapping[str, Any] | None, label: str | None = None
    ) -> None:
        """Say what became of an UNKNOWN order; row None: the venue has no such order.

        A slot that has moved on to an order with another label is left alone.
        """

    def doubt(self, slot: int, label: str) -> bool:
        """Count an order the venue does not show as UNKNOWN; False: it has moved on."""

    def trade(self, row: Mapping[str, Any]) -> bool:
        """Book a user trade fetched by request; False: its id is known."""

    def halt(self, reason: str) -> None:
        """Cancel everything and quote no more until a restart."""

    def snapshot(self) -> dict[str, Any]:
        """Return everything measured: books and positions by instrument."""
