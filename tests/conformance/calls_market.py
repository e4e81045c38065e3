"""Right calls of the session's methods and of those that ask about the market."""

from __future__ import annotations

import hashlib
import hmac

from tests.conformance.day import ETH_PERPETUAL, LINEAR, PERPETUAL, SPOT, Day
from tests.conformance.ways import (
    Params,
    Way,
    fixed,
    lately,
    named,
    of_currency,
    option,
)

# Logging in.


def _credentials(day: Day) -> Params:
    """Return a login; the schema wants the parameters of every grant at once."""
    return {
        "grant_type": "client_credentials",
        "client_id": day.login.name,
        "client_secret": day.login.secret,
        "refresh_token": "",
        "timestamp": 0,
        "signature": "",
    }


def _signature(day: Day) -> Params:
    moment, nonce = day.now_ms, day.fresh("nonce")
    text = f"{moment}\n{nonce}\n".encode()
    signed = hmac.new(day.login.secret.encode(), text, hashlib.sha256).hexdigest()
    return {
        **_credentials(day),
        "grant_type": "client_signature",
        "client_secret": "",
        "timestamp": moment,
        "nonce": nonce,
        "data": "",
        "signature": signed,
        "scope": "session:signed trade:read",
        "state": "as it was sent",
    }


async def _renewable(day: Day) -> str:
    """Return the refresh token of a new session."""
    token = await day.client.call(
        "public/auth",
        grant_type="client_credentials",
        client_id=day.login.name,
        client_secret=day.login.secret,
        scope=f"session:{day.fresh('renewable')}",
    )
    return str(token["refresh_token"])


async def _refresh(day: Day) -> Params:
    return {
        **_credentials(day),
        "grant_type": "refresh_token",
        "refresh_token": await _renewable(day),
    }


async def _fork(day: Day) -> Params:
    token = await _renewable(day)
    return {"refresh_token": token, "session_name": day.fresh("forked")}


async def _exchange(day: Day) -> Params:
    token = await _renewable(day)
    return {"refresh_token": token, "subject_id": day.login.user_id}


SESSION: dict[str, tuple[Way, ...]] = {
    "public/auth": (_credentials, _signature, _refresh),
    "public/disable_heartbeat": (fixed(),),
    "public/exchange_token": (_exchange,),
    "public/fork_token": (_fork,),
    "public/get_time": (fixed(),),
    "public/hello": (fixed(client_name="conformance", client_version="1"),),
    "public/set_heartbeat": (fixed(interval=30),),
    "public/status": (fixed(),),
    "public/subscribe": (fixed(channels=["platform_state"]), fixed(channels=[])),
    "public/test": (fixed(),),
    "public/unsubscribe": (fixed(channels=["platform_state"]),),
    "public/unsubscribe_all": (fixed(),),
    "private/disable_cancel_on_disconnect": (
        fixed(),
        fixed(scope="connection"),
        fixed(scope="account"),
    ),
    "private/enable_cancel_on_disconnect": (fixed(), fixed(scope="connection")),
    "private/get_cancel_on_disconnect": (
        fixed(),
        fixed(scope="account"),
        fixed(scope="connection"),
    ),
    "private/logout": (fixed(), fixed(invalidate_token=False)),
    "private/subscribe": (
        fixed(channels=["user.portfolio.btc"], label="labelled"),
        fixed(channels=["user.orders.any.any.raw"]),
    ),
    "private/unsubscribe": (fixed(channels=["user.portfolio.btc"]),),
    "private/unsubscribe_all": (fixed(),),
}

# The market.

CURRENCIES = ("BTC", "ETH", "USDC")
TRADED = (PERPETUAL, ETH_PERPETUAL, LINEAR, SPOT)
PERPETUALS = (PERPETUAL, ETH_PERPETUAL, LINEAR)


def _by_id(day: Day) -> Params:
    return {"instrument_id": day.listed[PERPETUAL]["instrument_id"], "depth": 5}


async def _last_seq(day: Day) -> Params:
    found = await day.client.call(
        "public/get_last_trades_by_instrument", instrument_name=PERPETUAL, count=1
    )
    newest = max((one["trade_seq"] for one in found["trades"]), default=1)
    return {
        "instrument_name": PERPETUAL,
        "start_seq": max(1, newest - 20),
        "end_seq": newest,
        "count": 5,
        "sorting": "asc",
    }


async def _last_id(day: Day) -> Params:
    found = await day.client.call(
        "public/get_last_trades_by_currency", currency="BTC", count=1
    )
    newest = [one["trade_id"] for one in found["trades"]]
    bound = {"end_id": newest[0]} if newest else {}
    return {"currency": "BTC", "kind": "future", **bound}


MARKET: dict[str, tuple[Way, ...]] = {
    "public/get_announcements": (fixed(), fixed(count=5)),
    "public/get_book_summary_by_currency": (
        *of_currency(*CURRENCIES),
        *of_currency("BTC", kind="option"),
        *of_currency("BTC", kind="future"),
        *of_currency("USDC", kind="spot"),
    ),
    "public/get_book_summary_by_instrument": (*named(*TRADED), option()),
    "public/get_combo_details": (lambda day: {"combo_id": day.combo},),
    "public/get_combo_ids": (*of_currency("BTC"), *of_currency("BTC", state="active")),
    "public/get_combos": of_currency("BTC", "any"),
    "public/get_contract_size": (*named(*TRADED), option()),
    "public/get_currencies": (fixed(),),
    "public/get_delivery_prices": (
        fixed(index_name="btc_usd"),
        fixed(index_name="eth_usd", offset=1, count=5),
    ),
    "public/get_expirations": (
        fixed(currency="BTC", kind="future"),
        fixed(currency="any", kind="any"),
        fixed(currency="grouped", kind="option"),
    ),
    "public/get_funding_chart_data": (
        *named(PERPETUAL, length="8h"),
        *named(LINEAR, length="24h"),
        *named(ETH_PERPETUAL, length="1m"),
    ),
    "public/get_funding_rate_history": tuple(
        lately(instrument_name=name) for name in PERPETUALS
    ),
    "public/get_funding_rate_value": tuple(
        lately(instrument_name=name) for name in PERPETUALS
    ),
    "public/get_historical_volatility": of_currency("BTC", "ETH"),
    "public/get_index_chart_data": tuple(
        fixed(index_name="btc_usd", range=length) for length in ("1h", "1d", "all")
    ),
    "public/get_index_price": (
        fixed(index_name="btc_usd"),
        fixed(index_name="eth_usd"),
    ),
    "public/get_index_price_names": (fixed(), fixed(extended=True)),
    "public/get_instrument": (*named(*TRADED), option()),
    "public/get_instruments": (
        *of_currency(*CURRENCIES, "any", "USDT", "EURR"),
        *of_currency("BTC", kind="option"),
        *of_currency("BTC", kind="future", expired=True),
        *of_currency("any", kind="spot"),
        *of_currency("any", kind="future_combo"),
    ),
    "public/get_last_settlements_by_currency": (
        *of_currency("BTC"),
        *of_currency("ETH", type="settlement", count=5),
    ),
    "public/get_last_settlements_by_instrument": (
        *named(PERPETUAL),
        *named(PERPETUAL, type="bankruptcy", count=5),
    ),
    "public/get_last_trades_by_currency": (*of_currency(*CURRENCIES), _last_id),
    "public/get_last_trades_by_currency_and_time": (
        lately(currency="BTC"),
        lately(currency="BTC", kind="future", count=5, sorting="desc"),
    ),
    "public/get_last_trades_by_instrument": (*named(*TRADED), option(), _last_seq),
    "public/get_last_trades_by_instrument_and_time": (
        lately(instrument_name=PERPETUAL),
        lately(instrument_name=PERPETUAL, count=5, sorting="asc"),
    ),
    "public/get_mark_price_history": (
        lately(instrument_name=PERPETUAL),
        lambda day: {"instrument_name": day.option, **day.window},
    ),
    "public/get_order_book": (
        *named(*TRADED),
        *named(PERPETUAL, depth=1),
        *named(PERPETUAL, depth=1000),
        option(depth=10),
    ),
    "public/get_order_book_by_instrument_id": (_by_id,),
    "public/get_supported_index_names": (fixed(), fixed(type="derivative")),
    "public/get_trade_volumes": (fixed(), fixed(extended=True)),
    "public/get_tradingview_chart_data": (
        lately(instrument_name=PERPETUAL, resolution=1),
        lately(instrument_name=PERPETUAL, resolution=60),
        lately(instrument_name=LINEAR, resolution="1D"),
    ),
    "public/get_volatility_index_data": (
        lately(currency="BTC", resolution=60),
        lately(currency="ETH", resolution="1D"),
    ),
    "public/ticker": (
        *named(*TRADED),
        option(),
        lambda d: {"instrument_name": d.future},
    ),
}
