"""Reads what the ledger needs: the opening page, the transaction log, contracts.

The log is read currency by currency, newest first, back to what is booked. Its
requests have credits of their own (1/s, burst 8), so a script that wants one waits
here, not in the queue where others would wait behind it.

The opening page must show one moment: the newest entries of the currencies we trade in
are asked for before and after the positions, and only when both are the same has
nothing been booked in between. Each waits for the answer of the one before: what the
venue refuses for a moment is asked again later than what was asked beside it.

Source: docs.deribit.com, private/get_transaction_log and rate limits, 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import EngineError, ProtocolError, RequestRejected
from engine.session.context import Context
from engine.session.credits import LOG_BURST, LOG_METHOD
from engine.session.flow import Ask, Reply, Script, Sleep
from engine.session.ledger.entry import Entry, entry_of
from engine.session.ledger.opening import Opening, opening_books
from engine.session.verdict import as_object, as_rows, is_the_end, rejection

OPEN_AGAIN_NS = 2_000_000_000
"""When something was booked while the account was read, it is read again so late."""

POLL_AGAIN_NS = 60_000_000_000
"""After the venue refused, the log is read again after this long."""

ROWS_PER_PAGE = 250
PAGES_MAX = 400
"""Pages of one currency in one reading."""

OVERLAP_MS = 60_000
"""The log is read from this long before the newest booked entry; numbers dedupe it."""

AHEAD_MS = 60_000
"""And to this long after now, whatever our clock says."""

CURRENCIES_MAX = 32
"""Currencies whose log is read."""

_SUMMARIES = "private/get_account_summaries"
_POSITIONS = "private/get_positions"
_INSTRUMENT = "public/get_instrument"


def keep_tied(ctx: Context) -> Script[None]:
    """Read the log now and then, for as long as the connection lives."""
    while True:  # ends with the connection it stands on
        pause_ns = ctx.settings.tie_out_ns
        try:
            if not ctx.ledger.is_open:
                yield from open_ledger(ctx)
            if ctx.ledger.is_open:
                yield from read_log(ctx)
                ctx.ledger.look(ctx.core.mark_prices(), ctx.venue_ms("read the log"))
            else:
                pause_ns = OPEN_AGAIN_NS
        except (RequestRejected, ProtocolError) as error:
            if is_the_end(error):
                raise
            ctx.note("warning", "ledger", f"not tied out: {error}")
            pause_ns = POLL_AGAIN_NS
        yield Sleep(pause_ns)


def open_ledger(ctx: Context) -> Script[None]:
    """Begin the ledger with what the account holds; try again later when it moved.

    Raises: RequestRejected, ProtocolError.
    """
    conn, now_ms = ctx.settings.orders_conn, ctx.venue_ms("read the log")
    traded = _traded(ctx)
    logs = [_log_ask(ctx, one, 0, now_ms) for one in traded]
    entries = yield from _newest(ctx, logs)
    asks = [Ask(conn, _SUMMARIES), Ask(conn, _POSITIONS, {"currency": "any"})]
    summaries, held = yield from _ask(ctx, asks)
    again = yield from _newest(ctx, logs)
    newest = max((entry.user_seq for entry in entries), default=0)
    if max((entry.user_seq for entry in again), default=0) != newest:
        return
    balances = _balances(traded, _summaries(summaries))
    positions = as_rows(_POSITIONS, held.result)
    names = [str(row.get("instrument_name")) for row in positions]
    yield from _learn(ctx, [name for name in names if not ctx.ledger.knows(name)])
    known = [row for row in positions if ctx.ledger.knows(row["instrument_name"])]
    books = opening_books(ctx.ledger.contracts, known, balances)
    for row in known:
        ctx.ledger.mark(row["instrument_name"], row["mark_price"])
    time_ms = max((entry.time_ms for entry in entries), default=now_ms)
    # Never before the newest entry: the balances were read after it, whatever the
    # clock of the answer says.
    read_ms = max(held.us_out // 1_000 or now_ms, time_ms)
    opening = Opening(
        user_seq=newest,
        time_ms=time_ms,
        trades=tuple(entry.trade_id for entry in entries if entry.trade_id),
        read_ms=read_ms,
        beside=tuple(currency for currency in balances if currency not in traded),
    )
    ctx.ledger.begin(books, opening)


def _newest(ctx: Context, logs: Sequence[Ask]) -> Script[list[Entry]]:
    """Return the newest page of the log of each currency.

    Raises: RequestRejected, ProtocolError.
    """
    replies = yield from _ask(ctx, logs)
    return [entry for reply in replies for entry in _page(reply)[0]]


def read_log(ctx: Context) -> Script[None]:
    """Read the log back to what is booked, and book it.

    Raises: RequestRejected, ProtocolError.
    """
    tie = ctx.ledger.tie
    traded = _traded(ctx)
    yield from _read(ctx, list(dict.fromkeys([*ctx.ledger.currencies(), *traded])))
    if tie.unknown:
        yield from _learn(ctx, list(tie.unknown))
    if tie.missing():
        (reply,) = yield from _ask(ctx, [Ask(ctx.settings.orders_conn, _SUMMARIES)])
        have = ctx.ledger.currencies()
        more = [str(row["currency"]) for row in _summaries(reply)]
        yield from _read(ctx, [one for one in more if one not in have])
    ctx.ledger.take((), ctx.venue_ms("read the log"))


def _read(ctx: Context, currencies: Sequence[str]) -> Script[None]:
    found: list[Entry] = []
    now_ms = ctx.venue_ms("read the log")
    start_ms = max(0, ctx.ledger.tie.time_ms - OVERLAP_MS)
    for currency in currencies:
        found += yield from _pages(ctx, currency, start_ms, now_ms)
    ctx.ledger.take(found, now_ms, is_all=False)


def _pages(
    ctx: Context, currency: str, start_ms: int, now_ms: int
) -> Script[list[Entry]]:
    """Return the entries of a currency that are not booked yet.

    Raises: RequestRejected, ProtocolError; the latter when they do not end.
    """
    booked = ctx.ledger.tie.user_seq
    found: list[Entry] = []
    more: int | None = None
    for _ in range(PAGES_MAX):
        ask = _log_ask(ctx, currency, start_ms, now_ms, more)
        (reply,) = yield from _ask(ctx, [ask])
        entries, more = _page(reply)
        found += [entry for entry in entries if entry.user_seq > booked]
        if more is None or any(entry.user_seq <= booked for entry in entries):
            return found
    raise ProtocolError(f"{LOG_METHOD}: more than {PAGES_MAX} pages of {currency}")


def _log_ask(
    ctx: Context, currency: str, start_ms: int, now_ms: int, more: int | None = None
) -> Ask:
    params: dict[str, Any] = {
        "currency": currency,
        "start_timestamp": start_ms,
        "end_timestamp": now_ms + AHEAD_MS,
        "count": ROWS_PER_PAGE,
    }
    if more is not None:
        params["continuation"] = more
    return Ask(ctx.settings.orders_conn, LOG_METHOD, params)


def _page(reply: Reply) -> tuple[list[Entry], int | None]:
    """Return the entries of a page and where the next one begins, None = nowhere."""
    page = as_object(LOG_METHOD, reply.result)
    entries = [entry_of(row) for row in as_rows(LOG_METHOD, page.get("logs"))]
    more = page.get("continuation")
    return entries, more if isinstance(more, int) else None


def _summaries(reply: Reply) -> list[dict[str, Any]]:
    found = as_object(_SUMMARIES, reply.result)
    rows = as_rows(_SUMMARIES, found.get("summaries"))
    return [row for row in rows if isinstance(row.get("currency"), str)]


def _balances(
    traded: Sequence[str], summaries: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the balance of what we trade in or the account has, as far as they go."""
    found = {str(row["currency"]): row.get("balance") for row in summaries}
    held = [currency for currency, balance in found.items() if balance]
    wanted = list(dict.fromkeys([*traded, *held]))[:CURRENCIES_MAX]
    return {currency: found[currency] for currency in wanted if currency in found}


def _traded(ctx: Context) -> list[str]:
    """Return the currencies that our trades move."""
    found = []
    for one in ctx.listings.values():
        found.append(one.currency)
        if one.row.get("kind") == "spot":
            found.append(str(one.row.get("base_currency")))
    return list(dict.fromkeys(found))


def _learn(ctx: Context, names: Sequence[str]) -> Script[None]:
    """Fetch the contracts of instruments that we do not quote."""
    conn = ctx.settings.market_conn
    asks = [Ask(conn, _INSTRUMENT, {"instrument_name": name}) for name in names]
    replies = yield from ctx.ask_all(asks)
    for name, reply in zip(names, replies, strict=True):
        try:
            if reply.code:
                raise rejection(reply.method, reply.code, reply.message)
            ctx.ledger.know(as_object(_INSTRUMENT, reply.result), listed=False)
        except EngineError as error:
            ctx.note("warning", "ledger", f"{name}: booked as money alone: {error}")
            ctx.ledger.tie.reject(name)


def _ask(ctx: Context, asks: Sequence[Ask]) -> Script[list[Reply]]:
    """Ask many things, when the credits of the log allow it.

    Raises: RequestRejected.
    """
    replies: list[Reply] = []
    while len(replies) < len(asks):
        some: list[Ask] = []
        for ask in asks[len(replies) :]:
            if _cost([*some, ask]) > LOG_BURST:
                break
            some.append(ask)
        while (wait_ns := _wait_ns(ctx, _cost(some))) > 0:
            yield Sleep(wait_ns)
        replies += yield from ctx.ask_all(some)
    for reply in replies:
        if reply.code:
            raise rejection(reply.method, reply.code, reply.message)
    return replies


def _cost(asks: Sequence[Ask]) -> int:
    """Return how many of some requests are for the log."""
    return sum(ask.method == LOG_METHOD for ask in asks)


def _wait_ns(ctx: Context, count: int) -> int:
    """Return how long to wait for the credits of so many requests for the log."""
    return ctx.credits.ready_ns(LOG_METHOD, ctx.now_ns, count) - ctx.now_ns
