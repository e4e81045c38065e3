"""States imposed on books, one on top of another."""

from __future__ import annotations

from engine.sim.venue.faults.states import States
from tests.unit.sim.venue.client import ETH, PERP, SECOND, Bench


def state(bench: Bench, name: str = PERP) -> str:
    return bench.venue.exchange.markets[name].state


def test_the_last_one_counts_whatever_the_order_of_lifting(bench: Bench) -> None:
    states = States(bench.venue.exchange)
    first = states.impose("*", "settlement")
    second = states.impose("BTC-*", "locked")
    assert (state(bench), state(bench, ETH)) == ("locked", "settlement")
    states.lift(first)
    assert (state(bench), state(bench, ETH)) == ("locked", "open")
    third = states.impose("*", "halted")
    states.lift(second)
    assert state(bench) == "halted"
    states.lift(third)
    assert (state(bench), state(bench, ETH)) == ("open", "open")
    states.lift(third)
    assert state(bench) == "open"


def test_only_books_in_a_state(bench: Bench) -> None:
    bench.venue.set_state(ETH, "halted", bench.now_ns)
    states = States(bench.venue.exchange)
    number = states.impose("*", "locked", ("open",))
    assert (state(bench), state(bench, ETH)) == ("locked", "halted")
    states.lift(number)
    assert (state(bench), state(bench, ETH)) == ("open", "halted")


def test_what_somebody_else_made_of_a_book_stays(bench: Bench) -> None:
    states = States(bench.venue.exchange)
    number = states.impose("*", "locked")
    bench.venue.set_state(PERP, "inactive", bench.now_ns)
    states.lift(number)
    assert (state(bench), state(bench, ETH)) == ("inactive", "open")


def test_a_state_lifted_during_a_settlement_is_not_found_again(bench: Bench) -> None:
    states = States(bench.venue.exchange)
    number = states.impose("*", "locked")
    assert bench.venue.exchange.settlement.settle_now()
    states.lift(number)
    assert state(bench) == "settlement"
    bench.advance(2 * SECOND)
    assert state(bench) == "open"
