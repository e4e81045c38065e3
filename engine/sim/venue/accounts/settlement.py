"""The daily settlement at 08:00 UTC: sessions end, contracts expire, others are listed.

At eight the delivery prices are fixed and every book but spot's goes to ``settlement``:
nothing is accepted (10041), not even a cancel, and good-til-day orders are cancelled.
The session's profit of futures, funding included, moves to cash and the mark becomes
the settlement price. A little later (``settlement_ms``) what expires is delivered, its
open orders cancelled, new contracts are listed and the other books open again. What was
delivered is archived after ``archive_ms`` and remembered for a while.

Times are entries of the agenda: however far the clock jumps, every settlement on the
way is carried out at its own time.
Source: docs.deribit.com, instrument states since 2026-01-13; production settlements of
2026-09 took well under a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.sim.venue.accounts.delivery import next_settlement_ms
from engine.sim.venue.accounts.expiry import Expiry
from engine.sim.venue.accounts.ledger import Entry
from engine.sim.venue.accounts.records import Record, Records, Totals

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.accounts.position import Position
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market

MILLISECOND_NS = 1_000_000
EXPIRED_MAX = 5_000
HALTED = ("open", "locked")


class Settlement:
    """Carries out the settlements of an exchange and remembers them.

    ``records`` are the venue's, by currency; ``expired`` the markets of contracts that
    are no more, oldest first.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._before: dict[str, str] = {}
        self._time_ms = 0
        self.records = Records()
        self.expired: dict[str, Market] = {}
        self._schedule()

    def _schedule(self) -> None:
        self._time_ms = next_settlement_ms(self._exchange.due_ms)
        self._exchange.agenda.at(self._time_ms * MILLISECOND_NS, self._begin)

    # The settlement of those that live on.

    def _begin(self) -> None:
        exchange = self._exchange
        for name, index in exchange.indices.items():
            index.delivery.fix(exchange.due_ms, index.ref)
            exchange.turn.indices[name] = index
        self._pause(self._end)
        self._settle(self._time_ms)

    def settle_now(self) -> bool:
        """Carry out a settlement out of turn: sessions end, nothing expires.

        Returns: False while another one is being carried out; then nothing is done.
        """
        if self._before:
            return False
        self._pause(self._resume)
        self._settle(self._exchange.due_ms)
        return True

    def reopens_as(self, name: str, state: str) -> bool:
        """Let a book that stands still for a settlement be in a state afterwards.

        Returns: False when it does not stand still; then nothing is done.
        """
        if name not in self._before:
            return False
        self._before[name] = state
        return True

    def _pause(self, end: Callable[[], None]) -> None:
        """Let every book but spot's stand still for a while, then do something."""
        exchange = self._exchange
        for market in exchange.markets.values():
            if not market.instrument.is_spot and market.state in HALTED:
                self._before[market.instrument.name] = market.state
                exchange.set_state(market.instrument.name, "settlement")
        exchange.end_of_day()
        end_ns = exchange.now_ns + exchange.config.settlement_ms * MILLISECOND_NS
        exchange.agenda.at(end_ns, end)

    def _resume(self) -> None:
        """Open again what stood still, but for what has expired meanwhile."""
        exchange = self._exchange
        for name, state in self._before.items():
            market = exchange.markets[name]
            if market.over or _expires(market, exchange.due_ms):
                continue
            if market.state == "settlement":
                exchange.set_state(name, state)
        self._before.clear()

    def _settle(self, until_ms: int) -> None:
        """End the sessions of what does not expire until a time."""
        exchange, totals = self._exchange, Totals()
        settled = {}
        for name, market in exchange.markets.items():
            instrument = market.instrument
            if instrument.is_spot or market.over:
                continue
            if market.funding is not None:
                market.funding.accrue(exchange.now_ns)
            if _expires(market, until_ms):
                continue
            market.settlement_ref = market.mark_ref
            exchange.note_market(market)
            if not instrument.is_combo:
                settled[name] = market
            if instrument.is_future:
                totals.begin("settlement", exchange.now_ms, market, market.index.ref)
        for account in exchange.accounts.values():
            for name, position in account.positions.items():
                if name in settled and position.traded:
                    self._settle_one(account, position, totals)
        totals.put_into(self.records)

    def _settle_one(self, account: Account, position: Position, totals: Totals) -> None:
        """End one position's session; a future's profit goes to cash."""
        exchange, market = self._exchange, position.market
        instrument, total = position.instrument, position.total
        profit, funding = position.settle()
        if instrument.is_option or not (position.size or profit):
            return
        account.move(instrument.currency, profit)
        record = Record(
            "settlement",
            exchange.now_ms,
            instrument,
            market.mark_ref,
            market.index.ref,
            instrument.amount(position.size),
            profit,
            total,
            funding,
        )
        totals.add(record)
        exchange.note_position(account, position)
        if account.internal:
            return
        account.settlements.add(record)
        account.ledger.enter(
            Entry(
                kind="settlement",
                time_ms=exchange.now_ms,
                currency=instrument.currency,
                change=profit,
                cashflow=profit,
                instrument=instrument,
                side="long" if position.size > 0 else "short",
                amount=abs(record.position),
                position=record.position,
                price=market.mark_ref / 10**8,
                mark_ref=market.mark_ref,
                index_ref=market.index.ref,
                funding=funding if instrument.perpetual else None,
                total_funding=funding if instrument.perpetual else None,
            )
        )

    # What expires, and what is listed instead.

    def _end(self) -> None:
        exchange = self._exchange
        expiring = [
            market
            for market in exchange.markets.values()
            if _expires(market, self._time_ms) and not market.over
        ]
        self._deliver(expiring)
        self._resume()
        exchange.list_new()
        self._schedule()

    def _deliver(self, expiring: list[Market]) -> None:
        exchange, totals = self._exchange, Totals()
        groups: dict[tuple[str, int], Expiry] = {}
        for market in expiring:
            exchange.end_market(market, "delivered")
            key = (market.index.name, market.instrument.expiry_ms)
            if key not in groups:
                groups[key] = Expiry(exchange, market.index, totals)
            groups[key].add(market)
        for expiry in groups.values():
            expiry.deliver()
        totals.put_into(self.records)
        if expiring:
            archive_ns = exchange.now_ns + exchange.config.archive_ms * MILLISECOND_NS
            exchange.agenda.at(archive_ns, lambda: self._archive(expiring))

    def _archive(self, markets: list[Market]) -> None:
        for market in markets:
            instrument = market.instrument
            self._exchange.set_state(instrument.name, "archivized")
            del self._exchange.markets[instrument.name]
            self.expired[instrument.name] = market
            for account in self._exchange.accounts.values():
                account.drop_position(instrument)
        while len(self.expired) > EXPIRED_MAX:
            del self.expired[next(iter(self.expired))]


def _expires(market: Market, until_ms: int) -> bool:
    return 0 < market.instrument.expiry_ms <= until_ms
