"""Attribution against an oracle of fractions, through the core."""

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine._core.core import Core
from engine._core.state.attribution import Attribution
from tests.rig import LIMITS, MS, NAME, ROW, Wisher
from tests.unit._core.state.test_position import LINEAR

ATTO = 10**18
OPTION = {
    **ROW,
    "instrument_name": "BTC-25DEC26-100000-C",
    "kind": "option",
    "tick_size": 0.0001,
    "contract_size": 1.0,
    "min_trade_amount": 0.1,
}
SPOT = {
    **LINEAR,
    "instrument_name": "ETH_USDC",
    "kind": "spot",
    "base_currency": "ETH",
    "quote_currency": "USDC",
}
ROWS = [ROW, LINEAR, OPTION, SPOT]
events = st.lists(
    st.one_of(
        st.tuples(st.just("mid"), st.integers(900, 1_100), st.integers(1, 9)),
        st.tuples(
            st.sampled_from(["maker", "taker"]),
            st.integers(900, 1_100),
            st.integers(-40, 40).filter(bool),
        ),
    ),
    max_size=30,
)


class Bench:
    """One core with one instrument, fed by hand."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row
        self.name = row["instrument_name"]
        self.core = Core(1)
        self.index = self.core.add_instrument(row)
        self.core.bind(self.index, Wisher(), LIMITS)
        self.lot = min(row["contract_size"], row["min_trade_amount"])
        self.t_ns = 1_000 * MS
        self.count = 0
        self.core.connection_made(0, self.t_ns)

    def push(self, channel: str, data: Any) -> None:
        params = {"channel": channel, "data": data}
        frame = {"jsonrpc": "2.0", "method": "subscription", "params": params}
        self.t_ns += 10 * MS
        self.core.receive_data(0, self.t_ns, json.dumps(frame).encode())

    def price(self, ticks: float) -> float:
        return round(ticks * self.row["tick_size"], 9)

    def book(self, bid: int, ask: int | None) -> None:
        self.count += 1
        sides = {"bids": bid, "asks": ask}
        self.push(
            f"book.{self.name}.raw",
            {
                "type": "snapshot",
                "timestamp": 1,
                "instrument_name": self.name,
                "change_id": self.count,
                **{
                    side: [["new", self.price(p), self.lot]] if p is not None else []
                    for side, p in sides.items()
                },
            },
        )

    def fill(
        self,
        lots: int,
        price: float,
        liquidity: str = "M",
        fee: float = 2.5e-7,
        fee_currency: str | None = None,
    ) -> None:
        self.count += 1
        row = {
            "trade_id": str(self.count),
            "instrument_name": self.name,
            "direction": "buy" if lots > 0 else "sell",
            "price": price,
            "amount": round(abs(lots) * self.lot, 6),
            "fee": fee,
            "liquidity": liquidity,
            "label": "",
            "order_id": "1",
            "timestamp": 1,
        }
        if fee_currency:
            row["fee_currency"] = fee_currency
        assert self.core.trade(row)

    def exact(self) -> dict[str, int]:
        return self.core.attribution()[self.name]


class Slow:
    """The split by its definition, in fractions of a coin."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.inverse = row["instrument_type"] == "reversed" and row["kind"] == "future"
        self.lot = Fraction(str(min(row["contract_size"], row["min_trade_amount"])))
        self.tick = Fraction(str(row["tick_size"]))
        self.held = 0
        self.mid: Fraction | None = None
        self.parts = dict.fromkeys(("spread", "hedging", "inventory"), Fraction(0))
        self.paid = Fraction(0)

    def gain(self, lots: int, start: Fraction, end: Fraction) -> Fraction:
        amount = lots * self.lot
        if self.inverse:
            return amount * (1 / start - 1 / end)
        return amount * (end - start)

    def move(self, mid: Fraction) -> None:
        if self.mid is not None:
            self.parts["inventory"] += self.gain(self.held, self.mid, mid)
        self.mid = mid

    def fill(self, kind: str, lots: int, price: Fraction) -> None:
        assert self.mid is not None
        key = "spread" if kind == "maker" else "hedging"
        self.parts[key] += self.gain(lots, price, self.mid)
        self.held += lots


@settings(max_examples=120, deadline=None)
@given(row=st.sampled_from(ROWS), events=events)
def test_each_part_is_what_its_definition_says(row, events):
    bench, slow = Bench(row), Slow(row)
    bench.book(999, 1_001)
    slow.move(1_000 * slow.tick)
    fills = 0
    for what, ticks, size in events:
        if what == "mid":
            bench.book(ticks, ticks + size)
            slow.move((ticks + Fraction(size, 2)) * slow.tick)
        else:
            fills += 1
            bench.fill(size, bench.price(ticks), what[0].upper())
            slow.fill(what, size, ticks * slow.tick)
    if not fills:
        assert bench.core.attribution() == {}
        return
    found = bench.exact()
    for key, value in slow.parts.items():
        # Every fill rounds three worths, each by half of 1e-18.
        assert abs(Fraction(found[key], ATTO) - value) <= Fraction(2 * fills + 2, ATTO)
    assert found["fees"] == fills * 250_000_000_000
    assert found["lots"] == slow.held
    assert found["midless"] == found["moved"] == 0


@settings(max_examples=60, deadline=None)
@given(row=st.sampled_from(ROWS[:3]), events=events, mids=st.lists(st.integers(1, 9)))
def test_the_sum_does_not_hang_on_the_mids(row, events, mids):
    """Same fills, other books on the way, the same end: the same sum, to the digit."""
    first, other = Bench(row), Bench(row)
    for bench in (first, other):
        for i, (what, ticks, size) in enumerate(events):
            if what == "mid":
                shift = mids[i % len(mids)] if mids and bench is other else 0
                bench.book(ticks + shift, ticks + shift + size)
            else:
                bench.fill(size, bench.price(ticks), what[0].upper())
        bench.book(1_000, 1_003)
    for one, two in zip(
        first.core.attribution().values(),
        other.core.attribution().values(),
        strict=True,
    ):
        keys = ("spread", "hedging", "inventory")
        assert sum(one[key] for key in keys) == sum(two[key] for key in keys)


def test_a_buy_below_the_mid_earns_and_a_take_above_it_pays():
    bench = Bench(LINEAR)
    bench.book(998, 1_002)
    bench.fill(10, bench.price(998))
    bench.fill(-10, bench.price(998), "T")
    found = bench.exact()
    assert found["spread"] == 10 * 2 * ATTO // 20_000  # 0.05 USDC of 0.001 ETH a tick
    assert found["hedging"] == -found["spread"]
    assert (found["makers"], found["takers"]) == (1, 1)
    assert found["inventory"] == found["worth"] == 0


@pytest.mark.parametrize("ask", [998, None])
def test_a_book_without_a_mid_leaves_the_last_one_in_force(ask):
    bench = Bench(LINEAR)
    bench.book(998, 1_002)
    bench.book(1_010, ask)  # crossed, or one side empty
    bench.fill(10, bench.price(998))
    found = bench.exact()
    assert found["spread"] == 10 * 2 * ATTO // 20_000
    assert found["midless"] == 1


def test_without_any_mid_a_fill_is_at_its_own():
    bench = Bench(LINEAR)
    bench.fill(10, bench.price(998))
    assert bench.exact()["spread"] == 0
    bench.book(999, 1_001)
    found = bench.exact()
    assert found["inventory"] == 10 * 2 * ATTO // 20_000
    assert found["midless"] == 1


def test_a_position_taken_over_counts_from_the_next_mid_on():
    bench = Bench(LINEAR)
    bench.core.set_position(bench.index, 10, 49.0)
    bench.book(999, 1_001)
    assert bench.exact()["inventory"] == 0
    bench.core.handle_timer(bench.t_ns + 300 * MS)
    bench.book(1_009, 1_011)
    assert bench.exact()["inventory"] == 10 * 10 * ATTO // 20_000
    bench.core.set_position(bench.index, 0, 0.0)
    bench.book(2_009, 2_011)
    found = bench.exact()
    assert found["inventory"] == 10 * 10 * ATTO // 20_000
    assert found["moved"] == 2


def test_a_fee_of_the_coins_bought_leaves_the_holding():
    bench = Bench(SPOT)
    bench.book(998, 1_002)
    bench.fill(1_000, bench.price(1_000), "M", 0.001, "ETH")
    found = bench.exact()
    assert found["fees"] == 5 * ATTO // 100  # 0.001 ETH at 50 USDC
    bench.book(1_998, 2_002)
    found = bench.exact()
    assert found["inventory"] == 50 * ATTO - 5 * ATTO // 100
    assert found["worth"] == 100 * ATTO - 10 * ATTO // 100


def test_a_fee_in_a_third_currency_is_counted_and_left_out():
    bench = Bench(SPOT)
    bench.book(998, 1_002)
    bench.fill(1_000, bench.price(1_000), "M", 0.001, "BTC")
    found = bench.exact()
    assert found["fees"] == 0
    assert found["fees_elsewhere"] == 1


def test_a_combo_s_own_fill_is_not_counted_beside_its_legs():
    bench = Bench({**ROW, "kind": "future_combo", "instrument_name": "BTC-FS-A_PERP"})
    bench.book(10, 12)
    bench.fill(5, bench.price(11))
    assert bench.core.attribution() == {}


def test_what_is_held_is_weighed_by_time():
    bench = Bench(ROW)
    bench.book(998, 1_002)
    start = bench.t_ns = bench.t_ns + 300 * MS
    bench.core.handle_timer(start)  # begins to count
    bench.core.handle_timer(start + 1_000 * MS)
    bench.fill(4, bench.price(998))
    bench.core.handle_timer(start + 4_000 * MS)
    held = bench.core.snapshot()["instruments"][NAME]["held"]
    assert held["mean"] == pytest.approx(30.0)  # 0, then 40 USD for three times as long
    assert held["sd"] == pytest.approx((0.75 * 0.25) ** 0.5 * 40)


def test_it_goes_on_over_a_restart():
    whole, first, later = Bench(ROW), Bench(ROW), Bench(ROW)
    for bench in (whole, first):
        bench.book(998, 1_002)
        bench.fill(7, bench.price(998))
        bench.book(990, 994)
    kept = json.loads(json.dumps(first.core.dump_attribution()))
    later.core.load_position(later.index, first.core.dump_position(first.index))
    later.core.load_attribution(kept)
    for bench in (whole, later):
        bench.book(1_010, 1_013)
        bench.fill(-3, bench.price(1_013), "T")
        bench.book(1_005, 1_006)
    assert later.exact() == whole.exact()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("money", ["1"]),
        ("money", ["x"] * 6),
        ("counts", [1]),
        ("mid", [5, 0]),
        ("size_lots", "many"),
    ],
)
def test_what_was_not_dumped_is_refused_whole(key, value):
    bench = Bench(ROW)
    bench.book(998, 1_002)
    bench.fill(7, bench.price(998))
    kept = bench.core.dump_attribution()
    broken = {bench.name: {**kept[bench.name], key: value}}
    with pytest.raises((TypeError, ValueError)):
        bench.core.load_attribution(broken)
    assert bench.core.dump_attribution() == kept


def test_the_class_says_what_it_counts():
    bench = Bench(ROW)
    found = bench.core.market(bench.index).attribution
    assert isinstance(found, Attribution)
    bench.fill(7, 500.0)
    assert (found.n_makers, found.n_takers, found.n_midless) == (1, 0, 1)
