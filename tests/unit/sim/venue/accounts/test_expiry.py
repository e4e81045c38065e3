"""What contracts pay when they expire."""

import pytest

from engine.sim.venue.accounts.expiry import future_fee, option_fee, payoff
from engine.sim.venue.accounts.figures import greeks
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.units import ATTO, REF, coins
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    COIN_PUT,
    FUTURE,
    USDC_CALL,
    USDC_FUTURE,
    USDC_PUT,
    exchange_of,
    listed_bench,
    market,
)
from tests.unit.sim.venue.client import SECOND, START_NS, Bench

DAY = 24 * 3_600 * SECOND
FRIDAY_NS = (START_NS // DAY + 4) * DAY + 8 * 3_600 * SECOND  # 2026-09-25


def instrument(name: str) -> Instrument:
    return market(name).instrument


@pytest.mark.parametrize(
    ("name", "price", "pays"),
    [
        (COIN_CALL, 100_000, 0.1 * 20_000 / 100_000),
        (COIN_CALL, 80_000, 0),
        (COIN_PUT, 64_000, 0.1 * 16_000 / 64_000),
        (COIN_PUT, 80_001, 0),
        (USDC_CALL, 80_500, 5.0),
        (USDC_PUT, 70_000, 100.0),
    ],
)
def test_payoff_of_one_lot(name: str, price: int, pays: float) -> None:
    assert payoff(instrument(name), price * REF) / ATTO == pytest.approx(pays)


def test_delivery_fees_are_capped_and_free_for_short_lives() -> None:
    weekly = instrument(COIN_CALL)
    assert coins(option_fee(weekly, 10, 80_000 * REF, ATTO)) == 0.00015
    assert coins(option_fee(weekly, 10, 80_000 * REF, ATTO // 1_000)) == 0.000125
    assert coins(option_fee(instrument(USDC_CALL), 100, 80_000 * REF, ATTO * 500)) == 12
    assert option_fee(instrument("BTC-22SEP26-80000-C"), 10, 80_000 * REF, ATTO) == 0
    monthly = instrument("BTC-25DEC26")
    assert coins(future_fee(monthly, 80_000 * ATTO, 80_000 * REF)) == 0.00025
    assert coins(future_fee(instrument(USDC_FUTURE), ATTO, 80_000 * REF)) == 20
    assert future_fee(instrument("BTC-22SEP26"), ATTO, 80_000 * REF) == 0


class Expiring:
    """A venue where accounts hold things until Friday's expiry at a chosen price."""

    def __init__(self) -> None:
        self.bench = listed_bench()
        self.exchange: Exchange = exchange_of(self.bench)
        self.account = self.exchange.accounts["maker"]

    def hold(self, name: str, side: str, price: float, amount: float) -> None:
        other = "sell" if side == "buy" else "buy"
        place(self.bench, name, other, price, amount, "flow")
        place(self.bench, name, side, price, amount, "maker")

    def expire(self, price: float) -> None:
        before_ns = FRIDAY_NS - self.bench.now_ns - 1_900 * SECOND
        self.bench.advance(before_ns)
        for name in ("btc_usd", "btc_usdc"):
            self.bench.venue.set_index(name, price, self.bench.now_ns)
        self.bench.advance(1_902 * SECOND)

    def entries(self) -> list[tuple[object, ...]]:
        last = [e for e in self.account.ledger.entries if e.kind != "settlement"]
        return [
            (e.kind, e.instrument.name, e.side, e.amount, coins(e.cashflow))
            for e in last
            if e.instrument is not None and e.kind != "trade"
        ]


def place(
    bench: Bench, name: str, side: str, price: float, amount: float, who: str
) -> None:
    bench.place(side, price, amount, instrument=name, account=who)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_option_in_the_money_is_paid_through_its_future(side: str) -> None:
    one = Expiring()
    one.hold(COIN_CALL, side, 0.03, 2)
    cash = one.account.cash["BTC"]
    one.expire(100_000.0)
    sign = 1 if side == "buy" else -1
    close = "close sell" if side == "buy" else "close buy"
    assert one.entries() == [
        ("delivery", COIN_CALL, close, 2.0, 0.0),
        ("delivery", FUTURE, close, 160_000.0, sign * 0.4),
    ]
    fee = 2 * 0.00015
    assert coins(one.account.cash["BTC"] - cash) == round(sign * 0.4 - fee, 8)
    assert one.account.in_currency("BTC") == []
    assert one.account.ledger.entries[-1].equity == one.account.equity("BTC")
    option, future = reversed(one.account.settlements.of("BTC"))
    assert coins(option.profit) == pytest.approx(sign * (0.4 - 2 * 0.03))
    assert (future.profit, future.session_profit) == (0, 0)


def test_a_linear_option_too() -> None:
    one = Expiring()
    one.hold(USDC_PUT, "buy", 1_000.0, 1)
    cash = one.account.cash["USDC"]
    one.expire(70_000.0)
    assert one.entries() == [
        ("delivery", USDC_PUT, "close sell", 1.0, 0.0),
        ("delivery", USDC_FUTURE, "close buy", 1.0, 10_000.0),
    ]
    fee = 70_000 * 0.00015
    assert coins(one.account.cash["USDC"] - cash) == 10_000 - fee


def test_out_of_the_money_is_worth_nothing() -> None:
    one = Expiring()
    one.hold(COIN_PUT, "sell", 0.03, 1)
    cash = one.account.cash["BTC"]
    one.expire(90_000.0)
    assert one.entries() == [("expiry", COIN_PUT, "close buy", 1.0, 0.0)]
    assert one.account.cash["BTC"] == cash
    (record,) = one.account.settlements.of("BTC")
    assert coins(record.profit) == 0.03


def test_a_hedged_option_nets_with_its_future() -> None:
    one = Expiring()
    one.hold(USDC_CALL, "buy", 1_000.0, 1)
    one.hold(USDC_FUTURE, "sell", 80_000.0, 1)
    cash = one.account.cash["USDC"]
    one.expire(85_000.0)
    option, future = one.entries()[-2:]
    assert option[:4] == ("delivery", USDC_CALL, "close sell", 1.0)
    assert future[:2] == ("delivery", USDC_FUTURE)
    assert future[3] == 0.0
    settled = sum(
        e.change
        for e in one.account.ledger.entries
        if e.kind == "settlement" and e.currency == "USDC"
    )
    paid = coins(one.account.cash["USDC"] - cash)
    assert paid == pytest.approx(-85_000 * 0.00015)
    assert settled == 0


def test_a_future_is_paid_at_the_average_of_the_half_hour() -> None:
    one = Expiring()
    one.hold(FUTURE, "buy", 80_000.0, 80_000)
    one.bench.advance(FRIDAY_NS - one.bench.now_ns - 900 * SECOND)
    one.bench.venue.set_index("btc_usd", 81_000.0, one.bench.now_ns)
    one.bench.advance(902 * SECOND)
    price = one.exchange.indices["btc_usd"].delivery.prices[-1][1]
    assert price == 80_500 * REF
    earned = sum(
        e.change
        for e in one.account.ledger.entries
        if e.instrument is not None and e.kind != "trade"
    )
    fee = 0.00025 * 80_000 / 80_500
    profit = 80_000 / 80_000 - 80_000 / 80_500
    assert coins(earned) == pytest.approx(profit - fee, abs=1e-8)


def test_without_a_future_the_option_is_paid_in_cash() -> None:
    one = Expiring()
    one.hold(COIN_CALL, "buy", 0.03, 1)
    one.bench.advance(FRIDAY_NS - one.bench.now_ns - 1_900 * SECOND)
    one.bench.venue.set_index("btc_usd", 100_000.0, one.bench.now_ns)
    one.bench.advance(1_900 * SECOND)
    future = one.exchange.markets[FUTURE]
    future.over = True  # as if it had never been listed
    one.bench.advance(2 * SECOND)
    assert one.entries() == [("delivery", COIN_CALL, "close sell", 1.0, 0.2)]


def test_everybody_together_pays_only_the_fees() -> None:
    one = Expiring()
    for name, price, amount in (
        (COIN_CALL, 0.03, 3.3), (COIN_PUT, 0.02, 1.7), (FUTURE, 80_000.0, 12_340),
        (USDC_CALL, 1_000.0, 0.37), (USDC_PUT, 500.0, 0.11), (USDC_FUTURE, 79_990.0, 1),
    ):  # fmt: skip
        one.hold(name, "buy", price, amount)
    one.expire(77_777.77)
    for currency in ("BTC", "ETH", "USDC"):
        owners = one.exchange.accounts.values()
        cash = sum(a.cash.get(currency, 0) for a in owners)
        fees = sum(a.fees.get(currency, 0) for a in owners)
        put_in = {"BTC": 20, "ETH": 400, "USDC": 2_000_000}[currency]
        assert cash + fees == put_in * ATTO
        assert all(a.equity(currency) == a.cash.get(currency, 0) for a in owners)


def test_the_mark_becomes_the_delivery_price() -> None:
    one = Expiring()
    one.bench.advance(FRIDAY_NS - one.bench.now_ns - 900 * SECOND)
    one.bench.venue.set_index("btc_usd", 81_000.0, one.bench.now_ns)
    future = one.exchange.markets[FUTURE]
    assert future.mark_ref == 80_500 * REF
    other = one.exchange.markets["BTC-25DEC26"]
    assert other.mark_ref == 81_000 * REF
    one.bench.advance(900 * SECOND)
    one.bench.venue.set_index("btc_usd", 99_000.0, one.bench.now_ns)
    assert future.mark_ref == 80_500 * REF
    position = one.account.position(future.instrument, future)
    position.size = 8_050
    assert greeks(position).delta == 0.0
