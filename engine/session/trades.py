"""The venue's trade history: every fill of ours, whoever told us, booked once.

A fill is told by a channel, by the answer to an order, or not at all: a line breaks, a
notification is lost, we were dead. The history knows them all, so it is read from
before the last moment at which everything was known, with a margin, and the trade ids
sort out what was booked already.

The venue keeps trades in two stores: the last 24 hours, and what is older, which is
found with ``historical`` alone. The recent store is read first: a trade that grows old
between the two questions is then in both answers, not in neither.

Source: docs.deribit.com, private/get_user_trades_by_instrument and accessing historical
trades and orders, seen 2026-08-22.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import ProtocolError
from engine.session.flow import Ask, Script
from engine.session.verdict import Reconnect, as_object, as_rows, rejection

if TYPE_CHECKING:
    from engine.session.context import Context, Listing

TRADES_PER_PAGE = 1_000
PAGES_MAX = 50

OVERLAP_MS = 60_000
"""Trades are fetched from this long before the last complete reading; ids dedupe."""

RECENT_MS = 23 * 3_600_000
"""What is older is looked for in both stores: the recent one ends at 24 hours."""

IDS_MAX = 20_000
"""Ids of booked trades kept for a restart."""

_TRADES = "private/get_user_trades_by_instrument"


class BookedTrades:
    """Up to when all trades are booked, and the ids of those booked since.

    Units: ms since epoch on the venue's clock. Empty: None, nothing was read yet.
    """

    def __init__(self) -> None:
        self.floors_ms: dict[str, int] = {}
        """By instrument: never asked from before this."""
        self.known_ms: int | None = None
        """Every trade before this is booked."""
        self.fetched = 0
        """Trades only the history told us."""
        self._ids: deque[tuple[int, str, str]] = deque()
        self._begins_ms: dict[str, int] = {}

    def start_ms(self, name: str) -> int | None:
        """Return from when on an instrument's history is to be read."""
        floor_ms = self.floors_ms.get(name)
        if floor_ms is None or self.known_ms is None:
            return floor_ms
        return max(self.known_ms - OVERLAP_MS, floor_ms)

    def begin(self, name: str, begins_ms: int) -> None:
        """Count an instrument's trades from this moment on, and none before it."""
        self.floors_ms[name] = begins_ms - OVERLAP_MS
        self._begins_ms[name] = begins_ms

    def is_before(self, name: str, row: Mapping[str, Any]) -> bool:
        """Whether the first reading shows a trade from before the counting begins.

        Such a trade is inside a position that is read later. From then on it is known
        by its id, not by its time: the venue's clock may be set back, and what is
        traded then looks older than our beginning.
        """
        begins_ms = self._begins_ms.get(name)
        return begins_ms is not None and _stamp_ms(row) < begins_ms

    def has_read(self, name: str) -> None:
        """Take note that an instrument's history was read; by now we have begun."""
        self._begins_ms.pop(name, None)

    def note(self, fill: Mapping[str, Any], now_ms: int) -> None:
        """Remember a booked fill, told at ``now_ms`` of the venue's clock.

        It is kept by the later of the two times: a trade may be told late, and the
        venue may leave its time out.
        """
        at_ms = max(int(fill["venue_ms"]), now_ms)
        self.keep(at_ms, str(fill["name"]), str(fill["trade_id"]))

    def keep(self, at_ms: int, name: str, trade_id: str) -> None:
        """Remember a trade by its id alone: booked, or not ours to count.

        Past IDS_MAX the oldest is forgotten, and nothing from before it asked again.
        """
        self._ids.append((at_ms, name, trade_id))
        if len(self._ids) > IDS_MAX:
            lost_ms, name, _ = self._ids.popleft()
            self.floors_ms[name] = max(lost_ms + 1, self.floors_ms.get(name, 0))

    def is_crowded(self) -> bool:
        """Whether the ids fill up: a complete reading makes room."""
        return len(self._ids) > IDS_MAX // 2

    def confirm(self, known_ms: int) -> None:
        """Take note that the history was read whole at this time."""
        self.known_ms = max(known_ms, self.known_ms or 0)
        # Told out of order, some may stand behind a younger one: they only stay longer.
        while self._ids and self._ids[0][0] < self.known_ms - OVERLAP_MS:
            self._ids.popleft()

    def dump(self) -> dict[str, Any]:
        """Return what a later run needs to book each trade once."""
        return {
            "floors_ms": dict(self.floors_ms),
            "known_ms": self.known_ms,
            "ids": [list(key) for key in self._ids],
        }

    def load(self, found: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Take what an earlier run knew; return its (instrument, trade id) pairs.

        Raises: KeyError, TypeError or ValueError, when it is not what was dumped;
            nothing is taken then.
        """
        floors_ms = {str(name): int(ms) for name, ms in found["floors_ms"].items()}
        known_ms = int(found["known_ms"])
        keys = [(int(ms), str(name), str(one)) for ms, name, one in found["ids"]]
        self.floors_ms, self.known_ms = floors_ms, known_ms
        self._ids = deque(keys[-IDS_MAX:])
        return [(name, one) for _, name, one in self._ids]


def trades_start_ms(ctx: Context, one: Listing) -> int:
    """Return from when on fills may have been missed, venue time in ms since epoch.

    Raises: Reconnect when no wall clock was ever told.
    """
    start_ms = ctx.booked.start_ms(one.name)
    if start_ms is not None:
        return start_ms
    connected_ms = ctx.clock.venue_ms(ctx.orders_link.connected_ns)
    if connected_ms is None:
        raise Reconnect(ctx.settings.orders_conn, "no wall clock to fetch trades by")
    # At the very first start, fills of an earlier run are inside the position that is
    # read, and not ours to count.
    ctx.booked.begin(one.name, connected_ms)
    return ctx.booked.floors_ms[one.name]


def fetch_trades(ctx: Context, only: list[Listing] | None = None) -> Script[int]:
    """Read the history of every listed instrument and book it; return how many.

    ``only`` some instruments may be read; that does not count as a whole reading.

    Nothing is booked before all was read: the fills of both stores go in in the order
    in which they happened.

    Raises: Reconnect when there are more than PAGES_MAX pages of one instrument.
    """
    listings = list(ctx.listings.values()) if only is None else only
    starts = {one.name: trades_start_ms(ctx, one) for one in listings}
    now_ms = ctx.clock.venue_ms(ctx.now_ns) or 0
    rows: dict[str, list[dict[str, Any]]] = {one.name: [] for one in listings}
    asked_ms = yield from _read_store(ctx, starts, rows, {})
    old = {name: ms for name, ms in starts.items() if now_ms - ms > RECENT_MS}
    if old:
        yield from _read_store(ctx, old, rows, {"historical": True})
    booked = 0
    for one in listings:
        for row in sorted(rows[one.name], key=_seq):
            if ctx.booked.is_before(one.name, row):
                trade_id = str(row.get("trade_id", ""))
                ctx.core.remember_trade(one.index, trade_id)
                ctx.booked.keep(now_ms, one.name, trade_id)
            else:
                booked += ctx.core.trade(row)
        ctx.booked.has_read(one.name)
    ctx.booked.fetched += booked
    if only is None and (asked_ms or now_ms):
        ctx.booked.confirm(asked_ms or now_ms)
    return booked


def _read_store(
    ctx: Context,
    starts: Mapping[str, int],
    rows: dict[str, list[dict[str, Any]]],
    store: dict[str, Any],
) -> Script[int]:
    """Add one store's trades to ``rows``; return when the venue was first asked.

    Units: ms since epoch on the venue's clock, 0 = it did not say.
    """
    base = {"sorting": "asc", "count": TRADES_PER_PAGE, **store}
    asks = [
        _trades_ask(ctx, name, {**base, "start_timestamp": start_ms})
        for name, start_ms in starts.items()
    ]
    replies = yield from ctx.ask_all(asks)
    asked_us = min((reply.us_in for reply in replies), default=0)
    for name, reply in zip(starts, replies, strict=True):
        for _ in range(PAGES_MAX):
            if reply.code:
                raise rejection(reply.method, reply.code, reply.message)
            last_seq = _take(rows[name], reply.result)
            if last_seq is None:
                break
            # By sequence number, not by time: a thousand trades may share one
            # millisecond.
            more = {**base, "start_seq": last_seq + 1}
            (reply,) = yield from ctx.ask_all((_trades_ask(ctx, name, more),))
        else:
            text = f"{_TRADES}: more than {PAGES_MAX} pages for {name}"
            raise Reconnect(ctx.settings.orders_conn, text)
    return asked_us // 1_000


def _trades_ask(ctx: Context, name: str, params: dict[str, Any]) -> Ask:
    params = {"instrument_name": name, **params}
    return Ask(ctx.settings.orders_conn, _TRADES, params)


def _take(rows: list[dict[str, Any]], result: Any) -> int | None:
    """Add one page of trades; return its last sequence number.

    Empty: None, there are no more pages.
    """
    page = as_object(_TRADES, result)
    found = as_rows(_TRADES, page.get("trades"))
    rows += found
    if not found or not page.get("has_more"):
        return None
    last = max(map(_seq, found))
    if not last:
        raise ProtocolError(f"{_TRADES}: rows without trade_seq")
    return last


def _seq(row: dict[str, Any]) -> int:
    value = row.get("trade_seq")
    return value if isinstance(value, int) else 0


def _stamp_ms(row: Mapping[str, Any]) -> int:
    value = row.get("timestamp")
    return value if isinstance(value, int) else 0
