"""Cancel-on-disconnect as a fact: on because the venue says so, and not long ago.

It is switched on and read back before anything is quoted, and again every `EVERY_NS`
for as long as the connection stands: first read, so that a loss is seen as one, then
switched on, then read again. While the venue does not say that it is on, quotes are
pulled. It belongs to one connection and ends with it.

``private/logout`` does not fire it, so nothing here logs out: an end is explicit
cancels, read back, and a closed connection.

Source: docs.deribit.com, private/enable_cancel_on_disconnect and
private/get_cancel_on_disconnect, seen 2026-08-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import RequestRejected
from engine.session.flow import Script, Sleep
from engine.session.verdict import Reconnect, as_object

if TYPE_CHECKING:
    from engine.session.context import Context

EVERY_NS = 60_000_000_000
"""Read back this often."""

RETRY_NS = 200_000_000
RETRY_MAX_NS = 2_000_000_000
RETRIES_MAX = 5
"""So often is a lost one switched on again; then the connection is given up."""

HOLD = "cod"
_NS = 1_000_000_000
_ENABLE = "private/enable_cancel_on_disconnect"
_GET = "private/get_cancel_on_disconnect"
_SCOPE = {"scope": "connection"}


class Cod:
    """What the venue last said, and when. Units: read_ns on the core's clock."""

    def __init__(self) -> None:
        self.is_on = False
        self.read_ns = 0
        self.losses = 0

    def forget(self) -> None:
        """The connection is gone, and the fact with it."""
        self.is_on = False
        self.read_ns = 0

    def snapshot(self, now_ns: int) -> dict[str, Any]:
        """Return what metrics and operators see. Empty ``age_s``: None, not read."""
        age_s = (now_ns - self.read_ns) / _NS if self.read_ns else None
        return {
            "enabled": self.is_on,
            "verified": self.is_on,
            "age_s": age_s,
            "losses": self.losses,
        }


def verify(ctx: Context) -> Script[None]:
    """Switch it on and read it back; the answer "ok" is not enough.

    Raises: Reconnect when it is not certainly on.
    """
    conn = ctx.settings.orders_conn
    try:
        yield from ctx.ask(conn, _ENABLE, _SCOPE)
    except RequestRejected as error:
        text = f"cancel-on-disconnect cannot be switched on: {error}"
        raise Reconnect(conn, text, level="critical") from error
    state = yield from _read(ctx)
    if not ctx.cod.is_on:
        text = f"cancel-on-disconnect was switched on but reads back as {state}"
        raise Reconnect(conn, text, level="critical")


def keep_on(ctx: Context) -> Script[None]:
    """Read it back on a timer, and pull the quotes while it is off.

    Raises: Reconnect when it does not come back.
    """
    while True:  # ends with the connection
        yield Sleep(EVERY_NS)
        state = yield from _read(ctx)
        if not ctx.cod.is_on:
            ctx.cod.losses += 1
            ctx.holds[HOLD] = "cancel-on-disconnect is off"
            ctx.note("critical", "cod", f"lost: reads as {state}; quotes are pulled")
        yield from _switch_on(ctx)
        if ctx.holds.pop(HOLD, None) is not None:
            ctx.note("warning", "cod", "on again, read back")


def _switch_on(ctx: Context) -> Script[None]:
    conn = ctx.settings.orders_conn
    for attempt in range(RETRIES_MAX):
        try:
            yield from ctx.ask(conn, _ENABLE, _SCOPE)
        except RequestRejected as error:
            ctx.note("error", "cod", f"cannot be switched on: {error}")
        yield from _read(ctx)
        if ctx.cod.is_on:
            return
        ctx.holds[HOLD] = "cancel-on-disconnect is off"
        yield Sleep(ctx.backoff_ns(attempt, RETRY_NS, RETRY_MAX_NS))
    text = f"cancel-on-disconnect stays off after {RETRIES_MAX} attempts"
    raise Reconnect(conn, text, level="critical")


def _read(ctx: Context) -> Script[dict[str, Any]]:
    """Ask the venue and keep what it says."""
    conn = ctx.settings.orders_conn
    state = as_object(_GET, (yield from ctx.ask(conn, _GET, _SCOPE)))
    scope = state.get("scope", "connection")
    ctx.cod.is_on = state.get("enabled") is True and scope == "connection"
    ctx.cod.read_ns = ctx.now_ns
    return state
