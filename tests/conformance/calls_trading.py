"""Right calls of the methods that trade."""

from __future__ import annotations

from typing import Any

from tests.conformance.day import PERPETUAL, SPOT, Day
from tests.conformance.ways import Params, Way, fixed, named, of_currency


def order(**more: Any) -> Way:
    """Return a way to place an order of the perpetual that rests far away."""

    async def way(day: Day) -> Params:
        params = {"instrument_name": PERPETUAL, "amount": 10, **more}
        if params.get("type", "limit") == "limit":
            params.setdefault("price", await day.below(5))
        return params

    return way


def triggered(kind: str, percent: float, **more: Any) -> Way:
    """Return a way to place a trigger order some percent from the market."""

    async def way(day: Day) -> Params:
        at = await day.above(percent)
        params = {
            "instrument_name": PERPETUAL,
            "amount": 10,
            "type": kind,
            "trigger": "mark_price",
            "trigger_price": at,
            **more,
        }
        return {**params, "price": at} if kind.endswith("_limit") else params

    return way


def linked(kind: str) -> Way:
    """Return a way to place an order with another that depends on it."""

    async def way(day: Day) -> Params:
        stop = {
            "amount": 10,
            "direction": "sell",
            "type": "stop_market",
            "trigger": "mark_price",
            "trigger_price": await day.below(8),
            "reduce_only": True,
        }
        take = {
            **stop,
            "type": "take_market",
            "trigger_price": await day.above(8),
        }
        both = kind == "one_triggers_one_cancels_other"
        other = {
            "amount": 10,
            "direction": "buy",
            "type": "limit",
            "price": await day.below(6),
        }
        config = [other] if kind == "one_cancels_other" else [stop, take][: 1 + both]
        return {
            "instrument_name": PERPETUAL,
            "amount": 10,
            "price": await day.below(5),
            "label": day.fresh("linked"),
            "linked_order_type": kind,
            "trigger_fill_condition": "first_hit",
            "otoco_config": config,
        }

    return way


async def _buy_option(day: Day) -> Params:
    row = day.listed[day.option]
    return {
        "instrument_name": day.option,
        "amount": row["min_trade_amount"],
        "price": await day.below(10, day.option),
        "post_only": True,
    }


async def _buy_spot(day: Day) -> Params:
    row = day.listed[SPOT]
    return {
        "instrument_name": SPOT,
        "amount": row["min_trade_amount"],
        "price": await day.below(5, SPOT),
    }


async def _sell_above(day: Day) -> Params:
    return {
        "instrument_name": PERPETUAL,
        "contracts": 2,
        "price": await day.above(5),
        "label": day.fresh("sell"),
        "post_only": True,
        "reject_post_only": True,
        "valid_until": day.now_ms + 60_000,
    }


async def _iceberg(day: Day) -> Params:
    return {
        "instrument_name": PERPETUAL,
        "amount": 10_000,
        "display_amount": 1_000,
        "price": await day.below(5),
    }


async def _edit(day: Day) -> Params:
    resting = await day.resting()
    return {"order_id": resting["order_id"], "amount": 20, "price": await day.below(4)}


async def _edit_stop(day: Day) -> Params:
    placed = await day.client.call(
        "private/sell",
        instrument_name=PERPETUAL,
        amount=10,
        type="stop_market",
        trigger="mark_price",
        trigger_price=await day.below(9),
    )
    return {
        "order_id": placed["order"]["order_id"],
        "amount": 10,
        "trigger_price": await day.below(8),
    }


async def _edit_by_label(day: Day) -> Params:
    label = day.fresh("edited")
    await day.resting(label=label)
    return {
        "label": label,
        "instrument_name": PERPETUAL,
        "amount": 30,
        "price": await day.below(4),
    }


async def _cancel(day: Day) -> Params:
    return {"order_id": (await day.resting())["order_id"]}


async def _cancel_label(day: Day) -> Params:
    label = day.fresh("labelled")
    await day.resting(label=label)
    return {"label": label, "currency": "BTC"}


async def _close(day: Day) -> Params:
    await day.bought()
    return {"instrument_name": PERPETUAL, "type": "market"}


async def _close_limit(day: Day) -> Params:
    await day.bought()
    return {
        "instrument_name": PERPETUAL,
        "type": "limit",
        "price": await day.above(5),
    }


async def _move(day: Day) -> Params:
    """Move a little to the account's own subaccount, the second after it."""
    uid = day.login.user_id
    asked = {"instrument_name": PERPETUAL}
    while abs((await day.client.call("private/get_position", **asked))["size"]) < 20:
        await day.bought(50)
    return {
        "currency": "BTC",
        "source_uid": uid,
        "target_uid": uid + 2,
        "trades": [{"instrument_name": PERPETUAL, "amount": 10}],
    }


async def _mass_quote(day: Day) -> Params:
    group = await day.group()
    return {
        "quote_id": day.fresh("quote"),
        "mmp_group": group,
        "detailed": True,
        "quotes": [
            {
                "instrument_name": PERPETUAL,
                "quote_set_id": "futures",
                "bid": {"price": await day.below(3), "amount": 10},
                "ask": {"price": await day.above(3), "amount": 10},
            }
        ],
    }


async def _mass_quote_short(day: Day) -> Params:
    return {**await _mass_quote(day), "detailed": False, "wait_for_response": True}


def cancel_quotes(what: str, **more: Any) -> Way:
    """Return a way to cancel quotes; the schema always wants currency and pair."""
    return fixed(cancel_type=what, currency="BTC", currency_pair="btc_usd", **more)


async def _reset_mmp(day: Day) -> Params:
    return {"index_name": "btc_usd", "mmp_group": await day.group()}


ALL_KINDS = {"kind": "future", "type": "limit"}

TRADING: dict[str, tuple[Way, ...]] = {
    "private/buy": (
        order(),
        order(post_only=True, label="a label"),
        order(type="market"),
        order(type="market_limit"),
        order(time_in_force="immediate_or_cancel"),
        order(time_in_force="good_til_day"),
        triggered("stop_market", 3),
        triggered("stop_limit", 3),
        triggered("take_market", -3),
        triggered("take_limit", -3),
        order(type="trailing_stop", trigger="mark_price", trigger_offset=500),
        linked("one_triggers_other"),
        linked("one_cancels_other"),
        linked("one_triggers_one_cancels_other"),
        _iceberg,
        _buy_option,
        _buy_spot,
    ),
    "private/sell": (
        _sell_above,
        order(type="market"),
        triggered("stop_market", -3, reduce_only=False),
        triggered("take_limit", 3),
        order(type="trailing_stop", trigger="index_price", trigger_offset=500),
    ),
    "private/edit": (_edit, _edit_stop),
    "private/edit_by_label": (_edit_by_label,),
    "private/cancel": (_cancel,),
    "private/cancel_all": (fixed(), fixed(detailed=True)),
    "private/cancel_all_by_currency": (
        *of_currency("BTC"),
        *of_currency("ETH", **ALL_KINDS),
    ),
    "private/cancel_all_by_currency_pair": (
        fixed(currency_pair="btc_usd"),
        fixed(currency_pair="btc_usdc", **ALL_KINDS),
    ),
    "private/cancel_all_by_instrument": (
        *named(PERPETUAL),
        *named(PERPETUAL, type="trigger_all"),
    ),
    "private/cancel_all_by_kind_or_type": (
        *of_currency("BTC"),
        fixed(currency=["BTC", "ETH"], **ALL_KINDS),
        fixed(currency="any", type="stop"),
    ),
    "private/cancel_by_label": (_cancel_label, fixed(label="nobody has it")),
    "private/close_position": (_close, _close_limit),
    "private/mass_quote": (_mass_quote, _mass_quote_short),
    "private/cancel_quotes": (
        cancel_quotes("all"),
        cancel_quotes("currency"),
        cancel_quotes("currency_pair"),
        cancel_quotes("instrument", instrument_name=PERPETUAL),
        cancel_quotes("instrument_kind", kind="future"),
        cancel_quotes("quote_set_id", quote_set_id="futures"),
        cancel_quotes("delta", min_delta=0.2, max_delta=0.8),
    ),
    "private/get_mmp_config": (fixed(), fixed(index_name="btc_usd")),
    "private/get_mmp_status": (fixed(), fixed(index_name="btc_usd")),
    "private/move_positions": (_move,),
    "private/reset_mmp": (_reset_mmp,),
    "private/set_mmp_config": (
        fixed(
            index_name="eth_usd",
            interval=1,
            frozen_time=1,
            max_quote_quantity=10,
            quantity_limit=5,
            delta_limit=2,
        ),
        fixed(
            index_name="btc_usd",
            mmp_group="second",
            interval=0,
            frozen_time=0,
            max_quote_quantity=1,
        ),
    ),
}
