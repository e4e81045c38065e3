"""What a fill changes: two orders, two accounts, the tape."""

import pytest

from engine.sim.venue import AccountConfig, VenueConfig
from tests.unit.sim.venue.accounts.listed import COMBO, listed_bench
from tests.unit.sim.venue.client import PERP, Bench, Client


@pytest.fixture
def bench() -> Bench:
    """A venue with 1000 USD on either side of 80000."""
    bench = Bench()
    bench.place("buy", 79_999.5, 1000)
    bench.place("sell", 80_000.5, 1000)
    return bench


def test_a_sweep_is_several_trades_of_one_moment(bench: Bench, client: Client) -> None:
    bench.place("sell", 80_001.0, 500, account="other")
    answer = client.buy(80_001.0, 1600)
    order, trades = answer["order"], answer["trades"]
    assert [t["price"] for t in trades] == [80_000.5, 80_001.0]
    assert [t["amount"] for t in trades] == [1000.0, 500.0]
    assert [t["state"] for t in trades] == ["open", "open"]
    assert len({t["timestamp"] for t in trades}) == 1
    assert trades[1]["trade_seq"] == trades[0]["trade_seq"] + 1
    assert {t["liquidity"] for t in trades} == {"T"}
    assert (order["order_state"], order["filled_amount"]) == ("open", 1500.0)
    harmonic = 1500 / (1000 / 80_000.5 + 500 / 80_001.0)
    assert order["average_price"] == pytest.approx(harmonic, abs=1e-4)
    fee = trades[0]["fee"]
    assert fee == round(1000 / 80_000.5 * 0.00035, 8)


def test_the_maker_pays_the_maker_fee(bench: Bench, client: Client) -> None:
    order = client.sell(80_000.0, 1000)["order"]
    bench.place("buy", 80_000.0, 400, account="other")
    trades = client.call("private/get_user_trades_by_order", order_id=order["order_id"])
    assert len(trades) == 1
    assert trades[0]["liquidity"] == "M"
    assert trades[0]["direction"] == "sell"
    assert trades[0]["fee"] == round(400 / 80_000.0 * 0.00015, 8)
    balances = bench.venue.snapshot()["accounts"]["maker"]["balances"]
    assert balances["BTC"] == pytest.approx(10 - trades[0]["fee"], abs=1e-12)


def test_cancel_maker() -> None:
    account = AccountConfig("maker", "maker-secret", 1, self_trade_mode="cancel_maker")
    bench = Bench(VenueConfig(accounts=(account,)))
    client = bench.connect("maker")
    own = client.sell(80_000.0, 100)["order"]
    bench.place("sell", 80_000.0, 100)
    answer = client.buy(80_000.0, 100)
    assert answer["order"]["order_state"] == "filled"
    state = client.call("private/get_order_state", order_id=own["order_id"])
    assert (state["order_state"], state["cancel_reason"]) == (
        "cancelled",
        "order_overlap",
    )


def test_resting_reduce_only_orders_follow_the_position(
    bench: Bench, client: Client
) -> None:
    client.buy(80_000.5, 100)
    first = client.sell(80_500.0, 100, reduce_only=True)["order"]["order_id"]
    second = client.sell(80_500.5, 100, reduce_only=True)["order"]["order_id"]
    client.call("private/close_position", instrument_name=PERP, type="market")
    for order_id in (first, second):
        state = client.call("private/get_order_state", order_id=order_id)
        assert state["order_state"] == "cancelled"
    client.buy(80_000.5, 100)
    partly = client.sell(80_500.0, 100, reduce_only=True)["order"]["order_id"]
    client.sell(79_999.5, 60)
    assert client.call("private/get_order_state", order_id=partly)["amount"] == 40.0


def test_two_reduce_only_orders_cannot_flip_the_position(
    bench: Bench, client: Client
) -> None:
    client.buy(80_000.5, 100)
    for price in (80_010.0, 80_020.0):
        client.sell(price, 100, reduce_only=True)
    bench.place("buy", 80_020.0, 2000, account="other")
    position = client.call("private/get_position", instrument_name=PERP)
    assert (position["size"], position["direction"]) == (0.0, "zero")


def test_what_is_hidden_pays_as_a_taker(bench: Bench, client: Client) -> None:
    client.listen(f"user.trades.{PERP}.raw")
    client.sell(80_000.0, 10_000, display_amount=2_000)
    bench.place("buy", 80_000.0, 5_000)
    (trades,) = client.on(f"user.trades.{PERP}.raw")
    assert [t["amount"] for t in trades] == [2_000.0, 3_000.0]
    rates = [t["fee"] / (t["amount"] / 80_000.0) for t in trades]
    assert rates == pytest.approx([0.00015, 0.00035], rel=1e-3)
    assert [t["liquidity"] for t in trades] == ["M", "M"]


# Combos.


def test_a_combo_trades_its_legs_and_is_no_position() -> None:
    bench = listed_bench()
    client = bench.connect("maker")
    client.listen("user.trades.any.any.raw")
    far = "BTC-25DEC26"
    bench.place("sell", 12.5, 1_000, instrument=COMBO, account="other")
    answer = client.buy(12.5, 400, instrument_name=COMBO, label="x")
    whole, perp, dated = answer["trades"]
    assert [t["instrument_name"] for t in answer["trades"]] == [COMBO, PERP, far]
    assert "combo_id" not in whole
    for leg, direction in ((perp, "sell"), (dated, "buy")):
        assert (leg["combo_id"], leg["combo_trade_id"]) == (COMBO, whole["trade_id"])
        assert (leg["direction"], leg["amount"]) == (direction, 400.0)
        assert (leg["label"], leg["api"], leg["state"]) == ("x", False, "filled")
    assert dated["price"] - perp["price"] == whole["price"] == 12.5
    assert len({t["order_id"] for t in answer["trades"]}) == 3
    assert (whole["fee"], whole["profit_loss"]) == (0.0, 0.0)
    assert 0 < min(perp["fee"], dated["fee"]) < max(perp["fee"], dated["fee"])
    (told,) = client.on("user.trades.any.any.raw")
    assert told == answer["trades"]
    exchange = bench.venue.exchange
    held = {n: p.size for n, p in exchange.accounts["maker"].positions.items()}
    assert held == {PERP: -40, far: 40}
    assert exchange.markets[PERP].open_interest_lots == 40
    tape = client.call("public/get_last_trades_by_instrument", instrument_name=far)
    assert tape["trades"][0]["combo_trade_id"] == whole["trade_id"]
    assert tape["trades"][0]["combo_id"] == COMBO
    stats = client.call("public/ticker", instrument_name=far)
    assert stats["stats"]["volume_usd"] == 400.0
    assert exchange.markets[far].last_ticks is None
    log = [e.instrument for e in exchange.accounts["maker"].ledger.entries][-2:]
    assert [i.name for i in log if i is not None] == [PERP, far]


def test_the_legs_of_one_order_keep_their_ids() -> None:
    bench = listed_bench()
    client = bench.connect("maker")
    order = client.buy(12.5, 400, instrument_name=COMBO)["order"]["order_id"]
    for amount in (100, 300):
        bench.place("sell", 12.5, amount, instrument=COMBO, account="other")
    trades = client.call(
        "private/get_user_trades_by_instrument", instrument_name=PERP, sorting="asc"
    )["trades"]
    assert [t["state"] for t in trades] == ["open", "filled"]
    assert len({t["order_id"] for t in trades}) == 1
    assert [t["liquidity"] for t in trades] == ["M", "M"]
    by_order = client.call("private/get_user_trades_by_order", order_id=order)
    assert [t["instrument_name"] for t in by_order] == [COMBO, COMBO]


def test_a_leg_reduces_what_reduce_only_orders_reduce() -> None:
    bench = listed_bench()
    client = bench.connect("maker")
    bench.place("sell", 80_000.0, 400)
    client.buy(80_000.0, 400)
    client.sell(81_000.0, 400, reduce_only=True)
    bench.place("sell", 12.5, 300, instrument=COMBO, account="other")
    client.buy(12.5, 300, instrument_name=COMBO)  # sells the perpetual
    (left,) = client.call("private/get_open_orders")
    assert left["amount"] == 100.0


@pytest.mark.parametrize("price", [0.0, -0.5, -100.0, 250.5])
def test_a_spread_may_trade_at_nothing_or_less(price: float) -> None:
    bench = listed_bench()
    client = bench.connect("maker")
    bench.place("sell", price, 400, instrument=COMBO, account="other")
    answer = client.buy(price, 100, instrument_name=COMBO)
    assert answer["order"]["average_price"] == price
    whole, perp, dated = answer["trades"]
    assert dated["price"] - perp["price"] == whole["price"] == price
    row = client.call("public/ticker", instrument_name=COMBO)
    assert (row["last_price"], row["stats"]["volume_usd"]) == (price, 100.0)
    assert row["stats"]["volume"] == pytest.approx(100 / 80_000, rel=0.02)
    rest = client.buy(price + 0.5, 100, instrument_name=COMBO)["order"]
    assert rest["average_price"] == price
    assert COMBO not in bench.venue.exchange.accounts["maker"].positions


def test_the_print_of_a_combo_has_its_legs() -> None:
    bench = listed_bench()
    client = bench.connect("maker")
    client.listen(
        f"trades.{COMBO}.raw", f"trades.{PERP}.raw", "user.combo_trades.combo.BTC.raw"
    )
    client.buy(80_000.0, 10)
    bench.place("sell", 12.5, 1_000, instrument=COMBO, account="other")
    answer = client.buy(12.5, 400, instrument_name=COMBO)
    bench.place("sell", 80_000.0, 10)
    ((whole,),) = client.on(f"trades.{COMBO}.raw")
    perp, dated = whole["legs"]
    assert {leg["combo_trade_id"] for leg in (perp, dated)} == {whole["trade_id"]}
    assert "combo_id" not in whole
    assert int(whole["trade_id"]) < int(perp["trade_id"]) < int(dated["trade_id"])
    assert [one["trade_id"] for one in client.on(f"trades.{PERP}.raw")[0]] == [
        perp["trade_id"]
    ]
    ((mine,),) = client.on("user.combo_trades.combo.BTC.raw")
    first, *legs = answer["trades"]
    assert mine == first | {"legs": legs}


def test_the_cheaper_side_of_an_option_combo_pays_no_fee() -> None:
    bench = listed_bench()
    client = bench.connect("maker")
    call, put = "BTC-25SEP26-80000-C", "BTC-25SEP26-80000-P"
    trades = [
        {"instrument_name": name, "amount": 1, "direction": side}
        for name, side in ((call, "buy"), (put, "sell"))
    ]
    combo = client.call("private/create_combo", trades=trades)["id"]
    before = client.call("private/get_account_summary", currency="BTC")["balance"]
    bench.place("sell", -0.0021, 1, instrument=combo, account="other")
    answer = client.buy(-0.0021, 1, instrument_name=combo)
    whole, bought, sold = answer["trades"]
    assert bought["price"] - sold["price"] == pytest.approx(-0.0021)
    assert sorted(leg["fee"] for leg in (bought, sold)) == [0.0, 0.0003]
    after = client.call("private/get_account_summary", currency="BTC")["balance"]
    assert after - before == pytest.approx(0.0021 - 0.0003)
    assert whole["fee"] == 0.0
    exchange = bench.venue.exchange
    assert exchange.markets[call].open_interest_lots == 10
    assert exchange.markets[put].open_interest_lots == 10
    assert exchange.markets[combo].open_interest_lots == 0
