"""Frames the core leaves to the session: answers, heartbeats, notifications."""

from __future__ import annotations

from typing import Any

import orjson

from engine.session.context import Context
from engine.session.flow import Ask, Reply
from engine.session.holds import on_instrument_state, on_platform_state
from engine.session.link import Link
from engine.session.rpc import Rpc
from engine.session.subscriptions import PLATFORM_STATE, USER_PORTFOLIO
from engine.session.verdict import MAINTENANCE, TOO_MANY_REQUESTS, Reconnect, short

_INSTRUMENT_STATE = "instrument.state."


def read_frame(ctx: Context, rpc: Rpc, link: Link, payload: bytes) -> None:
    """Read one frame and hand it to whoever it concerns.

    A strange frame is named once and otherwise ignored.

    Raises: Reconnect when the venue announces the end of the session.
    """
    try:
        message = orjson.loads(payload)
    except orjson.JSONDecodeError:
        message = None
    if not isinstance(message, dict):
        ctx.warn_once("frame", "a control frame that is no JSON object")
    elif isinstance(message.get("id"), int) and "method" not in message:
        if not rpc.receive(link.conn, ctx.now_ns, message):
            ctx.note("debug", "late", f"answer to no request: {message['id']}")
    elif message.get("method") == "heartbeat":
        params = message.get("params")
        if isinstance(params, dict) and params.get("type") == "test_request":
            rpc.ask(Ask(link.conn, "public/test", urgent=True), ignore, ctx.now_ns)
    elif message.get("method") == "subscription":
        read_notice(ctx, message.get("params"))
    else:
        _read_stray(ctx, link, message)


def ignore(_reply: Reply) -> None:
    """Take an answer whose only use was that it came."""


def _read_stray(ctx: Context, link: Link, message: dict[str, Any]) -> None:
    """Read a frame that answers nothing; some announce the end of the session."""
    error = message.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if code == TOO_MANY_REQUESTS:
        ctx.credits.drain(ctx.now_ns)
    if code in (TOO_MANY_REQUESTS, MAINTENANCE):
        raise Reconnect(link.conn, f"the venue says {short(error)}")
    ctx.warn_once("stray", f"a frame for nobody: {short(message)}")


def read_notice(ctx: Context, params: Any) -> None:
    """Read the ``params`` of one subscription notification; what is strange is named.

    Other channels are not an error: the core hands over whatever it does not read.
    """
    channel = params.get("channel") if isinstance(params, dict) else None
    if not isinstance(channel, str):
        ctx.warn_once("notice", f"a notification without channel: {short(params)}")
        return
    body = params.get("data")
    if channel == PLATFORM_STATE:
        on_platform_state(ctx, body)
    elif channel.startswith(_INSTRUMENT_STATE):
        on_instrument_state(ctx, body)
    elif channel.startswith(USER_PORTFOLIO):
        on_portfolio(ctx, body)


def on_portfolio(ctx: Context, body: Any) -> None:
    """Keep the equity a ``user.portfolio`` notification reports."""
    currency = body.get("currency") if isinstance(body, dict) else None
    if not isinstance(currency, str):
        ctx.warn_once("portfolio", f"not understood: {short(body)}")
        return
    ctx.set_balance(currency, body.get("equity"))
    ctx.set_margin(currency, body)
