"""Mass quotes at the door: who may, what a whole request must be, what is answered."""

from dataclasses import replace
from typing import Any

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.config import ListingConfig
from tests.unit.sim.venue.client import ETH, PERP, SECOND, Bench, Client
from tests.unit.sim.venue.quoter import GROUP, Quoter, quote

BOTH = quote((79_990.0, 10), (80_010.0, 10))
DATED = "BTC-25DEC26"


@pytest.fixture
def quoter(bench: Bench) -> Quoter:
    return Quoter(bench)


# Who may quote.


def test_cancel_on_disconnect_comes_first(bench: Bench, quoter: Quoter) -> None:
    quoter.client.call("private/disable_cancel_on_disconnect")
    assert quoter.code(BOTH) == 13042
    assert quoter.client.call("private/cancel_quotes", cancel_type="all") == 0
    quoter.client.call("private/enable_cancel_on_disconnect", scope="account")
    assert quoter.codes(BOTH) == []
    later = bench.connect("maker")
    request = {"quote_id": "1", "mmp_group": GROUP, "quotes": [BOTH]}
    assert later.call("private/mass_quote", **request) == {"errors_count": 0}


def test_a_lost_line_takes_the_quotes_along(bench: Bench, quoter: Quoter) -> None:
    quoter.send(BOTH)
    bench.venue.connection_lost(quoter.client.conn, bench.now_ns)
    assert bench.connect("maker").call("private/get_open_orders") == []


def test_accounts_need_both_permissions() -> None:
    maker, taker = default_accounts(1000, 1000)
    for change, code in (
        ({"mass_quotes_enabled": False}, 13902),
        ({"mmp_enabled": False}, 13040),
    ):
        accounts = (replace(maker, **change), taker)  # type: ignore[arg-type]
        client = Bench(VenueConfig(accounts=accounts)).connect("maker")
        client.call("private/enable_cancel_on_disconnect")
        request = {"quote_id": "1", "mmp_group": GROUP, "quotes": [BOTH]}
        assert client.code("private/mass_quote", **request) == code


def test_scope_and_login(bench: Bench) -> None:
    request = {"quote_id": "1", "mmp_group": GROUP, "quotes": [BOTH]}
    reader = bench.connect("maker", "trade:read account:read_write")
    assert reader.code("private/mass_quote", **request) == 13021
    assert reader.code("private/cancel_quotes", cancel_type="all") == 13021
    assert bench.connect().code("private/mass_quote", **request) == 13009


# A whole request.


def test_what_refuses_the_whole_request(bench: Bench, quoter: Quoter) -> None:
    quoter.send(BOTH)
    assert quoter.code(BOTH, mmp_group="unknown") == -32602
    assert quoter.code(BOTH, mmp_group="") == -32602
    assert quoter.code(BOTH, {"instrument_name": PERP}) == -32602
    assert quoter.code(BOTH, quote((2_000.0, 10), None, ETH)) == -32602
    assert quoter.code(BOTH, valid_until=bench.now_ns // 10**6 - 1) == 13888
    assert quoter.code(*[BOTH] * 101) == -32602
    assert quoter.code(quote({"price": "1", "amount": 1})) == -32602
    assert quoter.code(quote([1])) == -32602  # type: ignore[arg-type]
    assert len(quoter.open()) == 2, "none of them changed anything"
    assert quoter.codes(*[BOTH] * 100) == []


@pytest.mark.parametrize("name", ["quote_id", "mmp_group", "quotes"])
def test_three_values_are_required(quoter: Quoter, name: str) -> None:
    request = {"quote_id": "1", "mmp_group": GROUP, "quotes": [BOTH]}
    del request[name]
    assert quoter.client.code("private/mass_quote", **request) == -32602


def test_an_instrument_nobody_knows_refuses_only_its_sides(quoter: Quoter) -> None:
    unknown = quote((1.0, 10), (2.0, 10), "BTC-1JAN20")
    answer = quoter.send(BOTH, unknown)
    codes = [(e["instrument_name"], e["error"]["code"]) for e in answer["errors"]]
    assert codes == [("BTC-1JAN20", 10020)] * 2
    assert len(answer["orders"]) == 2


def test_not_for_spot() -> None:
    listing = ListingConfig(families=("BTC", "BTC_USDC"), options=False)
    accounts = default_accounts(1000, 1000)
    bench = Bench(VenueConfig(accounts=accounts, listing=listing))
    quoter = Quoter(bench)
    index = {"index_name": "btc_usdc", "mmp_group": "usdc"}
    quoter.configure(**index)
    spot = quote((79_000.0, 0.1), None, "BTC_USDC")
    linear = quote((79_000.0, 0.1), None, "BTC_USDC-PERPETUAL")
    assert quoter.codes(spot, linear, mmp_group="usdc") == [("bid", 10020)]


def test_a_closed_book_refuses_its_sides(bench: Bench, quoter: Quoter) -> None:
    bench.venue.set_state(PERP, "locked", bench.now_ns)
    assert quoter.codes(BOTH) == [("bid", 10012), ("ask", 10012)]


def test_more_than_the_limits_are_refused_but_not_cut_off() -> None:
    bench = Bench(VenueConfig(accounts=default_accounts(1000, 1000)))
    bench.place("buy", 79_999.0, 10)
    quoter = Quoter(bench)
    many = [BOTH] * 100
    for _ in range(2):
        assert quoter.codes(*many) == [], "two messages are guaranteed"
    assert quoter.code(*many) == 13903
    bench.advance(SECOND)
    for _ in range(10):
        assert quoter.codes(BOTH) == []
    assert quoter.code(BOTH) == 13903
    assert bench.closing() == []


def test_their_cancels_have_a_limit_of_their_own() -> None:
    quoter = Quoter(Bench(VenueConfig(accounts=default_accounts(1, 1))))
    for _ in range(10):
        assert cancelled(quoter.client, cancel_type="all") == 0
    assert quoter.client.code("private/cancel_quotes", cancel_type="all") == 10028


# Answers.


def test_four_shapes_of_answer(quoter: Quoter) -> None:
    wishes = BOTH, quote((79_990.25, 10), None, DATED)
    answer = quoter.send(*wishes)
    assert set(answer) == {"orders", "trades", "errors"}
    assert quoter.send(*wishes, detailed=False) == {"errors_count": 1}
    at_once = {"wait_for_response": False}
    assert quoter.send(*wishes, detailed=False, **at_once) == {
        "errors_count": 1,
        "pending_requests_count": 2,
    }
    answer = quoter.send(*wishes, **at_once)
    assert (answer["orders"], answer["trades"]) == ([], [])
    assert [(e["instrument_name"], e["side"]) for e in answer["errors"]] == [
        (DATED, "bid")
    ]
    assert answer["pending_requests"] == [
        {"instrument_name": PERP, "side": "bid"},
        {"instrument_name": PERP, "side": "ask"},
    ]


def test_not_waiting_still_quotes(quoter: Quoter) -> None:
    quoter.send(quote((79_980.0, 10)), wait_for_response=False)
    assert quoter.open() == [("buy", 79_980.0, 10.0)]


# What else touches quotes.


def test_order_methods_do_not_reach_quotes(quoter: Quoter) -> None:
    (row,) = quoter.send(quote((79_990.0, 10)))["orders"]
    client, order_id = quoter.client, row["order_id"]
    assert client.code("private/cancel", order_id=order_id) == 10004
    change = {"order_id": order_id, "amount": 20, "price": 79_990.0}
    assert client.code("private/edit", **change) == 10004
    by_label = {"label": "", "instrument_name": PERP, "amount": 20, "price": 79_980.0}
    assert client.code("private/edit_by_label", **by_label) == 10004
    assert client.call("private/cancel_by_label", label="") == 0
    assert client.call("private/get_order_state", order_id=order_id) == row


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("private/cancel_all", {}),
        ("private/cancel_all_by_currency", {"currency": "BTC"}),
        ("private/cancel_all_by_instrument", {"instrument_name": PERP}),
    ],
)
def test_mass_cancels_do(bench: Bench, method: str, params: dict[str, Any]) -> None:
    quoter = Quoter(bench)
    quoter.send(BOTH)
    assert quoter.client.call(method, **params) == 2
    assert quoter.codes(BOTH) == []
    assert quoter.client.call(method, freeze_quotes=True, **params) == 2
    assert quoter.code(BOTH) == 13043


# Cancels of quotes.


def cancelled(client: Client, **params: Any) -> Any:
    return client.call("private/cancel_quotes", **params)


def test_cancel_types(bench: Bench, quoter: Quoter) -> None:
    client = quoter.client
    near = quote((79_990.0, 10), None, quote_set_id="a")
    far = quote((79_000.0, 10), None, DATED, quote_set_id="b")
    for params, gone in (
        ({"cancel_type": "all"}, 2),
        ({"cancel_type": "quote_set_id", "quote_set_id": "a"}, 1),
        ({"cancel_type": "quote_set_id", "quote_set_id": "c"}, 0),
        ({"cancel_type": "instrument", "instrument_name": DATED}, 1),
        ({"cancel_type": "instrument_kind", "kind": "future"}, 2),
        ({"cancel_type": "instrument_kind", "kind": "combo"}, 0),
        ({"cancel_type": "currency", "currency": "BTC"}, 2),
        ({"cancel_type": "currency", "currency": "ETH"}, 0),
        ({"cancel_type": "currency_pair", "currency_pair": "btc_usd"}, 2),
        ({"cancel_type": "currency_pair", "currency_pair": "eth_usd"}, 0),
        ({"cancel_type": "delta", "min_delta": -1, "max_delta": 1}, 0),
    ):
        client.buy(79_000.0, 10)
        quoter.send(near, far)
        assert cancelled(client, **params) == gone, params
        assert len(quoter.open()) == 3 - gone, params
        client.call("private/cancel_all")
        bench.advance(SECOND)


@pytest.mark.parametrize(
    "cancel_type",
    ["delta", "quote_set_id", "instrument", "currency", "currency_pair"],
)
def test_a_cancel_type_needs_what_it_goes_by(quoter: Quoter, cancel_type: str) -> None:
    code = quoter.client.code("private/cancel_quotes", cancel_type=cancel_type)
    assert code == -32602


def test_detailed_cancels_list_the_quotes(quoter: Quoter) -> None:
    quoter.send(BOTH)
    rows = cancelled(quoter.client, cancel_type="all", detailed=True)
    assert [row["order_state"] for row in rows] == ["cancelled", "cancelled"]


def test_a_freeze_of_one_second(bench: Bench, quoter: Quoter) -> None:
    quoter.send(BOTH)
    cancelled(quoter.client, cancel_type="all", freeze_quotes=True)
    bench.advance(SECOND - 1)
    assert quoter.code(BOTH) == 13043
    bench.advance(1)
    assert quoter.codes(BOTH) == []


def test_delta_ranges_choose_options() -> None:
    listing = ListingConfig(families=("BTC",), strikes_each_side=5)
    bench = Bench(VenueConfig(accounts=default_accounts(1000, 1000), listing=listing))
    quoter = Quoter(bench)
    markets = bench.venue.exchange.markets.values()
    calls = [m for m in markets if m.instrument.contract.option_type == "call"][:11]
    deltas = [m.theory.delta for m in calls if m.theory is not None]
    quoter.send(*[quote((0.0001, 0.1), None, m.instrument.name) for m in calls])
    within = sum(0.3 <= delta <= 0.7 for delta in deltas)
    assert 0 < within < len(calls)
    gone = cancelled(
        quoter.client, cancel_type="delta", min_delta=0.3, max_delta=0.7, detailed=True
    )
    assert len(gone) == within
    assert len(quoter.open()) == len(calls) - within


def test_settlement_refuses_even_cancels(bench: Bench, quoter: Quoter) -> None:
    quoter.send(BOTH)
    bench.venue.set_state(PERP, "settlement", bench.now_ns)
    assert quoter.client.code("private/cancel_quotes", cancel_type="all") == 10041
    assert quoter.codes(quote((None, 0))) == [("bid", 10041)]
    assert len(quoter.open()) == 2
