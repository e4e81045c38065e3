"""Whether the venue lets us trade: maintenance, index locks, instrument states.

Maintenance and a locked platform hold everything; a locked index and a closed
instrument hold those they concern, see `closed`.

Source: docs.deribit.com, public/status, platform_state and instrument.state,
seen 2026-08-22.
"""

from __future__ import annotations

from typing import Any

from engine.session.closed import judge, reasons_of
from engine.session.context import Context
from engine.session.flow import Ask, Script, Sleep
from engine.session.instruments import FINAL_STATES, retire
from engine.session.verdict import Verdict, rejection, short

MAINTENANCE = "maintenance"
STATUS_REREAD_NS = 5_000_000_000
_STATUS = "public/status"


def await_unlocked(ctx: Context) -> Script[None]:
    """Wait until the venue says that something of ours is not locked.

    Raises: RequestRejected when the connection is no longer good.
    """
    told = False
    while True:  # ends when the venue unlocks; one round a STATUS_REREAD_NS
        ask = Ask(ctx.settings.market_conn, _STATUS)
        (reply,) = yield from ctx.ask_all((ask,))
        if reply.verdict in (Verdict.LOGIN, Verdict.ENDED):
            raise rejection(reply.method, reply.code, reply.message)
        if reply.code:
            # Not vital: the platform_state channel will say it, too.
            text = f"{_STATUS}: {reply.code} {short(reply.message)}"
            ctx.warn_once("status", text)
            return
        lock = read_status(ctx, reply.result)
        if not lock and ctx.locked and not ctx.open_ones():
            lock = reasons_of(ctx.quoted())
        if not lock:
            return
        if not told:
            told = True
            ctx.note("warning", "locked", f"{lock}; waiting")
        yield Sleep(STATUS_REREAD_NS)


def read_status(ctx: Context, result: Any) -> str:
    """Take the venue's status; return what locks everything. Empty: "", nothing does.

    ``locked`` is documented as a bool and sent as the text "true", "partial", "false".
    """
    status = result if isinstance(result, dict) else {}
    locked = str(status.get("locked", "false")).lower()
    named: Any = []
    if locked == "partial":
        named = status.get("locked_indices", status.get("locked_currencies"))
        if not isinstance(named, list):
            return "the platform is partly locked, the venue does not say where"
    elif locked != "false":
        return "the platform is locked"
    ctx.locked = {
        one.price_index: None
        for one in ctx.subscribed()
        if one.price_index in named or one.currency in named
    }
    judge(ctx)
    return ""


def clear_holds(ctx: Context) -> None:
    """Forget what the venue held before the line broke; recovery finds out anew."""
    ctx.holds.pop(MAINTENANCE, None)
    ctx.locked.clear()


def on_platform_state(ctx: Context, data: Any) -> None:
    """Read a ``platform_state`` notification."""
    if not isinstance(data, dict):
        ctx.warn_once("platform_state", f"not understood: {short(data)}")
        return
    if "maintenance" in data:
        _hold(ctx, MAINTENANCE, bool(data["maintenance"]), "venue under maintenance")
    index = data.get("price_index")
    if isinstance(index, str) and _hangs_on(ctx, index):
        if data.get("locked", False):
            ctx.locked[index] = None
        else:
            ctx.locked.pop(index, None)
        judge(ctx)


def _hangs_on(ctx: Context, index: str) -> bool:
    return any(one.price_index == index for one in ctx.subscribed())


def on_instrument_state(ctx: Context, data: Any) -> None:
    """Read an ``instrument.state`` notification; most are not about us."""
    if not isinstance(data, dict) or not isinstance(data.get("state"), str):
        ctx.warn_once("instrument_state", f"not understood: {short(data)}")
        return
    name, state = data.get("instrument_name"), data["state"]
    if not isinstance(name, str):
        return
    one = ctx.by_name(name)
    if one is None or one.index < 0 or one.is_retired:
        return
    one.state = state
    if state in FINAL_STATES:
        retire(ctx, one, state)
        ctx.has_delivery = ctx.has_delivery or one.plan is not None
    judge(ctx)


def _hold(ctx: Context, key: str, is_held: bool, text: str) -> None:
    if is_held and key not in ctx.holds:
        ctx.holds[key] = text
        ctx.note("warning", "hold", text)
    elif is_held:
        ctx.holds[key] = text
    elif ctx.holds.pop(key, None) is not None:
        ctx.note("info", "hold", f"over: {key}")
