"""One instrument's book, against the slow money that keeps every trade."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.session.ledger.amounts import ATTO, HALF, ratio
from engine.session.ledger.book import Book, book_of
from tests.oracles.money import SlowMoney
from tests.unit.session.ledger.samples import CALL, FUTURE, LINEAR, PERP, contracts
from tests.unit.session.ledger.test_contract import SLOW

CONTRACTS = contracts()
WHO, OTHER = "us", "them"


@dataclass
class Both:
    """The book and the oracle, told the same."""

    name: str

    def __post_init__(self) -> None:
        self.book = Book(CONTRACTS[self.name])
        self.slow = SlowMoney()
        self.slow.contracts[self.name] = SLOW[self.name]
        self.slow.give(WHO, SLOW[self.name].money, 0)
        self.cash = 0
        self.events = 1

    def trade(self, side: int, lots: int, price: Decimal) -> None:
        one = self.book.contract
        self.cash += self.book.trade(side, lots, one.value(lots, ratio(price)))
        buyer, seller = (WHO, OTHER) if side > 0 else (OTHER, WHO)
        amount = Fraction(one.amount(lots))
        self.slow.trade(buyer, seller, self.name, amount, price, (0, 0))
        self.events += 1

    def settle(self, price: Decimal) -> None:
        due, slack = self.book.settle(ratio(price))
        assert slack == (HALF if self.book.contract.perpetual else 0)
        self.cash += due
        self.slow.settle(self.name, price)
        self.events += 1

    def near(self, ours: int, exact: Fraction) -> None:
        """Every event may round a few amounts, each by half an atto."""
        assert abs(ours - exact * ATTO) <= 4 * self.events

    def agree(self, mark: Decimal) -> None:
        book, slow, money = self.book, self.slow, SLOW[self.name].money
        assert Fraction(book.contract.amount(book.size)) == slow.size(WHO, self.name)
        self.near(self.cash, slow.cash[WHO][money])
        equity = self.cash + book.worth(ratio(mark))
        self.near(equity, slow.equity(WHO, money, {self.name: mark}))
        self.near(book.result(ratio(mark)), slow.equity(WHO, money, {self.name: mark}))
        average = book.contract.average(book.size, book.cost)
        exact = slow.average(WHO, self.name)
        if average is None or exact is None:
            assert (average is None) == (exact is None)
        else:
            assert abs(Fraction(average) / exact - 1) < Fraction(1, 10**9)


PRICES = st.decimals("20000", "200000", places=1)
TRADES = st.tuples(st.sampled_from([1, -1]), st.integers(1, 50_000), PRICES)
EVENTS = st.lists(st.one_of(TRADES, PRICES), max_size=25)


@given(st.sampled_from([PERP, FUTURE, LINEAR]), EVENTS, PRICES)
def test_a_future_s_book_is_the_oracle_s(
    name: str, events: list[Decimal | tuple[int, int, Decimal]], mark: Decimal
) -> None:
    both = Both(name)
    for event in events:
        if isinstance(event, tuple):
            both.trade(*event)
        else:
            both.settle(event)
        both.agree(mark)


PREMIUMS = st.decimals("0.0005", "0.2", places=4)


@given(
    st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(1, 500), PREMIUMS)),
    PREMIUMS,
    PRICES,
)
def test_an_option_s_book_is_the_oracle_s_until_it_is_delivered(
    trades: list[tuple[int, int, Decimal]], mark: Decimal, price: Decimal
) -> None:
    both = Both(CALL)
    for trade in trades:
        both.trade(*trade)
        both.agree(mark)
    due, _ = both.book.deliver(ratio(price))
    both.slow.deliver(CALL, price)
    both.near(both.cash + due, both.slow.cash[WHO]["BTC"])
    both.near(both.book.realized, both.slow.cash[WHO]["BTC"])
    assert both.book.worth(None) == both.book.size == both.book.cost == 0


@given(st.lists(TRADES), PRICES)
def test_a_delivered_future_is_gone_and_has_paid(
    trades: list[tuple[int, int, Decimal]], price: Decimal
) -> None:
    both = Both(FUTURE)
    for trade in trades:
        both.trade(*trade)
    due, slack = both.book.deliver(ratio(price))
    both.slow.deliver(FUTURE, price)
    both.near(due, both.slow.cash[WHO]["BTC"])
    both.near(both.book.realized, both.slow.cash[WHO]["BTC"])
    assert slack == 0
    assert both.book.size == both.book.cost == both.book.session_cost == 0


def test_funding_is_the_session_s_until_it_is_settled() -> None:
    book = Book(CONTRACTS[PERP])
    book.trade(1, 8_000, ATTO)
    book.fund(3 * HALF)
    book.fund(5 * HALF)
    assert book.result((80_000, 1)) == 5 * HALF
    assert book.settle((80_000, 1)) == (5 * HALF, HALF)
    assert (book.session_funding, book.paid_funding) == (0, 5 * HALF)
    assert book.result((80_000, 1)) == 5 * HALF


def test_without_a_mark_only_what_is_certain_counts() -> None:
    future, call = Book(CONTRACTS[FUTURE]), Book(CONTRACTS[CALL])
    future.trade(1, 8_000, ATTO)
    call.trade(1, 10, ATTO // 100)
    assert (future.worth(None), future.unrealized(None)) == (0, 0)
    assert (call.worth(None), call.unrealized(None)) == (ATTO // 100, 0)


def test_a_book_comes_back_from_its_numbers() -> None:
    both = Both(PERP)
    both.trade(1, 30, Decimal(80_000))
    both.trade(-1, 50, Decimal(81_000))
    both.book.fees, both.book.slack, both.book.brought = 7, 9, 11
    numbers = {key: str(value) for key, value in both.book.dump().items()}
    assert book_of(CONTRACTS[PERP], numbers) == both.book == both.book.copy()
    with pytest.raises(KeyError):
        book_of(CONTRACTS[PERP], {})
