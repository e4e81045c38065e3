"""The tie-out: our books against the venue's transaction log, entry by entry.

Entries are booked in the order of ``user_seq``, each once. A trade's entry takes the
fill we were told, so that both sides of the comparison have their own source; a trade
in an instrument we do not quote is booked from the log as what it is. After every entry
three things are compared: the cash it moved and the balance it left, the position, the
fee. A difference is kept by currency or instrument until it is gone.

What is waited for, and how long, in venue time: a fill that the log has and nobody told
us (FILL_WAIT_MS, then it is booked from the log, and ``untold`` until it is), a number
missing before an entry (until that is GAP_WAIT_MS old, then it is a gap), a fill that
we were told and the log does not have (LOG_WAIT_MS, then ``unlogged`` until it has).

Source: docs.deribit.com, private/get_transaction_log, 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeAlias

from engine.errors import ProtocolError
from engine.session.ledger.amounts import HALF, SATOSHI, coins, divide
from engine.session.ledger.books import Books
from engine.session.ledger.entry import Entry, Fill, dumped_fill
from engine.session.ledger.opening import Opening

FILL_WAIT_MS = 10_000
GAP_WAIT_MS = 60_000
LOG_WAIT_MS = 60_000

PENDING_MAX = 10_000
"""Fills the log has not shown yet; beyond it the oldest is booked without the log."""

WAITING_MAX = 100_000
"""Entries that wait for one before them; beyond it the one before is given up."""

KNOWN_MAX = 4_096
"""Trades in the books that are remembered, should they be told again."""

DIFFERENCES_MAX = 256
"""Instruments whose position difference is kept."""

Say: TypeAlias = Callable[[str, str, str], None]


class TieOut:
    """Books as the log has confirmed them, and the fills that it has not yet.

    ``listed`` are the instruments whose fills we are told. ``unknown`` are those the
    log named and whose contract somebody has to fetch; `reject` says that it cannot be.
    """

    def __init__(self, books: Books, say: Say) -> None:
        self.books = books
        self.listed: dict[str, None] = {}
        self.unknown: dict[str, None] = {}
        self.pending: dict[str, Fill] = {}
        self.user_seq = 0
        self.time_ms = 0
        self.cash: dict[str, int] = {}
        self.positions: dict[str, Decimal] = {}
        self.fees: dict[str, int] = {}
        self.untold: dict[str, None] = {}
        self.unlogged: dict[str, None] = {}
        self.counts = dict.fromkeys(COUNTS, 0)
        self.kinds: dict[str, int] = {}
        self._say = say
        self._waiting: dict[int, Entry] = {}
        self._known: dict[str, None] = {}
        self._rest: dict[str, dict[str, int]] = {}
        self._contractless: dict[str, None] = {}
        self._held_ms: dict[str, int] = {}

    def tell(self, fill: Fill) -> bool:
        """Take a fill; False: it is in the books already."""
        self.untold.pop(fill.trade_id, None)
        if fill.trade_id in self._known or fill.trade_id in self.pending:
            return False
        self.pending[fill.trade_id] = fill
        if len(self.pending) > PENDING_MAX:
            oldest = self.pending.pop(next(iter(self.pending)))
            self.unlogged.pop(oldest.trade_id, None)
            self.books.fill(oldest)
            self._know(oldest.trade_id)
            self.counts["untied"] += 1
        return True

    def begin(self, opening: Opening) -> None:
        """Say what the books hold already."""
        self.user_seq, self.time_ms = opening.user_seq, opening.time_ms
        self._held_ms = dict.fromkeys(opening.beside, opening.read_ms)
        for trade_id in opening.trades:
            self.pending.pop(trade_id, None)
            self._know(trade_id)

    def reject(self, name: str) -> None:
        """Give up on a contract: entries about it are booked as money alone."""
        self.unknown.pop(name, None)
        self._contractless[name] = None

    # Entries.

    def take(
        self, entries: Iterable[Entry], now_ms: int, *, is_all: bool = True
    ) -> bool:
        """Book what can be booked; True: something was.

        ``now_ms`` is the venue's time up to which the log has been read, ``is_all``
        says that it was read in all currencies: only then can a number be a gap.
        """
        for one in entries:
            self._queue(one)
        before = self.user_seq
        while True:  # ends: every round books an entry, or gives a gap up, or returns
            entry = self._waiting.get(self.user_seq + 1)
            if entry is None:
                if not (is_all and self._give_up_gap(now_ms)):
                    break
            elif not self._try(entry, now_ms):
                break
            else:
                self._done(entry)
        self._look_for_unlogged(now_ms)
        return self.user_seq != before

    def missing(self) -> bool:
        """Say whether entries wait for one that nobody has shown."""
        return bool(self._waiting) and self.user_seq + 1 not in self._waiting

    def _queue(self, entry: Entry) -> None:
        if entry.user_seq <= self.user_seq:
            return
        if not self._is_readable(entry):
            self.unknown[entry.name] = None
        known = self._waiting.setdefault(entry.user_seq, entry)
        if known != entry:
            self.counts["repeats"] += 1
            self._say(
                "error", "ledger",
                f"log entry {entry.user_seq} says {entry.kind} {coins(entry.change)} "
                f"{entry.currency}, and {known.kind} {coins(known.change)} before",
            )  # fmt: skip

    def _is_readable(self, entry: Entry) -> bool:
        """Say whether its contract is known, if it has one that can be known."""
        name = entry.name
        return not name or name in self.books.contracts or name in self._contractless

    def _done(self, entry: Entry) -> None:
        del self._waiting[entry.user_seq]
        self.user_seq, self.time_ms = entry.user_seq, entry.time_ms
        self.counts["entries"] += 1
        self.kinds[entry.kind] = self.kinds.get(entry.kind, 0) + 1

    def _give_up_gap(self, now_ms: int) -> bool:
        """Skip numbers that stay missing; False: none is, or they may still come."""
        if not self._waiting:
            return False
        found = min(self._waiting)
        is_old = now_ms - self._waiting[found].time_ms >= GAP_WAIT_MS
        if not is_old and len(self._waiting) < WAITING_MAX:
            return False
        self.counts["gaps"] += found - self.user_seq - 1
        text = f"the log has no entries {self.user_seq + 1} to {found - 1}"
        self._say("error", "ledger", text)
        self.user_seq = found - 1
        return True

    # One entry.

    def _try(self, entry: Entry, now_ms: int) -> bool:
        """Book an entry; one that does not say enough is booked as money alone."""
        try:
            return self._book(entry, now_ms)
        except ProtocolError as error:
            self._say("error", "ledger", str(error))
            self.counts["unread"] += 1
            self.books.elsewhere(entry)
            self._compare(entry, entry.change, 0)
            return True

    def _book(self, entry: Entry, now_ms: int) -> bool:
        """Book an entry and compare; False: something has to come first."""
        name = entry.name
        if entry.time_ms <= self._held_ms.get(entry.currency, -1):
            return True  # the opening books hold it
        has_contract = name in self.books.contracts
        if not self._is_readable(entry):
            return False
        if entry.kind == "trade" and has_contract:
            moved = self._trade(entry, now_ms)
            if moved is None:
                return False
            self._compare(entry, *moved)
            return True
        if has_contract and entry.kind == "settlement":
            moved = self.books.settle(entry)
        elif has_contract and entry.kind in ("delivery", "expiry"):
            moved = self.books.deliver(entry)
        elif has_contract and entry.kind == "position_move":
            self.books.shift(entry)
            self._compare(entry, entry.change, HALF)
            return True
        else:
            self.books.elsewhere(entry)
            moved = entry.change, 0
            if name:
                self.counts["unread"] += 1
        self._compare(entry, *moved)
        return True

    def _trade(self, entry: Entry, now_ms: int) -> tuple[int, int] | None:
        """Book a trade; return (cash moved, slack). Empty: None, its fill may come."""
        rest = self._rest.get(entry.trade_id)
        if rest is not None and entry.currency in rest:
            moved = rest.pop(entry.currency)
            if not rest:
                del self._rest[entry.trade_id]
            return moved, 0
        fill = self.pending.get(entry.trade_id)
        if fill is None:
            if entry.name in self.listed and now_ms - entry.time_ms < FILL_WAIT_MS:
                return None
            fill = self._fill_from(entry)
        else:
            del self.pending[entry.trade_id]
            self.unlogged.pop(entry.trade_id, None)
            if not fill.fee_currency:
                # Told without its fee: only the log knows it.
                fee, payer = entry.commission, entry.currency
                fill = replace(fill, fee=fee, fee_currency=payer)
        self._know(entry.trade_id)
        self._compare_fees(entry, fill)
        effects = self.books.fill(fill)
        moved = effects.pop(entry.currency, 0)
        if effects:
            self._rest[entry.trade_id] = effects
            if len(self._rest) > KNOWN_MAX:
                del self._rest[next(iter(self._rest))]
        return moved, 0

    def _fill_from(self, entry: Entry) -> Fill:
        """Return the fill an entry tells of: another's, or one of ours that got lost.

        Raises: ProtocolError when the entry does not say enough.
        """
        contract = self.books.contracts[entry.name]
        if entry.amount is None or entry.price is None or not entry.sign:
            raise ProtocolError(f"log entry {entry.user_seq}: no amount, price or side")
        if entry.name in self.listed:
            self.untold[entry.trade_id] = None
            if len(self.untold) > KNOWN_MAX:
                del self.untold[next(iter(self.untold))]
            self._say(
                "warning", "ledger",
                f"{entry.name}: trade {entry.trade_id} is in the log, and was never "
                "told; it is booked from the log",
            )  # fmt: skip
        else:
            self.counts["foreign"] += 1
        up, down = entry.price
        return Fill(
            entry.trade_id, entry.name, entry.sign, contract.lots(abs(entry.amount)),
            Decimal(up) / down, entry.commission, entry.currency, entry.time_ms,
        )  # fmt: skip

    def _know(self, trade_id: str) -> None:
        self._known[trade_id] = None
        if len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]

    # Differences.

    def _compare(self, entry: Entry, moved: int, slack: int) -> None:
        """Compare what an entry did with what we made of it."""
        off = entry.change - moved
        if abs(off) > HALF + slack:
            self._say(
                "error", "ledger",
                f"log entry {entry.user_seq}: {entry.kind} {entry.name} moved "
                f"{coins(entry.change)} {entry.currency}, by our books {coins(moved)}",
            )  # fmt: skip
        self._compare_balance(entry)
        if entry.position is not None and entry.name in self.books.books:
            self._compare_position(entry, entry.position)

    def _compare_balance(self, entry: Entry) -> None:
        currency = entry.currency
        span = self.books.cash[currency]
        off = span.off(entry.balance)
        if not off:
            span.narrow(entry.balance)
        difference = whole(off)
        if difference and difference != self.cash.get(currency, 0):
            self._say(
                "error", "ledger",
                f"{currency}: the venue's balance is {coins(difference)} more than our "
                f"books have, at log entry {entry.user_seq} ({entry.kind})",
            )  # fmt: skip
        self.cash[currency] = difference

    def _compare_position(self, entry: Entry, theirs: Decimal) -> None:
        book = self.books.books[entry.name]
        off = theirs - book.contract.amount(book.size)
        if not off:
            self.positions.pop(entry.name, None)
            return
        if self.positions.get(entry.name) != off:
            self._say(
                "error", "ledger",
                f"{entry.name}: the venue's position is {off} more than ours, at log "
                f"entry {entry.user_seq} ({entry.kind})",
            )  # fmt: skip
        if entry.name in self.positions or len(self.positions) < DIFFERENCES_MAX:
            self.positions[entry.name] = off

    def _compare_fees(self, entry: Entry, fill: Fill) -> None:
        off = entry.commission - fill.fee
        if abs(off) <= HALF:
            return
        self.fees[entry.currency] = self.fees.get(entry.currency, 0) + off
        self._say(
            "error", "ledger",
            f"{entry.name}: trade {entry.trade_id} cost {coins(entry.commission)} "
            f"{entry.currency} by the log, {coins(fill.fee)} by the fill",
        )  # fmt: skip

    def _look_for_unlogged(self, now_ms: int) -> None:
        """Count fills that the log should have shown by now."""
        if self._waiting:
            return
        for fill in self.pending.values():
            if not fill.venue_ms:
                continue  # told without its time
            if now_ms - fill.venue_ms < LOG_WAIT_MS:
                return
            if fill.trade_id not in self.unlogged:
                self.unlogged[fill.trade_id] = None
                self._say(
                    "error", "ledger",
                    f"{fill.name}: fill {fill.trade_id} is not in the venue's log",
                )  # fmt: skip

    # Across restarts.

    def dump(self) -> dict[str, Any]:
        """Return what is needed to go on."""
        return {
            "user_seq": self.user_seq,
            "time_ms": self.time_ms,
            "books": self.books.dump(),
            "pending": [fill.dump() for fill in self.pending.values()],
            "known": list(self._known),
            "held_ms": self._held_ms,
            "untold": list(self.untold),
            "unlogged": list(self.unlogged),
            "cash": {c: str(n) for c, n in self.cash.items()},
            "fees": {c: str(n) for c, n in self.fees.items()},
            "positions": {name: str(n) for name, n in self.positions.items()},
            "counts": self.counts,
            "rest": {
                trade_id: {c: str(n) for c, n in rest.items()}
                for trade_id, rest in self._rest.items()
            },
        }

    def load(self, kept: Mapping[str, Any]) -> None:
        """Take what `dump` described.

        Raises: KeyError, ValueError, TypeError when it did not.
        """
        self.books.load(kept["books"])
        fills = [dumped_fill(row) for row in kept["pending"]]
        self.pending = {fill.trade_id: fill for fill in fills}
        self._known = dict.fromkeys(kept["known"])
        self._held_ms = {c: int(ms) for c, ms in kept["held_ms"].items()}
        self.untold = dict.fromkeys(kept["untold"])
        self.unlogged = dict.fromkeys(kept["unlogged"])
        self.cash = {c: int(n) for c, n in kept["cash"].items()}
        self.fees = {c: int(n) for c, n in kept["fees"].items()}
        self.positions = {name: Decimal(n) for name, n in kept["positions"].items()}
        self.counts = {key: int(kept["counts"][key]) for key in COUNTS}
        self._rest = {
            trade_id: {c: int(n) for c, n in rest.items()}
            for trade_id, rest in kept["rest"].items()
        }
        self.user_seq, self.time_ms = int(kept["user_seq"]), int(kept["time_ms"])


COUNTS = ("entries", "foreign", "untied", "unread", "gaps", "repeats")


def whole(off: int) -> int:
    """Return a difference in whole units of 1e-8, in atto, never 0 for one."""
    steps = divide(off, SATOSHI)
    if not steps and off:
        steps = 1 if off > 0 else -1
    return steps * SATOSHI
