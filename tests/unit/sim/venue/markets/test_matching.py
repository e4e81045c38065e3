"""Queues of one book; the rules are proven in tests/stateful/test_matching.py."""

from engine.sim.venue.markets.matching import BUY, SELL, Book, Order
from tests.unit.sim.venue.client import PERP, Bench

BENCH = Bench()
MARKET = BENCH.venue.exchange.markets[PERP]


def order(number: int, side: int, ticks: int, lots: int) -> Order:
    account = BENCH.venue.exchange.account("anybody")
    made = Order(account, MARKET.instrument, side, ticks, lots)
    made.number = number
    return made


def book_of(*orders: Order) -> Book:
    book = Book()
    for one in orders:
        book.add(one)
    return book


def test_best_and_levels() -> None:
    book = book_of(order(1, BUY, 100, 5), order(2, BUY, 101, 1), order(3, SELL, 103, 2))
    assert (book.best(BUY), book.best(SELL)) == (101, 103)
    assert list(book.levels(BUY)) == [(101, 1), (100, 5)]
    assert list(book.levels(BUY, 1)) == [(101, 1)]
    assert book.lots_at(BUY, 99) == 0
    assert book_of().best(BUY) is None


def test_priority_is_price_then_time() -> None:
    book = book_of(
        order(1, SELL, 102, 1), order(2, SELL, 101, 1), order(3, SELL, 101, 1)
    )
    assert [one.number for one in book.facing(BUY, 102)] == [2, 3, 1]
    assert [one.number for one in book.facing(BUY, 101)] == [2, 3]
    assert book.first_facing(BUY, 100) is None
    assert book.would_cross(BUY, 101)
    assert not book.would_cross(BUY, 100)


def test_touched_keeps_what_stood_before() -> None:
    first = order(1, BUY, 100, 5)
    book = book_of(first)
    book.touched.clear()
    book.fill(first, 2)
    book.add(order(2, BUY, 100, 4))
    book.shrink(first, 4)
    assert book.touched == {(BUY, 100): 5}
    assert book.lots_at(BUY, 100) == 2 + 4
    assert [one.number for one in book.queue(BUY, 100)] == [1, 2]


def test_an_empty_level_is_gone() -> None:
    first, second = order(1, BUY, 100, 5), order(2, BUY, 99, 5)
    book = book_of(first, second)
    book.fill(first, 5)
    assert book.best(BUY) == 99
    book.remove(second)
    assert book.best(BUY) is None
    assert book.queue(BUY, 99) == []
