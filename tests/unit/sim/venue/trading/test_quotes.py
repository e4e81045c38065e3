"""What one side of a quote does: enter, amend, cancel, wait, be refused."""

from typing import Any

import orjson
import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.markets.matching import BUY, SELL
from tests.unit.sim.venue.client import MS, PERP, SECOND, Bench
from tests.unit.sim.venue.quoter import GROUP, Quoter, quote

DATED = "BTC-25DEC26"


@pytest.fixture
def quoter(bench: Bench) -> Quoter:
    return Quoter(bench)


def test_two_sides_stand_and_show_what_they_are(quoter: Quoter) -> None:
    answer = quoter.send(quote((79_990.0, 10), (80_010.0, 20), quote_set_id="s"))
    assert answer["errors"] == answer["trades"] == []
    bid, ask = answer["orders"]
    assert (bid["direction"], ask["direction"]) == ("buy", "sell")
    for row in (bid, ask):
        assert row["quote"] is True
        assert (row["quote_id"], row["quote_set_id"]) == ("1", "s")
        assert (row["mmp"], row["mmp_group"]) == (True, GROUP)
        assert (row["api"], row["label"]) == (False, "")
        assert row["time_in_force"] == "good_til_cancelled"
    assert quoter.client.call("private/get_open_orders") == [bid, ask]


def test_a_new_quote_takes_the_place_of_the_old(quoter: Quoter) -> None:
    first = quoter.send(quote((79_990.0, 10), (80_010.0, 10)))["orders"]
    second = quoter.send(quote((79_980.0, 30)))["orders"]
    assert quoter.open() == [("buy", 79_980.0, 30.0), ("sell", 80_010.0, 10.0)]
    assert second[0]["order_id"] == first[0]["order_id"]
    assert second[0]["quote_id"] == "2"
    assert second[0]["replaced"] is False


def test_price_or_amount_alone_amends(quoter: Quoter) -> None:
    quoter.send(quote((79_990.0, 10), (80_010.0, 10)))
    quoter.send(quote((79_980.0, None), (None, 30)))
    assert quoter.open() == [("buy", 79_980.0, 10.0), ("sell", 80_010.0, 30.0)]


def test_an_amend_of_nothing_is_refused(quoter: Quoter) -> None:
    wishes = quote((79_980.0, None), (None, 30)), quote((79_980.0, 0), None)
    assert quoter.codes(*wishes) == [("bid", 10004), ("ask", 10004), ("bid", 10004)]
    assert quoter.codes(quote({"post_only": True})) == [("bid", 11029)]


def test_amount_zero_cancels(quoter: Quoter) -> None:
    quoter.send(quote((79_990.0, 10), (80_010.0, 10)))
    (row,) = quoter.send(quote((79_990.0, 0)))["orders"]
    assert (row["order_state"], row["cancel_reason"]) == ("cancelled", "user_request")
    assert quoter.open() == [("sell", 80_010.0, 10.0)]


def test_the_amount_is_what_remains(bench: Bench, quoter: Quoter) -> None:
    quoter.send(quote((79_999.5, 100)))
    bench.place("sell", 79_999.5, 40, time_in_force="immediate_or_cancel")
    (row,) = quoter.client.call("private/get_open_orders")
    assert (row["amount"], row["contracts"], row["filled_amount"]) == (60.0, 6.0, 40.0)
    (row,) = quoter.send(quote((79_999.5, 100)))["orders"]
    assert (row["amount"], row["filled_amount"]) == (100.0, 40.0)
    bench.place("sell", 79_999.5, 100, time_in_force="immediate_or_cancel")
    assert quoter.open() == []
    (row,) = quoter.send(quote((79_999.5, 10)))["orders"]
    assert row["filled_amount"] == 0.0


@pytest.mark.parametrize(
    ("change", "keeps"),
    [
        (quote((79_990.0, 90)), True),
        (quote((79_990.0, 100), quote_set_id="other"), True),
        (quote((79_990.0, 90), quote_set_id="other"), True),
        (quote((None, 90)), True),
        (quote((79_990.0, 100)), False),
        (quote((79_990.0, 110)), False),
        (quote((79_990.0, 110), quote_set_id="other"), False),
    ],
)
def test_priority(bench: Bench, quoter: Quoter, change: Any, keeps: bool) -> None:
    quoter.send(quote((79_990.0, 100)))
    bench.place("buy", 79_990.0, 10)
    quoter.send(change)
    ours_first = quoter.queue(BUY, 79_990.0) == ["maker", "flow"]
    assert ours_first is keeps


def test_one_side_keeps_its_place_while_the_other_moves(
    bench: Bench, quoter: Quoter
) -> None:
    quoter.send(quote((79_990.0, 100), (80_010.0, 100)))
    bench.place("buy", 79_990.0, 10)
    bench.place("sell", 80_010.0, 10)
    quoter.send(quote((79_990.0, 90), (80_010.0, 100)))
    assert quoter.queue(BUY, 79_990.0) == ["maker", "flow"]
    assert quoter.queue(SELL, 80_010.0) == ["flow", "maker"]


def test_sides_that_move_together_do_not_meet(quoter: Quoter) -> None:
    quoter.send(quote((79_999.5, 10), (80_000.0, 10)))
    assert quoter.codes(quote((80_000.0, 10), (80_000.5, 10))) == []
    assert quoter.codes(quote((79_999.5, 10), (80_000.0, 10))) == []
    assert quoter.codes(quote((80_000.5, 10), (None, 0))) == []
    assert quoter.open() == [("buy", 80_000.5, 10.0)]


def test_a_side_that_meets_the_other_is_refused(quoter: Quoter) -> None:
    assert quoter.codes(quote((80_000.0, 10), (79_999.5, 10))) == [("ask", 10003)]
    assert quoter.open() == [("buy", 80_000.0, 10.0)]
    quoter.bench.venue.exchange.accounts["maker"].self_trade_mode = "cancel_maker"
    assert quoter.codes(quote(None, (80_000.0, 10))) == [("ask", 10003)]


@pytest.mark.parametrize(
    ("bid", "code"),
    [
        ((79_990.3, 10), 10043),
        ((79_990.0, 15), 10021),
        ((79_990.0, 5), 10002),
        ((-1.0, 10), 10023),
        ((90_000.0, 10), 10007),
        ((79_990.0, 1_000_000), 11030),
        ({"price": 80_001.0, "post_only": True, "reject_post_only": True}, 11054),
    ],
)
def test_a_refused_amend_takes_its_side_away_and_no_other(
    quoter: Quoter, bid: Any, code: int
) -> None:
    quoter.send(quote((79_990.0, 10), (80_010.0, 10)))
    answer = quoter.send(quote(bid, (80_020.0, 20)))
    (error,) = answer["errors"]
    assert (error["instrument_name"], error["side"]) == (PERP, "bid")
    assert error["error"]["code"] == code
    ask, bid = answer["orders"]
    assert (ask["order_state"], bid["order_state"]) == ("open", "cancelled")
    reason = bid["cancel_reason"]
    assert reason == ("edit_post_only_reject" if code == 11054 else "user_request")
    assert quoter.open() == [("sell", 80_020.0, 20.0)]


def test_post_only_slides(quoter: Quoter) -> None:
    bid = {"price": 80_005.0, "amount": 10, "post_only": True}
    (row,) = quoter.send(quote(bid))["orders"]
    assert (row["price"], row["post_only"]) == (80_000.5, True)


def test_an_aggressive_quote_trades_at_once(quoter: Quoter) -> None:
    answer = quoter.send(quote((80_001.0, 1_500)))
    (trade,) = answer["trades"]
    assert (trade["amount"], trade["liquidity"]) == (1_000.0, "T")
    assert (trade["quote_id"], trade["mmp"]) == ("1", True)
    (row,) = answer["orders"]
    assert (row["amount"], row["filled_amount"]) == (500.0, 1_000.0)


def test_quotes_of_one_request_are_done_in_order(quoter: Quoter) -> None:
    wishes = quote((79_990.0, 10)), quote((79_980.0, 20)), quote((None, 30))
    assert quoter.codes(*wishes) == []
    assert quoter.open() == [("buy", 79_980.0, 30.0)]


def test_groups_do_not_see_each_other(quoter: Quoter) -> None:
    quoter.configure(mmp_group="two")
    quoter.send(quote((79_990.0, 10)))
    quoter.send(quote((79_980.0, 10)), mmp_group="two")
    assert len(quoter.open()) == 2
    quoter.send(quote((None, 0)), mmp_group="two")
    assert quoter.open() == [("buy", 79_990.0, 10.0)]


def test_a_group_that_triggers_takes_its_quotes_along(
    bench: Bench, quoter: Quoter
) -> None:
    quoter.configure(quantity_limit=0.5)
    quoter.configure(mmp_group="two")
    quoter.client.listen("user.mmp_trigger.btc_usd", f"user.orders.{PERP}.raw")
    quoter.send(
        quote((79_999.5, 80_000), (80_000.5, 10)), quote((79_000.0, 10), None, DATED)
    )
    quoter.send(quote((79_990.0, 10)), mmp_group="two")
    bench.place("sell", 79_999.5, 40_000, time_in_force="immediate_or_cancel")
    assert quoter.open() == [("buy", 79_990.0, 10.0)]
    (notice,) = quoter.client.on("user.mmp_trigger.btc_usd")
    assert notice["mmp_group"] == GROUP
    assert notice["frozen_until"] == (bench.now_ns + 5 * SECOND) // MS
    gone = quoter.client.on(f"user.orders.{PERP}.raw")[-2:]
    assert all(row["mmp_cancelled"] for row in gone)
    assert quoter.code(quote((79_990.0, 10))) == 13030
    bench.advance(5 * SECOND)
    assert quoter.codes(quote((79_990.0, 10))) == []


# The speed bump.


def ask_later(quoter: Quoter, *quotes: dict[str, Any], **more: Any) -> None:
    params = {"quote_id": "9", "mmp_group": GROUP, "detailed": True} | more
    params["quotes"] = list(quotes)
    frame = {"id": 900, "method": "private/mass_quote", "params": params}
    quoter.client.send(orjson.dumps({"jsonrpc": "2.0", **frame}))


def answered(quoter: Quoter) -> Any:
    quoter.client.take()
    found = [f for f in quoter.client.frames if f.get("id") == 900]
    return found[0]["result"] if found else None


def test_the_answer_waits_for_the_last_side_in_the_bump(
    bench: Bench, quoter: Quoter
) -> None:
    bench.place("sell", 80_100.0, 20, instrument=DATED)
    wishes = quote((80_100.0, 10), (80_200.0, 10), DATED), quote((79_990.0, 10))
    ask_later(quoter, *wishes)
    bench.advance(10 * MS - 1)
    assert answered(quoter) is None
    assert ("sell", 80_200.0, 10.0) in quoter.open()
    bench.advance(1)
    answer = answered(quoter)
    assert len(answer["orders"]) == 3
    assert answer["orders"][0]["order_state"] == "filled"
    assert len(answer["trades"]) == 1


def test_a_side_in_the_bump_cannot_be_amended_but_stays(
    bench: Bench, quoter: Quoter
) -> None:
    bench.place("sell", 80_100.0, 20, instrument=DATED)
    ask_later(quoter, quote((80_100.0, 30), None, DATED))
    assert quoter.codes(quote((80_000.0, 10), None, DATED)) == [("bid", 11030)]
    bench.advance(10 * MS)
    assert quoter.open() == [("buy", 80_100.0, 10.0)]


def test_amount_zero_makes_the_bumped_immediate_or_cancel(
    bench: Bench, quoter: Quoter
) -> None:
    bench.place("sell", 80_100.0, 20, instrument=DATED)
    ask_later(quoter, quote((80_100.0, 30), None, DATED))
    assert quoter.codes(quote((None, 0), None, DATED)) == []
    bench.advance(10 * MS)
    (row,) = answered(quoter)["orders"]
    assert (row["order_state"], row["filled_amount"]) == ("cancelled", 20.0)


def test_a_side_in_the_bump_counts_towards_the_bound(
    bench: Bench, quoter: Quoter
) -> None:
    quoter.configure(max_quote_quantity=1)
    bench.place("sell", 80_000.0, 80_000, instrument=DATED)
    ask_later(quoter, quote((80_000.0, 80_000), None, DATED))
    group = bench.venue.exchange.accounts["maker"].mmp_groups[("btc_usd", GROUP)]
    market = bench.venue.exchange.markets[DATED]
    assert group.room(market, BUY) == 0
    assert group.room(market, SELL) == 10**18


def test_a_trigger_makes_the_bumped_immediate_or_cancel(
    bench: Bench, quoter: Quoter
) -> None:
    quoter.configure(quantity_limit=0.5)
    bench.place("sell", 80_100.0, 20, instrument=DATED)
    quoter.send(quote((79_999.5, 80_000)))
    ask_later(quoter, quote((80_100.0, 30), None, DATED))
    bench.place("sell", 79_999.5, 80_000, time_in_force="immediate_or_cancel")
    bench.advance(10 * MS)
    (row,) = answered(quoter)["orders"]
    assert (row["order_state"], row["cancel_reason"]) == ("cancelled", "mmp_trigger")
    assert row["filled_amount"] == 20.0, "it may still fill in a freeze"


# Combos.


def test_a_spread_may_be_quoted_below_zero() -> None:
    listing = ListingConfig(families=("BTC",), options=False)
    accounts = default_accounts(1_000, 1_000)
    bench = Bench(VenueConfig(accounts=accounts, listing=listing))
    quoter = Quoter(bench, max_quote_quantity=1)
    spread = "BTC-FS-25DEC26_PERP"
    assert quoter.codes(quote((-20.0, 10), (-10.0, 10), spread)) == []
    assert quoter.open() == [("buy", -20.0, 10.0), ("sell", -10.0, 10.0)]
    assert quoter.codes(quote((-20.0, 90_000), None, spread)) == [("bid", 11030)]
    assert quoter.open() == [("sell", -10.0, 10.0)]
    bench.place("buy", -10.0, 10, instrument=spread)
    bench.advance(10 * MS)
    assert quoter.open() == []
