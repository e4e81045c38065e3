"""From a fresh socket to a connection that may be used: login, heartbeat, COD.

Source: docs.deribit.com, public/set_heartbeat, seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.session import cod
from engine.session.account import assume_limits
from engine.session.auth import log_in
from engine.session.context import Context
from engine.session.flow import Script
from engine.session.link import Link, Stage


def bring_up(
    ctx: Context, link: Link, nonce: str, logged_in: Callable[[], None]
) -> Script[None]:
    """Make one connection READY.

    Raises: Reconnect, Unusable or RequestRejected when a step fails.
    """
    assume_limits(ctx)
    yield from log_in(ctx, link, nonce)
    logged_in()
    interval = {"interval": ctx.settings.heartbeat_s}
    yield from ctx.ask(link.conn, "public/set_heartbeat", interval)
    if link is ctx.orders_link:
        yield from cod.verify(ctx)
    link.stage = Stage.READY
