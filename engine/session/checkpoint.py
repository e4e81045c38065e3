"""What a run leaves to the next one: enough to book each fill exactly once.

A checkpoint holds positions, up to when all trades are booked, the ids of those booked
since, and what other parts want to outlive a restart. It is a help, not the truth: it
may be old, missing or another account's. The new run takes it over before it asks the
venue for anything, replays the trade history from where the checkpoint ends, and then
compares positions. Where the two disagree the venue is right, and the difference is
noted as an error and counted.

Orders are not in it: the venue shows those that are open, their labels say that they
are ours, and the trades of those that ended are in the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.session.context import Context
from engine.session.flow import Script, Sleep
from engine.session.trades import BookedTrades
from engine.session.verdict import short

RUNS_KEPT = 64
"""Numbers of earlier runs that are not used again."""

KEPT_NS = 5_000_000_000
"""So long is the disk waited for before the first quotes."""

POLL_NS = 20_000_000

_WRONG = (AttributeError, KeyError, TypeError, ValueError, OverflowError)


def collect(ctx: Context) -> dict[str, Any]:
    """Return the checkpoint of this moment.

    Empty: {}, before positions are known; an older one is better then.
    """
    if not ctx.has_baseline or ctx.booked.known_ms is None:
        return {}
    return {
        "account": ctx.account_id,
        "runs": [*ctx.earlier_runs, ctx.core.run_id][-RUNS_KEPT:],
        "trades": ctx.booked.dump(),
        "positions": {
            one.name: ctx.core.dump_position(one.index) for one in ctx.listings.values()
        },
        "parts": {name: part.dump() for name, part in ctx.lasting.items()},
    }


def restore(ctx: Context, found: Any, was_connected: bool) -> None:
    """Keep what an earlier run left, until recovery can judge it."""
    if was_connected:
        ctx.note("error", "checkpoint", "restore: too late, a connection was made")
    elif not isinstance(found, Mapping):
        ctx.note("error", "checkpoint", f"restore: not a checkpoint: {short(found)}")
    else:
        ctx.restored = found


def kept(ctx: Context) -> None:
    """Take note that a checkpoint this run can be continued from is on the disk."""
    ctx.is_kept = True


def await_kept(ctx: Context) -> Script[None]:
    """Before anything is quoted for the first time: wait for the disk.

    A fill that no checkpoint knows of would be forgotten by the next run; only its
    position would be right.
    """
    end_ns = ctx.now_ns + KEPT_NS
    while ctx.settings.keeps_checkpoint and not ctx.is_kept:
        if ctx.now_ns >= end_ns:
            ctx.is_kept = True
            text = "none is on the disk yet: a crash now forgets what was earned"
            ctx.note("error", "checkpoint", text)
        yield Sleep(POLL_NS)


def take_over(ctx: Context) -> None:
    """Continue where the earlier run ended, if there is a checkpoint to be used."""
    found, ctx.restored = ctx.restored, None
    if found is None:
        return
    try:
        if found["account"] is None or found["account"] != ctx.account_id:
            raise ValueError(
                f"it is of account {found['account']}, this is {ctx.account_id}"
            )
        count = _load(ctx, found)
    except _WRONG as error:
        text = f"not used: {short(_why(error))}; recovery is from the venue alone"
        ctx.note("error", "checkpoint", text)
        return
    for name, part in ctx.lasting.items():
        if name in found["parts"]:
            try:
                part.load(found["parts"][name])
            except _WRONG as error:
                text = f"{name} starts anew: {short(_why(error))}"
                ctx.note("error", "checkpoint", text)
    text = f"taken over from run {ctx.earlier_runs[-1]:08x}: {count} positions"
    ctx.note("info", "checkpoint", text)


def _load(ctx: Context, found: Mapping[str, Any]) -> int:
    """Take over trades and positions; return the number of positions.

    Raises: any of _WRONG; no position is taken then.
    """
    runs = [int(run) for run in found["runs"]]
    if not runs:
        raise ValueError("it names no run")
    positions, _ = found["positions"], dict(found["parts"])
    known = [one for one in ctx.listings.values() if one.name in positions]
    booked = BookedTrades()
    ids = booked.load(found["trades"])
    booked.floors_ms = {one.name: booked.floors_ms[one.name] for one in known}
    before = {one.name: ctx.core.dump_position(one.index) for one in known}
    try:
        for one in known:
            ctx.core.load_position(one.index, positions[one.name])
        for name, trade_id in ids:
            if name in before:
                ctx.core.remember_trade(ctx.listings[name].index, trade_id)
    except _WRONG:
        for one in known:
            ctx.core.load_position(one.index, before[one.name])
        raise
    ctx.booked, ctx.earlier_runs = booked, runs
    ctx.has_baseline.update(dict.fromkeys(before))
    kept(ctx)
    return len(known)


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return str(error)
