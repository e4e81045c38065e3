"""Books that cannot be read: subscribe them anew, but never in a storm.

The first time at once, then with a growing, jittered wait; several books that are due
share one call. A book whose snapshot does not come is tried again; one that stays
unreadable costs the connection. A closed instrument may have none: it is looked at when
it opens.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.session.context import Context, Listing
from engine.session.flow import Script, Sleep
from engine.session.recover import unreadable
from engine.session.subscriptions import (
    book_channel,
    subscribe,
    subscribe_missing,
    unsubscribe,
)
from engine.session.verdict import Reconnect

WAIT_NS = 100_000_000
WAIT_MAX_NS = 5_000_000_000
CALM_NS = 30_000_000_000
"""After this long without a gap the next one is a first one again."""

SNAPSHOT_NS = 5_000_000_000
"""So long may a snapshot take after its subscription."""

OPENED_NS = 1_000_000_000
"""So long a book that is back may take before it is under repair."""

ATTEMPTS_MAX = 10


@dataclass(slots=True)
class Repair:
    """One book under repair.

    Units: nanoseconds on the core's clock, 0 = not scheduled.
    """

    attempts: int = 0
    due_ns: int = 0
    check_ns: int = 0
    last_ns: int = 0


class Resync:
    """The books under repair and when each is due."""

    def __init__(self) -> None:
        self._repairs: dict[int, Repair] = {}

    def gap(self, ctx: Context, index: int) -> None:
        """Schedule the repair of a book; one already scheduled stays as it is."""
        repair = self._repairs.setdefault(index, Repair())
        repair.check_ns = 0
        if repair.due_ns:
            return
        if ctx.now_ns - repair.last_ns > CALM_NS:
            repair.attempts = 0
        wait_ns = 0
        if repair.attempts:
            wait_ns = ctx.backoff_ns(repair.attempts - 1, WAIT_NS, WAIT_MAX_NS)
        # 0 means not scheduled, so a clock that starts at 0 counts as 1.
        repair.due_ns = max(1, ctx.now_ns + wait_ns)

    def forget(self) -> None:
        """Drop all repairs: the connection is gone, recovery subscribes anew."""
        self._repairs = {}

    def next_ns(self) -> int:
        """Return when something is due. Empty: 0, nothing."""
        times = [
            time
            for one in self._repairs.values()
            for time in (one.due_ns, one.check_ns)
            if time
        ]
        return min(times, default=0)

    def run(self, ctx: Context) -> Script[None]:
        """Repair until nothing is scheduled.

        Raises: Reconnect when a book stays unreadable.
        """
        while due_ns := self.next_ns():
            if due_ns > ctx.now_ns:
                yield Sleep(due_ns - ctx.now_ns)
                continue
            self._check(ctx)
            batch = self._take_due(ctx)
            if batch:
                yield from self._resubscribe(ctx, batch)

    def _check(self, ctx: Context) -> None:
        """Schedule again what should have had its snapshot by now and has not."""
        for index, repair in self._repairs.items():
            if not repair.check_ns or repair.check_ns > ctx.now_ns:
                continue
            repair.check_ns = 0
            one = ctx.by_index(index)
            if one and _may_have_one(one) and unreadable(ctx, [one]):
                self.gap(ctx, index)

    def _take_due(self, ctx: Context) -> list[Listing]:
        """Return the books to subscribe now.

        Raises: Reconnect when one was tried ATTEMPTS_MAX times in a row.
        """
        batch = []
        for index, repair in self._repairs.items():
            if not repair.due_ns or repair.due_ns > ctx.now_ns:
                continue
            repair.due_ns = 0
            one = ctx.by_index(index)
            if one is None or not _may_have_one(one):
                continue
            if repair.attempts >= ATTEMPTS_MAX:
                text = f"the book of {one.name} stays unreadable"
                raise Reconnect(ctx.settings.market_conn, text)
            repair.attempts += 1
            repair.last_ns = ctx.now_ns
            batch.append(one)
        return batch

    def _resubscribe(self, ctx: Context, batch: list[Listing]) -> Script[None]:
        """Unsubscribe and subscribe the books of a batch."""
        link = ctx.market_link
        names = {book_channel(ctx, one): one for one in batch}
        for one in batch:
            ctx.core.expect_snapshot(one.index)
        yield from unsubscribe(ctx, link, list(names))
        lost = yield from subscribe(ctx, link, list(names))
        for name, one in names.items():
            repair = self._repairs[one.index]
            if name in lost:
                ctx.note("error", "subscribe", f"not subscribed: {name}")
                self.gap(ctx, one.index)
            else:
                repair.check_ns = ctx.now_ns + SNAPSHOT_NS


def _may_have_one(one: Listing) -> bool:
    return not one.is_retired and not one.hold


def reopen(ctx: Context) -> Script[None]:
    """Subscribe what was not to be had while it was closed; wait for the snapshots.

    Raises: Reconnect when a vital channel cannot be had.
    """
    ctx.has_opened = False
    yield from subscribe_missing(ctx)
    yield Sleep(OPENED_NS)
