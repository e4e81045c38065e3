"""A recorded capture as the background market: its books, its prints, its indices.

Nothing is drawn: the same capture and the same clients give the same market. Every
level of a recorded book is one order of an internal account, brought to its recorded
total when the capture names the level; a recorded trade is an immediate-or-cancel order
of another account at its price and size, so that a client's order in its way trades,
by price and time, as it would have.

Limits: only instruments the venue lists have a market; a queue is one order long, so a
client joins a level behind all of it; what a client takes of a level comes back when
the capture names that level next; option marks stay on the venue's own surface; when
the capture ends, everything stands still.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from engine.errors import ConfigError
from engine.sim.flow.capture import (
    NAMES_SHOWN,
    BookEvent,
    Capture,
    Event,
    IndexEvent,
    TradeEvent,
)
from engine.sim.ports import Exchange, PlacedOrder
from engine.sim.venue.errors import Reject
from engine.sim.venue.products.instruments import Instrument

BOOK_ACCOUNT, TAKER_ACCOUNT = "capture-book", "capture-taker"

Place = tuple[bool, int]  # is bid, price in ticks


class RecordedBook:
    """One instrument: the totals of the capture, and the orders that stand for them."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.totals: dict[Place, int] = {}
        self.orders: dict[Place, PlacedOrder] = {}
        self.taken: set[Place] = set()  # by prints since the last change

    def places(self, event: BookEvent, skipped: Counter[str]) -> dict[Place, int]:
        """Return the new totals an event brings, in lots."""
        found: dict[Place, int] = {}
        if event.is_whole:
            found = dict.fromkeys(self.totals, 0)
        for is_bid, levels in ((True, event.bids), (False, event.asks)):
            for price, amount in levels:
                ticks = self.instrument.ticks(price)
                lots = self.instrument.lots(amount)
                if ticks is None or lots is None or ticks < 1:
                    skipped["level off the grid"] += 1
                else:
                    found[is_bid, ticks] = lots
        return found


class Playback:
    """Plays a capture into a venue; has the verbs of ``Flow``.

    ``skipped`` counts what the venue or its grid did not take.
    """

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self.skipped: Counter[str] = Counter()
        self._books: dict[str, RecordedBook] = {}
        self._events: Iterator[Event] = iter(())
        self._next: Event | None = None
        self._shift_ns = 0

    def start(self, venue: Exchange, t_ns: int) -> None:
        """Begin with the capture's first event now.

        Raises:
            ConfigError: the venue lists nothing that the capture has a book of, or
                not on the capture's grid.
        """
        self._venue = venue
        outline = self._capture.outline()
        listed = {one.name: one for one in venue.instruments()}
        books = {n: b for n, b in outline.books.items() if n in listed}
        if not books:
            self._refuse("books of what the venue lists", outline.books)
        for name, event in books.items():
            book = self._books[name] = RecordedBook(listed[name])
            off: Counter[str] = Counter()
            if (event.bids or event.asks) and not book.places(event, off):
                self._refuse(f"prices and amounts on the grid of {name}", [name])
        self._indices = {one.index_name for one in listed.values()}
        for index_name, price in outline.indices.items():
            if index_name in self._indices:
                venue.set_index(index_name, price, t_ns)
        self._events = iter(self._capture)
        self._next = next(self._events, None)
        if self._next is not None:
            self._shift_ns = t_ns - self._next.t_ns
        self.step(t_ns)

    def _refuse(self, wanted: str, names: Iterable[str]) -> None:
        shown = ", ".join(list(names)[:NAMES_SHOWN])
        path = self._capture.path
        raise ConfigError(path, "market.capture", str(path), f"{wanted}; has {shown}")

    def next_timer_ns(self) -> int:
        """Return when the next event is due, 0 when the capture has ended."""
        return self._next.t_ns + self._shift_ns if self._next is not None else 0

    def step(self, t_ns: int) -> None:
        """Play every event due at or before ``t_ns``."""
        while self._next is not None and self.next_timer_ns() <= t_ns:
            self._play(self._next, self.next_timer_ns())
            self._next = next(self._events, None)

    def pause_until(self, last_ns: int, t_ns: int) -> None:
        """Let nothing happen from ``last_ns`` to ``t_ns``."""
        self._shift_ns += t_ns - last_ns

    def _play(self, event: Event, t_ns: int) -> None:
        if isinstance(event, IndexEvent):
            if event.index_name in self._indices:
                self._venue.set_index(event.index_name, event.price, t_ns)
            return
        book = self._books.get(event.instrument)
        if book is None:
            return
        if isinstance(event, TradeEvent):
            self._trade(book, event, t_ns)
            return
        changed = book.places(event, self.skipped)
        for place in book.taken:
            changed.setdefault(place, book.totals.get(place, 0))
        book.taken.clear()
        book.totals |= changed
        # What shrinks goes first, so that a book that has moved does not meet itself.
        smaller = [p for p, lots in changed.items() if lots <= self._open_lots(book, p)]
        larger = [p for p in changed if p not in set(smaller)]
        for place in chain(smaller, larger):
            self._bring(book, place, changed[place], t_ns)

    def _open_lots(self, book: RecordedBook, place: Place) -> int:
        order = book.orders.get(place)
        if order is None or order.state != "open":
            return 0
        return order.amount_lots - order.filled_lots

    def _bring(self, book: RecordedBook, place: Place, lots: int, t_ns: int) -> None:
        """Bring one level to its recorded total."""
        is_bid, ticks = place
        order = book.orders.get(place)
        is_open = order is not None and order.state == "open"
        if not lots:
            book.totals.pop(place, None)
            book.orders.pop(place, None)
            if order is not None and is_open:
                self._venue.cancel_order(order, t_ns)
            return
        if order is not None and is_open:
            if self._open_lots(book, place) != lots:
                self._resize(book, order, lots, t_ns)
            return
        placed = self._place(book, BOOK_ACCOUNT, is_bid, ticks, lots, True, t_ns)
        if placed is not None:
            book.orders[place] = placed

    def _trade(self, book: RecordedBook, event: TradeEvent, t_ns: int) -> None:
        """Print a trade: take what stands there, and what has already gone."""
        ticks = book.instrument.ticks(event.price)
        lots = book.instrument.lots(event.amount)
        if ticks is None or not lots:
            self.skipped["trade off the grid"] += 1
            return
        buy = event.is_buy
        taker = self._place(book, TAKER_ACCOUNT, buy, ticks, lots, False, t_ns)
        book.taken.update(
            place
            for place, order in book.orders.items()
            if place[0] != buy and order.state != "open"
        )
        book.taken.add((not buy, ticks))
        left = lots - taker.filled_lots if taker is not None else 0
        if not left:
            return
        # The book's change came first: what traded has left it already.
        gone = self._place(book, BOOK_ACCOUNT, not buy, ticks, left, True, t_ns)
        if gone is None:
            self.skipped["trade beyond its book"] += 1
            return
        self._place(book, TAKER_ACCOUNT, buy, ticks, left, False, t_ns)
        if gone.state == "open":
            self._venue.cancel_order(gone, t_ns)

    def _resize(
        self, book: RecordedBook, order: PlacedOrder, lots: int, t_ns: int
    ) -> None:
        price = book.instrument.price(order.price_ticks)
        amount = book.instrument.amount(lots + order.filled_lots)
        try:
            self._venue.edit_order(order, price, amount, t_ns)
        except Reject as reject:
            self.skipped[reject.name] += 1

    def _place(
        self,
        book: RecordedBook,
        account: str,
        is_bid: bool,
        ticks: int,
        lots: int,
        rests: bool,
        t_ns: int,
    ) -> PlacedOrder | None:
        instrument = book.instrument
        try:
            order: PlacedOrder = self._venue.place(
                account,
                instrument.name,
                "buy" if is_bid else "sell",
                instrument.price(ticks),
                instrument.amount(lots),
                time_in_force="good_til_cancelled" if rests else "immediate_or_cancel",
                at_once=True,
                t_ns=t_ns,
            )
        except Reject as reject:
            self.skipped[reject.name] += 1
            return None
        return order
