"""Fills are told to the session: once, whole, and after their frame."""

from decimal import Decimal
from typing import Any

from tests.rig import NAME, Rig

TRADES = "user.trades.any.any.raw"
TRADE: dict[str, Any] = {
    "trade_id": "400000001",
    "trade_seq": 12,
    "order_id": "94166",
    "instrument_name": NAME,
    "label": "hs-00000007-3-41",
    "price": 5000.5,
    "amount": 20.0,
    "direction": "buy",
    "liquidity": "M",
    "fee": 6.0e-7,
    "fee_currency": "BTC",
    "timestamp": 1784494768235,
    "state": "filled",
}


def test_a_fill_is_told_with_everything_the_venue_said() -> None:
    rig = Rig()
    rig.push(TRADES, [TRADE])
    assert rig.session.told("fill") == [
        {
            "instrument": rig.index,
            "name": NAME,
            "side": "bid",
            "lots": 2,
            "price_ticks": 10001,
            "price": Decimal("5000.5"),
            "fee_e12": 600_000,
            "fee": Decimal("6E-7"),
            "fee_currency": "BTC",
            "trade_id": "400000001",
            "trade_seq": 12,
            "order_id": "94166",
            "label": "hs-00000007-3-41",
            "run": 7,
            "slot": 3,
            "is_maker": True,
            "venue_ms": 1784494768235,
            "now_ns": rig.t_ns,
        }
    ]


def test_a_fill_is_told_once_however_often_it_is_heard_of() -> None:
    rig = Rig()
    rig.push(TRADES, [TRADE, TRADE])
    rig.push("user.changes.any.any.raw", {"trades": [TRADE], "orders": []})
    rig.core.trade(TRADE)
    assert len(rig.session.told("fill")) == rig.core.fills_booked() == 1


def test_a_fetched_fill_is_told_like_one_that_was_heard() -> None:
    heard, fetched = Rig(), Rig()
    heard.push(TRADES, [TRADE])
    fetched.core.trade(TRADE)
    assert fetched.session.told("fill") == heard.session.told("fill")


def test_a_fill_of_another_label_is_told_with_its_label() -> None:
    rig = Rig()
    rig.push(TRADES, [TRADE | {"label": "by hand"}])
    (fill,) = rig.session.told("fill")
    assert (fill["label"], fill["run"], fill["slot"]) == ("by hand", -1, -1)


def test_a_fill_of_an_unknown_instrument_is_nobody_s() -> None:
    rig = Rig()
    rig.push(TRADES, [TRADE | {"instrument_name": "DOGE-PERPETUAL"}])
    assert rig.session.told("fill") == []


def test_a_price_off_the_grid_is_booked_as_it_is() -> None:
    rig = Rig()
    rig.push(TRADES, [TRADE | {"price": 5000.123, "direction": "sell"}])
    (fill,) = rig.session.told("fill")
    assert (fill["price_ticks"], fill["price"]) == (None, Decimal("5000.123"))
    assert rig.snapshot()["average_price"] == 5000.123
    assert rig.snapshot()["position"] == -20.0


def test_fills_are_told_when_their_whole_frame_has_been_absorbed() -> None:
    rig = Rig()
    seen = []
    rig.session.on_fill = lambda fill: seen.append(  # type: ignore[method-assign]
        (fill["trade_id"], rig.core.fills_booked())
    )
    rig.push(TRADES, [TRADE, TRADE | {"trade_id": "400000002"}])
    assert seen == [("400000001", 2), ("400000002", 2)]


def test_a_session_that_fails_at_a_fill_halts_the_core() -> None:
    rig = Rig()

    def fail(fill: dict[str, Any]) -> None:
        raise ValueError("no")

    rig.session.on_fill = fail  # type: ignore[method-assign]
    rig.push(TRADES, [TRADE])
    assert "on_fill" in rig.halted()
