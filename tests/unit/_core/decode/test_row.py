"""Rows: labels, and the fields of orders and trades one by one."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.decode.message import Decoder
from engine._core.decode.row import label

ORDER: dict[str, Any] = {
    "label": "hs-00c0ffee-17-42",
    "price": 65000.5,
    "amount": 100.0,
    "direction": "buy",
    "instrument_name": "BTC-PERPETUAL",
    "order_id": "94166",
    "filled_amount": 30.0,
    "last_update_timestamp": 1767978363493,
    "creation_timestamp": 1,
    "order_state": "open",
}
TRADE: dict[str, Any] = {
    "trade_id": "ETH-2696097",
    "order_id": "ETH-584864807",
    "instrument_name": "ETH-PERPETUAL",
    "label": "hs-ffffffff-0-0",
    "price": 2973.55,
    "amount": 7.0,
    "direction": "sell",
    "liquidity": "M",
    "fee": -8.0e-8,
    "fee_currency": "ETH",
    "trade_seq": 7396,
    "timestamp": 1784494768235,
    "state": "filled",
}


def notify(channel: str, data: Any) -> bytes:
    params = {"channel": channel, "data": data}
    return orjson.dumps({"jsonrpc": "2.0", "method": "subscription", "params": params})


def read_order(decoder: Decoder, **changed: Any) -> dict[str, Any]:
    """Return the one order of a frame; a field given as ... is left out."""
    row = {k: v for k, v in {**ORDER, **changed}.items() if v is not ...}
    return decoder.read(notify("user.orders.any.any.raw", row))


def read_fill(decoder: Decoder, **changed: Any) -> dict[str, Any]:
    row = {k: v for k, v in {**TRADE, **changed}.items() if v is not ...}
    return decoder.read(notify("user.trades.any.any.raw", [row]))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b"hs-00000000-0-0", (0, 0, 0)),
        (b"hs-00c0ffee-17-42", (0xC0FFEE, 17, 42)),
        (b"hs-00c0ffee-t-42", (0xC0FFEE, -1, 42)),
        (
            b"hs-ffffffff-2147483647-9223372036854775807",
            (2**32 - 1, 2**31 - 1, 2**63 - 1),
        ),
    ],
)
def test_label_of_ours(text: bytes, parts: tuple[int, int, int]) -> None:
    assert label(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hs-",
        b"hs-00c0ffee",
        b"hs-00c0ffee-",
        b"hs-00c0ffee-1",
        b"hs-00c0ffee-1-",
        b"hs-00c0ffee--1",
        b"hs-00c0ffee-1-2-",
        b"hs-00c0ffee-1-2-3",
        b"hs-00c0ffee-1-2 ",
        b" hs-00c0ffee-1-2",
        b"hs-00c0ffee-+1-2",
        b"hs-00c0ffee-1-+2",
        b"hs-00c0ffee-01-2",
        b"hs-00c0ffee-1-02",
        b"hs-00c0ffee-00-2",
        b"hs-00C0FFEE-1-2",
        b"hs-0c0ffee-1-2",
        b"hs-000c0ffee-1-2",
        b"hs-00c0ffeg-1-2",
        b"HS-00c0ffee-1-2",
        b"hs-00c0ffee-2147483648-2",
        b"hs-00c0ffee-1-9223372036854775808",
        b"hs-00c0ffee-1-99999999999999999999999999",
        b"hs-00c0ffee-1e2-2",
        b"hs-00c0ffee-t",
        b"hs-00c0ffee-t-",
        b"hs-00c0ffee-tt-2",
        b"hs-00c0ffee-t1-2",
        b"hs-00c0ffee--1-2",
        b"hs-00c0ffee-T-2",
        b"O-19700101-000000-001-001-1",
    ],
)
def test_label_of_somebody_else(text: bytes) -> None:
    assert label(text) is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**31 - 1), st.integers(0, 2**63 - 1))
def test_label_comes_back(run: int, slot: int, sequence: int) -> None:
    assert label(f"hs-{run:08x}-{slot}-{sequence}".encode()) == (run, slot, sequence)


@given(st.binary(max_size=30))
def test_any_text_is_no_label_of_ours(tail: bytes) -> None:
    found = label(b"hs-" + tail)
    if found is not None:
        run, slot, sequence = found
        where = "t" if slot < 0 else slot
        assert b"hs-" + tail == f"hs-{run:08x}-{where}-{sequence}".encode()


def test_order(decoder: Decoder) -> None:
    assert read_order(decoder) == {
        "kind": "private",
        "orders": [
            {
                "instrument": 0,
                "label": (0xC0FFEE, 17, 42),
                "order_id": "94166",
                "status": "open",
                "side": "bid",
                "price_ticks": 130001,
                "amount_lots": 10,
                "filled_lots": 3,
                "venue_ms": 1767978363493,
            }
        ],
        "fills": [],
    }


def test_fill(decoder: Decoder) -> None:
    assert read_fill(decoder) == {
        "kind": "private",
        "orders": [],
        "fills": [
            {
                "instrument": 1,
                "label": (2**32 - 1, 0, 0),
                "order_id": "ETH-584864807",
                "trade_id": "ETH-2696097",
                "label_text": "hs-ffffffff-0-0",
                "side": "ask",
                "is_maker": True,
                "price_ticks": 59471,
                "price": Decimal("2973.55"),
                "qty_lots": 7,
                "fee_e12": -80000,
                "fee": Decimal("-8E-8"),
                "fee_currency": "ETH",
                "trade_seq": 7396,
                "venue_ms": 1784494768235,
            }
        ],
    }


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("open", "open"),
        ("filled", "filled"),
        ("cancelled", "cancelled"),
        ("rejected", "rejected"),
        ("untriggered", "other"),
        ("triggered", "other"),
        ("speed_bumped", "other"),
        ("a new word", "other"),
    ],
)
def test_order_states(decoder: Decoder, state: str, status: str) -> None:
    assert read_order(decoder, order_state=state)["orders"][0]["status"] == status


@pytest.mark.parametrize("price", ["market_price", None, ..., 65000.3, 1e30])
def test_order_without_a_price_on_the_grid(decoder: Decoder, price: Any) -> None:
    out = read_order(decoder, price=price)
    assert out["kind"] == "private"
    assert out["orders"][0]["price_ticks"] is None


def test_order_of_an_unknown_instrument_keeps_its_label(decoder: Decoder) -> None:
    out = read_order(decoder, instrument_name="SOL_USDC-PERPETUAL", amount=0.0001)
    (order,) = out["orders"]
    assert out["kind"] == "private"
    assert order["instrument"] == -1
    assert order["label"] == (0xC0FFEE, 17, 42)
    assert order["order_id"] == "94166"
    assert order["price_ticks"] is None
    assert order["amount_lots"] == order["filled_lots"] == 0


def test_fill_of_an_unknown_instrument_keeps_its_label(decoder: Decoder) -> None:
    (fill,) = read_fill(decoder, instrument_name="X", amount=0.0001)["fills"]
    assert (fill["instrument"], fill["price_ticks"], fill["qty_lots"]) == (-1, None, 0)
    assert fill["label"] == (2**32 - 1, 0, 0)


@pytest.mark.parametrize(
    "changed",
    [{"amount": 5.0}, {"amount": -10.0}, {"filled_amount": 0.1}, {"amount": 1e40}],
)
def test_order_amounts_that_do_not_fit(
    decoder: Decoder, changed: dict[str, Any]
) -> None:
    out = read_order(decoder, **changed)
    assert out == {"kind": "out_of_range", "instrument": -1}


@pytest.mark.parametrize("changed", [{"amount": 0.5}, {"amount": -1}, {"fee": 1e8}])
def test_fill_amounts_that_do_not_fit(
    decoder: Decoder, changed: dict[str, Any]
) -> None:
    assert read_fill(decoder, **changed)["kind"] == "out_of_range"


@pytest.mark.parametrize(
    "changed",
    [
        {"order_id": ...},
        {"order_id": ""},
        {"order_id": 94166},
        {"order_id": 'a"b'},
        {"instrument_name": ...},
        {"order_state": None},
        {"direction": "zero"},
        {"direction": ...},
        {"amount": ...},
        {"amount": "100"},
        {"amount": True},
        {"label": 5},
        {"price": []},
    ],
)
def test_order_of_no_known_shape(decoder: Decoder, changed: dict[str, Any]) -> None:
    assert read_order(decoder, **changed) == {"kind": "unknown", "instrument": -1}


@pytest.mark.parametrize("missing", ["trade_id", "order_id", "amount", "direction"])
def test_fill_of_no_known_shape(decoder: Decoder, missing: str) -> None:
    assert read_fill(decoder, **{missing: ...})["kind"] == "unknown"


def test_foreign_order_may_lack_its_amounts(decoder: Decoder) -> None:
    out = read_order(decoder, label="", amount=..., filled_amount=..., price=...)
    (order,) = out["orders"]
    assert order["label"] is None
    assert order["amount_lots"] == order["filled_lots"] == 0


def test_ids_at_the_limit_and_one_past_it(decoder: Decoder) -> None:
    assert read_order(decoder, order_id="9" * 40)["orders"][0]["order_id"] == "9" * 40
    assert read_order(decoder, order_id="9" * 41)["kind"] == "out_of_range"
    assert read_fill(decoder, trade_id="9" * 40)["fills"][0]["trade_id"] == "9" * 40
    assert read_fill(decoder, trade_id="9" * 41)["kind"] == "out_of_range"


def test_an_order_may_get_a_trade_s_keys_one_day(decoder: Decoder) -> None:
    out = read_order(decoder, timestamp=5, fee=1, trade_id="7", liquidity="M")
    assert out["orders"][0]["venue_ms"] == 1767978363493
    assert decoder.surprises == 0


def test_fee_is_rounded_half_away_from_zero(decoder: Decoder) -> None:
    payload = notify("user.trades.any.any.raw", [TRADE]).replace(
        b"-8e-8", b"-0.0000000000025"
    )
    assert decoder.read(payload)["fills"][0]["fee_e12"] == -3
    assert read_fill(decoder, fee=None)["fills"][0]["fee_e12"] == 0
    assert read_fill(decoder, fee=...)["fills"][0]["fee_e12"] == 0


def test_a_fill_off_the_grid_keeps_its_price_and_fee(decoder: Decoder) -> None:
    payload = notify("user.trades.any.any.raw", [TRADE | {"price": 2973.551}])
    payload = payload.replace(b"-8e-8", b"-0.0000000000025")
    (fill,) = decoder.read(payload)["fills"]
    assert (fill["price_ticks"], fill["price"]) == (None, Decimal("2973.551"))
    assert fill["fee"] == Decimal("-2.5E-12")


@pytest.mark.parametrize(
    ("changed", "key", "value"),
    [
        ({"label": "x" * 64}, "label_text", "x" * 64),
        ({"label": "x" * 65}, "label_text", ""),
        ({"label": 'a"b'}, "label_text", ""),
        ({"label": None}, "label_text", ""),
        ({"fee_currency": "C" * 16}, "fee_currency", "C" * 16),
        ({"fee_currency": "C" * 17}, "fee_currency", ""),
        ({"fee_currency": ...}, "fee_currency", ""),
        ({"trade_seq": ...}, "trade_seq", -1),
        ({"trade_seq": None}, "trade_seq", -1),
    ],
)
def test_what_is_only_told_on_may_be_missing(
    decoder: Decoder, changed: dict[str, Any], key: str, value: Any
) -> None:
    out = read_fill(decoder, **changed)
    assert (out["kind"], out["fills"][0][key]) == ("private", value)
