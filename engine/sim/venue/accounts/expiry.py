"""What happens to the contracts of one index that expire at one moment.

An option out of the money ends worthless. One in the money first becomes the future of
the same expiry at its strike: a long call of one coin the dollars of its strike bought
(inverse) or the coin bought (linear); then all of that is netted with the future and
paid at the delivery price. Profit is the same as without the detour, lot by lot

    inverse  max(±(S - K), 0) / S coins      linear  max(±(S - K), 0) USDC

so it sums to zero over all accounts exactly. The option's delivery fee is 0.015 % of
the underlying, at most 12.5 % of what it pays, nothing for daily ones. The future's is
0.025 % of what is left of the position after the options have been netted with it,
nothing for daily and weekly ones; what came from options pays no second fee.
Source: insights.deribit.com, change to the option delivery process, 2026-04 and
2026-08; fee rates from a third party's summary, not confirmed after 2026-08.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sim.venue.accounts.ledger import Entry
from engine.sim.venue.accounts.records import Record, Totals
from engine.sim.venue.products.instruments import FEE_CAP
from engine.sim.venue.units import ATTO, REF, SATOSHI, divide

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.accounts.position import Position
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Index, Market
    from engine.sim.venue.products.instruments import Instrument

OPTION_FEE = (15, 100_000)
FUTURE_FEE = (25, 100_000)
FREE_OPTIONS = ("day",)
FREE_FUTURES = ("day", "week")


def payoff(instrument: Instrument, price_ref: int) -> int:
    """Return what one lot of an option pays at a delivery price, in atto."""
    is_call = instrument.contract.option_type == "call"
    above = price_ref - instrument.strike_ref
    worth = max(above if is_call else -above, 0)
    return divide(
        instrument.units(1) * worth, price_ref if instrument.reversed else REF
    )


def option_fee(instrument: Instrument, lots: int, price_ref: int, paid: int) -> int:
    """Return the delivery fee of lots of an option that pays ``paid``, in atto."""
    if instrument.contract.settlement_period in FREE_OPTIONS:
        return 0
    basis = instrument.units(lots)
    if not instrument.reversed:
        basis = divide(basis * price_ref, REF)
    fee = divide(basis * OPTION_FEE[0], OPTION_FEE[1])
    return _round(min(fee, divide(paid * FEE_CAP[0], FEE_CAP[1])))


def future_fee(instrument: Instrument, units: int, price_ref: int) -> int:
    """Return the delivery fee of so many atto of a future's order unit, in atto."""
    if instrument.contract.settlement_period in FREE_FUTURES:
        return 0
    value = units * REF // price_ref if instrument.inverse else units * price_ref // REF
    return _round(divide(value * FUTURE_FEE[0], FUTURE_FEE[1]))


def _round(fee: int) -> int:
    return divide(fee, SATOSHI) * SATOSHI


class Expiry:
    """The contracts of one index that expire now. ``future`` may be missing."""

    def __init__(self, exchange: Exchange, index: Index, totals: Totals) -> None:
        self._exchange, self._totals = exchange, totals
        self._price_ref = index.delivery.prices[-1][1]
        self._future: Market | None = None
        self._options: dict[str, Market] = {}

    def add(self, market: Market) -> None:
        """Add a contract; combos have nothing to deliver."""
        instrument = market.instrument
        if instrument.is_combo:
            return
        if instrument.is_option:
            each = payoff(instrument, self._price_ref)
            market.mark_ref = divide(
                each * instrument.lot_den * REF, instrument.lot_num * ATTO
            )
            self._options[instrument.name] = market
        else:
            market.mark_ref = self._price_ref
            self._future = market

    def deliver(self) -> None:
        """Pay every account what it holds, and take the positions away."""
        now_ms = self._exchange.now_ms
        markets = list(self._options.values())
        markets += [self._future] if self._future is not None else []
        for market in markets:
            self._totals.begin("delivery", now_ms, market, self._price_ref)
        for account in self._exchange.accounts.values():
            self._deliver_to(account)

    def _deliver_to(self, account: Account) -> None:
        options = [p for n, p in account.positions.items() if n in self._options]
        future = self._future
        into: Position | None = None
        if future is not None and (
            options or future.instrument.name in account.positions
        ):
            into = account.position(future.instrument, future)
        paid = units = 0
        for position in options:
            if position.size:
                more = self._units_of(position)
                earned = self._exercise(account, position, into)
                paid += earned
                units += more if earned else 0
            self._gone(account, position)
        if into is not None:
            if into.size or into.realized or units:
                self._pay_future(account, into, paid, units)
            self._gone(account, into)

    def _units_of(self, position: Position) -> int:
        """Return what an option becomes, signed, in atto of the future's unit."""
        instrument = position.instrument
        units = instrument.units(position.size)
        if instrument.contract.option_type != "call":
            units = -units
        return (
            divide(units * instrument.strike_ref, REF) if instrument.reversed else units
        )

    def _exercise(
        self, account: Account, position: Position, into: Position | None
    ) -> int:
        """End an option; return what its future will pay for it, in atto."""
        instrument, price_ref = position.instrument, self._price_ref
        each = payoff(instrument, price_ref)
        paid = position.size * each
        fee = option_fee(instrument, abs(position.size), price_ref, abs(paid))
        account.pay(instrument.currency, fee)
        if into is None:
            account.move(instrument.currency, paid)
        else:
            into.grant(paid)
        session = position.realized + paid - position.session_cost
        self._remember(account, position, session, paid - position.cost)
        self._enter(
            account,
            position,
            kind="delivery" if each else "expiry",
            price=each * instrument.lot_den / (instrument.lot_num * ATTO),
            cashflow=0 if into is not None else paid,
            fee=fee,
            info={"settled_into": into.instrument.name} if into and each else None,
        )
        return paid

    def _pay_future(
        self, account: Account, position: Position, paid: int, units: int
    ) -> None:
        """Pay a future; ``paid`` of its session and ``units`` come from options."""
        instrument, price_ref = position.instrument, self._price_ref
        value = instrument.value_at_ref(position.size, price_ref)
        session = position.realized + instrument.profit(value, position.session_cost)
        total = instrument.profit(value, position.cost)
        own = instrument.units(position.size)
        left = abs(own)
        if own * units < 0:
            left = max(left - abs(units), 0)
        fee = future_fee(instrument, left, price_ref)
        account.move(instrument.currency, session)
        account.pay(instrument.currency, fee)
        self._remember(account, position, session - paid, total)
        self._enter(
            account,
            position,
            kind="delivery",
            price=price_ref / REF,
            cashflow=session,
            fee=fee,
            amount=(own + units) / ATTO,
        )

    def _remember(
        self, account: Account, position: Position, session: int, total: int
    ) -> None:
        instrument = position.instrument
        record = Record(
            "delivery",
            self._exchange.now_ms,
            instrument,
            position.market.mark_ref,
            self._price_ref,
            instrument.amount(position.size),
            session,
            total,
        )
        self._totals.add(record)
        if not account.internal:
            account.settlements.add(record)

    def _enter(
        self,
        account: Account,
        position: Position,
        *,
        kind: str,
        price: float,
        cashflow: int,
        fee: int,
        amount: float | None = None,
        info: dict[str, str] | None = None,
    ) -> None:
        """Close the books of a position and enter it in the transaction log."""
        instrument = position.instrument
        held = instrument.amount(position.size) if amount is None else amount
        position.end()
        if account.internal:
            return
        account.ledger.enter(
            Entry(
                kind=kind,
                time_ms=self._exchange.now_ms,
                currency=instrument.currency,
                change=cashflow - fee,
                cashflow=cashflow,
                fee=fee,
                instrument=instrument,
                side="close sell" if held > 0 else "close buy",
                amount=abs(held),
                position=0.0,
                price=price,
                mark_ref=position.market.mark_ref,
                index_ref=self._price_ref,
                settlement_ref=self._price_ref,
                info=info,
            )
        )

    def _gone(self, account: Account, position: Position) -> None:
        self._exchange.note_position(account, position)
        account.drop_position(position.instrument)
        position.market.open_interest_lots = 0
