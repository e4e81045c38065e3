"""Positions and portfolios as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.accounts import margin
from engine.sim.venue.accounts.figures import Figures, figures_of, greeks
from engine.sim.venue.units import ATTO, coins, ref_price

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account, Login
    from engine.sim.venue.accounts.position import Position

Row = dict[str, Any]
GREEK_DIGITS = 5


def access_row(login: Login) -> Row:
    """Return a line of the access log; nobody knows where an address is."""
    return {
        "id": login.number,
        "ip": login.peer,
        "country": "",
        "city": "",
        "timestamp": login.time_ms,
        "log": login.log,
    }


def position_row(position: Position) -> Row:
    """Return a position; ``size`` is signed, in the unit of order amounts."""
    i, market = position.instrument, position.market
    held = margin.of_position(position)
    one = greeks(position)
    direction = "zero"
    if position.size:
        direction = "buy" if position.size > 0 else "sell"
    row: Row = {
        "size": i.amount(position.size),
        "kind": i.kind,
        "maintenance_margin": coins(margin.maintenance(position)),
        "initial_margin": coins(held),
        "open_orders_margin": coins(margin.initial(position) - held),
        "direction": direction,
        "index_price": ref_price(market.index.ref),
        "instrument_name": i.name,
        "settlement_price": ref_price(market.settlement_ref),
        "mark_price": ref_price(market.mark_ref),
        "delta": round(one.delta, 8),
        "average_price": position.average_price,
        "floating_profit_loss": coins(position.unrealized),
        "realized_profit_loss": coins(position.realized),
        "total_profit_loss": coins(position.total),
        "estimated_liquidation_price": None,
    }
    if i.is_option:
        row |= _option_part(position) | {
            "gamma": round(one.gamma, GREEK_DIGITS + 3),
            "vega": round(one.vega, GREEK_DIGITS),
            "theta": round(one.theta, GREEK_DIGITS),
        }
    else:
        row["leverage"] = margin.leverage(position)
        row["size_currency"] = (
            coins(position.size_value) if i.inverse else i.amount(position.size)
        )
    if market.funding is not None:
        row["interest_value"] = market.funding.interest_value
        row["realized_funding"] = coins(position.funding)
    return row


def _option_part(position: Position) -> Row:
    """Return what coin-priced options have in dollars besides."""
    if not position.instrument.reversed:
        return {}
    units = abs(position.instrument.units(position.size))
    average = abs(position.cost_usd) / units if units else 0.0
    value_usd = position.size_value / ATTO * ref_price(position.market.index.ref)
    return {
        "average_price_usd": round(average, 2),
        "floating_profit_loss_usd": round(value_usd - position.cost_usd / ATTO, 2),
    }


def portfolio_row(account: Account, currency: str) -> Row:
    """Return the figures of one currency: user.portfolio and the account summary."""
    return figures_row(currency, figures_of(account, currency))


def figures_row(currency: str, figures: Figures) -> Row:
    """Return figures as the venue shows them; ``projected`` ones leave out expiries."""
    f = figures
    initial, maintenance = coins(f.initial_margin), coins(f.maintenance_margin)
    return {
        "currency": currency,
        "balance": coins(f.cash),
        "equity": coins(f.equity),
        "margin_balance": coins(f.margin_balance),
        "available_funds": coins(f.available),
        "available_withdrawal_funds": coins(min(f.available, max(f.cash, 0))),
        "initial_margin": initial,
        "maintenance_margin": maintenance,
        "projected_initial_margin": initial,
        "projected_maintenance_margin": maintenance,
        "session_rpl": coins(f.futures_rpl + f.options_rpl),
        "session_upl": coins(f.futures_upl + f.options_upl),
        "total_pl": coins(f.futures_pl + f.options_pl),
        "futures_pl": coins(f.futures_pl),
        "futures_session_rpl": coins(f.futures_rpl),
        "futures_session_upl": coins(f.futures_upl),
        "options_pl": coins(f.options_pl),
        "options_session_rpl": coins(f.options_rpl),
        "options_session_upl": coins(f.options_upl),
        "options_value": coins(f.options_value),
        "options_delta": round(f.options_delta, GREEK_DIGITS),
        **_greek_rows(figures),
        "delta_total": round(sum(f.delta.values()), 8),
        "delta_total_map": {name: round(delta, 8) for name, delta in f.delta.items()},
        "projected_delta_total": round(f.lasting_delta, 8),
        "fee_balance": 0.0,
        "spot_reserve": coins(f.reserved),
        "additional_reserve": 0.0,
        "locked_balance": 0.0,
        "margin_model": "segregated_sm",
        "portfolio_margining_enabled": False,
        "cross_collateral_enabled": False,
    }


def _greek_rows(figures: Figures) -> Row:
    row: Row = {}
    for name in ("gamma", "vega", "theta"):
        table: dict[str, float] = getattr(figures, name)
        digits = GREEK_DIGITS + 3 if name == "gamma" else GREEK_DIGITS
        row[f"options_{name}"] = round(sum(table.values()), digits)
        row[f"options_{name}_map"] = {k: round(v, digits) for k, v in table.items()}
    return row
