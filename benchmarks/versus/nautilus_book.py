"""nautilus_trader's order book (Rust), its deltas made before the clock runs."""

from __future__ import annotations

from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas
from nautilus_trader.model.enums import BookAction, BookType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Price, Quantity

from benchmarks.versus.rival import Touch

INSTRUMENT_ID = InstrumentId.from_str("BTC-PERPETUAL.DERIBIT")
ACTIONS = {
    "new": BookAction.ADD,
    "change": BookAction.UPDATE,
    "delete": BookAction.DELETE,
}
Rows = list[list]


def deltas(bids: Rows, asks: Rows) -> OrderBookDeltas:
    """Return a frame as nautilus takes it."""
    sides = ((OrderSide.BUY, bids), (OrderSide.SELL, asks))
    made = [
        OrderBookDelta(
            INSTRUMENT_ID,
            ACTIONS[action],
            BookOrder(side, Price(price, 1), Quantity(amount, 0), 0),
            0,
            0,
            0,
            0,
        )
        for side, rows in sides
        for action, price, amount in rows
    ]
    return OrderBookDeltas(INSTRUMENT_ID, made)


class Book:
    """The book, and how a run reads it."""

    def __init__(self, bids: Rows, asks: Rows) -> None:
        self.book = OrderBook(INSTRUMENT_ID, BookType.L2_MBP)
        self.book.apply_deltas(deltas(bids, asks))

    def apply(self, prepared: list[OrderBookDeltas]) -> None:
        """Apply every frame and read the touch after each."""
        apply, bid = self.book.apply_deltas, self.book.best_bid_price
        ask = self.book.best_ask_price
        for each in prepared:
            apply(each)
            bid()
            ask()

    def touch(self) -> Touch:
        """Return best bid and ask."""
        return float(self.book.best_bid_price()), float(self.book.best_ask_price())
