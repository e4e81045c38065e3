"""Whether the venue lets us trade: maintenance, index locks, instrument states.

Each obstacle is a hold with a name; quoting is allowed while there is none.

Source: docs.deribit.com, public/status, platform_state and instrument.state,
seen 2026-08-22.
"""

from __future__ import annotations

from typing import Any

from engine.session.context import Context
from engine.session.flow import Ask, Script, Sleep
from engine.session.instruments import FINAL_STATES, retire
from engine.session.verdict import Verdict, rejection, short

MAINTENANCE = "maintenance"
STATUS_REREAD_NS = 5_000_000_000
_STATUS = "public/status"


def await_unlocked(ctx: Context) -> Script[None]:
    """Wait until the venue says that nothing of ours is locked.

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
        lock = lock_of(ctx, reply.result)
        if not lock:
            return
        if not told:
            told = True
            ctx.note("warning", "locked", f"{lock}; waiting")
        yield Sleep(STATUS_REREAD_NS)


def lock_of(ctx: Context, result: Any) -> str:
    """Return what keeps us from trading, by the venue's status. Empty: "", nothing.

    ``locked`` is documented as a bool and sent as the text "true", "partial", "false".
    """
    status = result if isinstance(result, dict) else {}
    locked = str(status.get("locked", "false")).lower()
    if locked == "false":
        return ""
    if locked != "partial":
        return "the platform is locked"
    named = status.get("locked_indices", status.get("locked_currencies"))
    if not isinstance(named, list):
        return "the platform is partly locked, the venue does not say where"
    ours = [
        one.price_index
        for one in ctx.quoted()
        if one.price_index in named or one.currency in named
    ]
    return f"index {ours[0]} is locked" if ours else ""


def clear_holds(ctx: Context) -> None:
    """Forget what the venue held before the line broke; recovery finds out anew."""
    for key in list(ctx.holds):
        if key == MAINTENANCE or key.startswith(("index ", "instrument ")):
            del ctx.holds[key]


def on_platform_state(ctx: Context, data: Any) -> None:
    """Read a ``platform_state`` notification."""
    if not isinstance(data, dict):
        ctx.warn_once("platform_state", f"not understood: {short(data)}")
        return
    if "maintenance" in data:
        _hold(ctx, MAINTENANCE, bool(data["maintenance"]), "venue under maintenance")
    index = data.get("price_index")
    if any(one.price_index == index for one in ctx.quoted()):
        is_locked = bool(data.get("locked", False))
        _hold(ctx, f"index {index}", is_locked, f"index {index} is locked")


def on_instrument_state(ctx: Context, data: Any) -> None:
    """Read an ``instrument.state`` notification; most are not about us."""
    if not isinstance(data, dict) or not isinstance(data.get("state"), str):
        ctx.warn_once("instrument_state", f"not understood: {short(data)}")
        return
    name, state = data.get("instrument_name"), data["state"]
    if not isinstance(name, str):
        return
    one = ctx.listings.get(name) or ctx.references.get(name)
    if one is None or one.index < 0 or one.is_retired:
        return
    if one.plan is None:
        if state in FINAL_STATES:
            retire(ctx, one, state)
        return
    key = f"instrument {one.name}"
    if state in FINAL_STATES:
        retire(ctx, one, state)
        ctx.has_delivery = True
        _hold(ctx, key, False, "")
        return
    _hold(ctx, key, state != "open", f"{one.name} is {state}")


def _hold(ctx: Context, key: str, is_held: bool, text: str) -> None:
    if is_held and key not in ctx.holds:
        ctx.holds[key] = text
        ctx.note("warning", "hold", text)
    elif is_held:
        ctx.holds[key] = text
    elif ctx.holds.pop(key, None) is not None:
        ctx.note("info", "hold", f"over: {key}")
