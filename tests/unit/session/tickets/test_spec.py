"""What a ticket asks for: what is refused, with which words, and what is sent."""

from decimal import Decimal
from typing import Any

import pytest

from engine._core.base.instrument import InstrumentTable
from engine.session.tickets.spec import Spec, TicketError, request_of, spec_from
from tests.generators.frames import INSTRUMENTS

PERP, OPTION, SPOT = "BTC-PERPETUAL", "BTC-21SEP26-68000-C", "BTC_USDC"
SPOT_ROW = {
    "instrument_name": SPOT,
    "kind": "spot",
    "instrument_type": "linear",
    "tick_size": 1.0,
    "contract_size": 0.0001,
    "min_trade_amount": 0.0001,
}


@pytest.fixture
def table() -> InstrumentTable:
    table = InstrumentTable()
    for row in (*INSTRUMENTS, SPOT_ROW):
        table.add(row)
    return table


def build(table: InstrumentTable, **fields: Any) -> dict[str, Any]:
    spec = spec_from({"instrument": PERP, "side": "buy", "amount": 10, **fields})
    index = table.index_of(spec.instrument)
    _, params = request_of(spec, table, index, "hs-00000001-t-1", 7)
    return params


def test_a_stop_says_all_that_the_venue_wants_to_know(table: InstrumentTable) -> None:
    spec = Spec(
        PERP, "sell", Decimal("100"), "stop_limit", price=Decimal("58000.5"),
        trigger="mark_price", trigger_price=Decimal("58100"), reduce_only=True,
    )  # fmt: skip
    assert request_of(spec, table, 0, "hs-00000001-t-1", 1_790_000_000_000) == (
        "private/sell",
        {
            "instrument_name": PERP,
            "amount": 100,
            "type": "stop_limit",
            "price": 58000.5,
            "trigger": "mark_price",
            "trigger_price": 58100,
            "reduce_only": True,
            "label": "hs-00000001-t-1",
            "valid_until": 1_790_000_000_000,
        },
    )


def test_linked_orders_stand_in_the_first_ones_request(table: InstrumentTable) -> None:
    take = {"side": "sell", "amount": 10, "price": 70_000}
    stop = {
        "side": "sell", "amount": 10, "type": "stop_market", "trigger": "last_price",
        "trigger_price": 50_000,
    }  # fmt: skip
    params = build(
        table,
        price=60_000,
        linked="one_triggers_one_cancels_other",
        fill_condition="incremental",
        then=[take, stop],
    )
    assert params["linked_order_type"] == "one_triggers_one_cancels_other"
    assert params["trigger_fill_condition"] == "incremental"
    assert [one["direction"] for one in params["otoco_config"]] == ["sell", "sell"]
    assert params["otoco_config"][1]["trigger_price"] == 50_000


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"price": 1}, "amount: required"),
        ({"amount": "x"}, "amount = 'x': a finite number"),
        ({"amount": "NaN"}, "a finite number"),
        ({"amount": 15, "price": 1}, "amount = 15"),
        ({"amount": 0, "price": 1}, "at least 10"),
        ({"amount": 10, "sise": "buy"}, "sise: unknown; known are instrument, side"),
        ({"amount": 10, "side": "long", "price": 1}, "one of buy, sell"),
        ({"amount": 10, "type": "stop"}, "one of limit, market, market_limit"),
        ({"amount": 10}, "price: required for limit"),
        ({"amount": 10, "price": 0}, "price = 0: more than 0"),
        ({"amount": 10, "price": "0.3"}, "multiple of the tick 0.5"),
        ({"amount": 10, "type": "market", "price": 1}, "price = 1: none for market"),
        ({"amount": 10, "type": "stop_market"}, "trigger: required for stop_market"),
        (
            {"amount": 10, "type": "stop_market", "trigger": "x", "trigger_price": 1},
            "one of index_price, mark_price, last_price",
        ),
        (
            {"amount": 10, "type": "trailing_stop", "trigger": "mark_price"},
            "trigger_offset: required for trailing_stop",
        ),
        (
            {"amount": 10, "price": 1, "trigger": "mark_price"},
            "trigger = 'mark_price': none for limit",
        ),
        (
            {"amount": 10, "type": "market", "time_in_force": "fill_or_kill"},
            "time_in_force = 'fill_or_kill': only for limit, stop_limit, take_limit",
        ),
        (
            {
                "amount": 10, "price": 1, "post_only": True,
                "time_in_force": "immediate_or_cancel",
            },
            "post_only = True: only for good_til_cancelled",
        ),
        ({"amount": 10, "price": 1, "reduce_only": 1}, "true or false"),
        ({"amount": 10, "price": 1, "then": [{}]}, "side: required"),
        ({"amount": 10, "price": 1, "linked": "oco"}, "one of one_triggers_other"),
        (
            {"amount": 10, "price": 1, "linked": "one_cancels_other"},
            "then = 0: 1 linked orders",
        ),
        (
            {"amount": 10, "price": 1, "fill_condition": "first_hit"},
            "linked = '': one of",
        ),
    ],
)  # fmt: skip
def test_refusals_say_what_and_what_is_allowed(
    table: InstrumentTable, fields: dict[str, Any], words: str
) -> None:
    spec = {"instrument": PERP, "side": "buy", **fields}
    with pytest.raises(TicketError) as caught:
        request_of(spec_from(spec), table, 0, "hs-00000001-t-1", 7)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        (OPTION, {"amount": 1, "type": "market"}, "one of limit for option"),
        (OPTION, {"amount": 1, "price": "0.0051"}, "the tick at that price"),
        (SPOT, {"amount": "0.001", "type": "take_market"}, "for spot"),
        (SPOT, {"amount": "0.001", "price": 1, "reduce_only": True}, "not for spot"),
        (
            SPOT,
            {"amount": "0.001", "price": 1, "time_in_force": "good_til_day"},
            "not for spot",
        ),
    ],
)
def test_options_and_spot_take_less(
    table: InstrumentTable, name: str, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(TicketError, match=words):
        build(table, instrument=name, **fields)


def test_numbers_as_text_stay_exact(table: InstrumentTable) -> None:
    params = build(table, instrument=SPOT, amount="0.0003", price="68000")
    assert params["amount"] == 0.0003
