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
    assert [one.number for one, _ in book.facing(BUY, 102)] == [2, 3, 1]
    assert [one.number for one, _ in book.facing(BUY, 101)] == [2, 3]
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


# Icebergs.


def iceberg(number: int, side: int, ticks: int, lots: int, tip: int) -> Order:
    made = order(number, side, ticks, lots)
    made.refresh_lots = tip
    return made


def sweep(book: Book, side: int, ticks: int, lots: int) -> list[tuple[int, int]]:
    """Trade some lots against a side; return (number, lots) of each fill."""
    fills = []
    while lots and (maker := book.first_facing(side, ticks)) is not None:
        part = min(lots, maker.shown_lots or maker.open_lots)
        book.fill(maker, part)
        fills.append((maker.number, part))
        lots -= part
    book.refresh()
    return fills


def test_only_the_tip_is_shown() -> None:
    book = book_of(iceberg(1, SELL, 100, 50, 10), order(2, SELL, 100, 5))
    assert list(book.levels(SELL)) == [(100, 15)]
    assert [(one.number, lots) for one, lots in book.facing(BUY, 100)] == [
        (1, 10),
        (2, 5),
        (1, 40),
    ]


def test_what_is_shown_trades_before_what_is_hidden() -> None:
    first, last = iceberg(1, SELL, 100, 50, 10), iceberg(3, SELL, 100, 30, 10)
    book = book_of(first, order(2, SELL, 100, 5), last, order(4, SELL, 101, 7))
    assert sweep(book, BUY, 101, 70) == [(1, 10), (2, 5), (3, 10), (1, 40), (3, 5)]
    assert list(book.levels(SELL)) == [(100, 10), (101, 7)]
    assert (last.open_lots, last.display_lots) == (15, 10)


def test_a_new_tip_goes_to_the_back_of_the_queue() -> None:
    ice = iceberg(1, SELL, 100, 50, 10)
    book = book_of(ice, order(2, SELL, 100, 5))
    assert sweep(book, BUY, 100, 4) == [(1, 4)]
    assert [one.number for one in book.queue(SELL, 100)] == [1, 2], "a tip is left"
    assert ice.display_lots == 6
    assert sweep(book, BUY, 100, 6) == [(1, 6)]
    assert [one.number for one in book.queue(SELL, 100)] == [2, 1]
    assert ice.display_lots == 10
    assert book.lots_at(SELL, 100) == 15


def test_the_last_tip_is_what_is_left() -> None:
    ice = iceberg(1, SELL, 100, 12, 10)
    book = book_of(ice)
    assert sweep(book, BUY, 100, 10) == [(1, 10)]
    assert ice.display_lots == 2
    assert sweep(book, BUY, 100, 9) == [(1, 2)]
    assert book.best(SELL) is None


def test_an_iceberg_may_be_taken_out_while_a_match_runs() -> None:
    ice, other = iceberg(1, SELL, 100, 50, 10), iceberg(2, SELL, 100, 50, 10)
    book = book_of(ice, other)
    book.fill(ice, 10)
    book.remove(ice)
    book.refresh()
    assert list(book.levels(SELL)) == [(100, 10)]
    book.fill(other, 10)
    book.remove(other)
    book.refresh()
    assert book.best(SELL) is None


def test_an_iceberg_shrinks_from_below() -> None:
    ice = iceberg(1, SELL, 100, 50, 10)
    book = book_of(ice)
    book.shrink(ice, 20)
    assert (book.lots_at(SELL, 100), ice.open_lots) == (10, 20)
    book.shrink(ice, 4)
    assert (book.lots_at(SELL, 100), ice.display_lots) == (4, 4)
    wide = iceberg(2, SELL, 100, 50, 10)
    book.add(wide)
    book.show_less(wide, 3)
    assert (book.lots_at(SELL, 100), wide.display_lots) == (4 + 3, 3)


def test_the_touch_is_worked_out_once_per_change(bench: Bench) -> None:
    book = bench.venue.exchange.markets[PERP].book
    before = book.touch()
    assert before == (159_998, 100, 160_002, 100)
    assert book.touch() is before
    bench.place("sell", 80_001.0, 50)
    assert book.touch() == (159_998, 100, 160_002, 105)
    bench.place("buy", 80_001.0, 1_050, account="other")
    assert book.touch() == (159_998, 100, None, 0)
