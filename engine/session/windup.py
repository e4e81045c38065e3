"""The end: no order of ours stays at the venue, and the venue itself says so."""

from __future__ import annotations

from engine.session.context import Context
from engine.session.flow import Script, Sleep
from engine.session.orders import clear, keep_none, read_open, resolve_slots

OWN_CANCELS_NS = 3_000_000_000
"""So long the core, which pulls its own orders, is left to do it alone."""

POLL_NS = 10_000_000
POLL_MAX_NS = 200_000_000
SURE_NS = 1_000_000_000
"""A halt reads twice, this far apart: an order may have been on its way."""


def stop(ctx: Context) -> Script[None]:
    """Wait for what is in flight, cancel ours, return when the venue shows none.

    Quoting is off, so the core pulls its orders; what it does not get done, or does not
    know, is cancelled here. The caller bounds the time.
    """
    end_ns = ctx.now_ns + OWN_CANCELS_NS
    attempt = 0
    while _in_flight(ctx) and ctx.now_ns < end_ns:
        yield Sleep(ctx.backoff_ns(attempt, POLL_NS, POLL_MAX_NS))
        attempt += 1
    while True:  # ends with the caller's deadline
        yield from clear(ctx, keep_none, in_bulk=True)
        if not ctx.core.open_slots():
            return
        yield from resolve_slots(ctx)
        yield Sleep(POLL_MAX_NS)


def _in_flight(ctx: Context) -> bool:
    """Return whether the core still has orders whose end it can expect by itself."""
    return any(slot["state"] != "unknown" for slot in ctx.core.open_slots())


def hold_down(ctx: Context) -> Script[None]:
    """After a halt: read the open orders back until the venue shows none of ours.

    The core has sent ``cancel_all``; what survives it is cancelled one by one.
    """
    yield from clear(ctx, keep_none, in_bulk=True)
    yield Sleep(SURE_NS)
    yield from clear(ctx, keep_none, in_bulk=True)


def read_back(ctx: Context) -> Script[None]:
    """After a kill: read what is open until it is over; reading tells the kill."""
    attempt = 0
    while ctx.kill.is_pending:  # ends with the kill's own time
        yield from read_open(ctx)
        if ctx.kill.is_pending:
            yield Sleep(ctx.backoff_ns(attempt, POLL_NS, POLL_MAX_NS))
        attempt += 1
