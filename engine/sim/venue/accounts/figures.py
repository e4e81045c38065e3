"""The figures of one account in one currency, all taken at one moment.

Greeks are the account's: ``delta`` of an option is its net transaction delta, the
Black-76 delta less the mark price where the premium is paid in the coin itself. In the
half hour before expiry the delta of what expires fades with the share of the delivery
price that is already fixed.
Source: docs.deribit.com, inverse options, private/get_account_summary, 2026-08-22.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.sim.venue.units import ATTO, REF

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.accounts.position import Position
    from engine.sim.venue.products.pricing import Mark as Theory


@dataclass(frozen=True, slots=True)
class Greeks:
    """Sensitivities of a position.

    Units: delta in coins, gamma per USD, vega per vol point, theta per day, in USD.
    """

    delta: float = 0.0
    gamma: float = 0.0
    vega: float = 0.0
    theta: float = 0.0


def greeks(position: Position) -> Greeks:
    """Return the greeks of a position; of a future only the delta."""
    instrument, market = position.instrument, position.market
    left = 1.0
    if instrument.expiry_ms:
        left = market.index.delivery.open_share(instrument.expiry_ms)
    if not instrument.is_option:
        if instrument.inverse:
            return Greeks(left * position.size_value / ATTO)
        return Greeks(left * instrument.amount(position.size))
    theory, amount = market.theory, instrument.amount(position.size)
    if theory is None:
        return Greeks()
    coin_ref = market.mark_ref if instrument.reversed else 0
    return Greeks(
        left * amount * delta_of(theory, coin_ref),
        amount * theory.gamma,
        amount * theory.vega,
        amount * theory.theta,
    )


def delta_of(theory: Theory, coin_mark_ref: int) -> float:
    """Return the net transaction delta of an option: less its price in coins."""
    return theory.delta - coin_mark_ref / REF


@dataclass(slots=True)
class Figures:
    """Units: money in atto, deltas and greeks as in ``Greeks``, maps by index."""

    cash: int = 0
    futures_rpl: int = 0
    futures_upl: int = 0
    futures_pl: int = 0
    options_rpl: int = 0
    options_upl: int = 0
    options_pl: int = 0
    options_value: int = 0
    initial_margin: int = 0
    maintenance_margin: int = 0
    reserved: int = 0
    options_delta: float = 0.0
    delta: dict[str, float] = field(default_factory=dict)
    lasting_delta: float = 0.0
    gamma: dict[str, float] = field(default_factory=dict)
    vega: dict[str, float] = field(default_factory=dict)
    theta: dict[str, float] = field(default_factory=dict)

    @property
    def equity(self) -> int:
        """Return cash, session profit of futures and value of options."""
        return self.cash + self.futures_rpl + self.futures_upl + self.options_value

    @property
    def margin_balance(self) -> int:
        """Return the equity without the options."""
        return self.equity - self.options_value

    @property
    def available(self) -> int:
        """Return what is free for new orders, never below 0."""
        used = self.initial_margin + self.reserved
        return max(self.margin_balance - used, 0)


def figures_of(account: Account, currency: str) -> Figures:
    """Return the figures of one currency."""
    figures = Figures(
        cash=account.cash.get(currency, 0),
        initial_margin=account.initial_margin(currency),
        maintenance_margin=account.maintenance_margin(currency),
        reserved=account.reserved.get(currency, 0),
    )
    held = account.in_currency(currency)
    soonest_ms = min(
        (p.instrument.expiry_ms for p in held if p.size and p.instrument.expiry_ms),
        default=0,
    )
    for position in held:
        _add(figures, position, soonest_ms)
    return figures


def _add(figures: Figures, position: Position, soonest_ms: int) -> None:
    instrument, index = position.instrument, position.instrument.index_name
    if instrument.is_option:
        figures.options_rpl += position.realized
        figures.options_upl += position.unrealized
        figures.options_pl += position.total
        figures.options_value += position.size_value
    else:
        figures.futures_rpl += position.realized
        figures.futures_upl += position.unrealized
        figures.futures_pl += position.total
    if not position.size:
        return
    one = greeks(position)
    _grow(figures.delta, index, one.delta)
    if instrument.expiry_ms != soonest_ms or not soonest_ms:
        figures.lasting_delta += one.delta
    if instrument.is_option:
        figures.options_delta += one.delta
        _grow(figures.gamma, index, one.gamma)
        _grow(figures.vega, index, one.vega)
        _grow(figures.theta, index, one.theta)


def _grow(table: dict[str, float], name: str, amount: float) -> None:
    table[name] = table.get(name, 0.0) + amount
