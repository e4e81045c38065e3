"""From a fresh socket to a connection that may be used: login, heartbeat, COD.

Source: docs.deribit.com, public/set_heartbeat and private/enable_cancel_on_disconnect,
seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import RequestRejected
from engine.session.auth import log_in
from engine.session.context import Context
from engine.session.flow import Script
from engine.session.link import Link, Stage
from engine.session.verdict import Reconnect, as_object

_COD_SCOPE = {"scope": "connection"}


def bring_up(
    ctx: Context, link: Link, nonce: str, logged_in: Callable[[], None]
) -> Script[None]:
    """Make one connection READY.

    Raises: Reconnect, Unusable or RequestRejected when a step fails.
    """
    yield from log_in(ctx, link, nonce)
    logged_in()
    interval = {"interval": ctx.settings.heartbeat_s}
    yield from ctx.ask(link.conn, "public/set_heartbeat", interval)
    if link is ctx.orders_link:
        yield from _verify_cod(ctx, link)
    link.stage = Stage.READY


def _verify_cod(ctx: Context, link: Link) -> Script[None]:
    """Switch cancel-on-disconnect on and read it back; the answer "ok" is not enough.

    Raises: Reconnect when it is not certainly on.
    """
    method = "private/enable_cancel_on_disconnect"
    try:
        yield from ctx.ask(link.conn, method, _COD_SCOPE)
    except RequestRejected as error:
        text = f"cancel-on-disconnect cannot be switched on: {error}"
        raise Reconnect(link.conn, text, level="critical") from error
    method = "private/get_cancel_on_disconnect"
    state = as_object(method, (yield from ctx.ask(link.conn, method, _COD_SCOPE)))
    scope = state.get("scope", "connection")
    if state.get("enabled") is not True or scope != "connection":
        text = f"cancel-on-disconnect was switched on but reads back as {state}"
        raise Reconnect(link.conn, text, level="critical")
    ctx.cod_enabled = ctx.cod_verified = True
