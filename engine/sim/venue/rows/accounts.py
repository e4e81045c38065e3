"""Positions and portfolios as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.units import coins, ref_price

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account, Position

Row = dict[str, Any]


def position_row(position: Position) -> Row:
    """Return a position; ``size`` is signed, in the unit of order amounts."""
    i, market = position.instrument, position.market
    size_value = coins(position.size_value) if position.size else 0.0
    open_margin = position.initial_margin() - position.position_margin()
    direction = "zero"
    if position.size:
        direction = "buy" if position.size > 0 else "sell"
    unrealized = coins(position.unrealized)
    row: Row = {
        "size": i.amount(position.size),
        "kind": i.kind,
        "maintenance_margin": coins(position.maintenance_margin()),
        "initial_margin": coins(position.position_margin()),
        "open_orders_margin": coins(max(open_margin, 0)),
        "direction": direction,
        "index_price": ref_price(market.index.ref),
        "instrument_name": i.name,
        "settlement_price": ref_price(market.settlement_ref),
        "mark_price": ref_price(market.mark_ref),
        "delta": size_value if i.inverse else i.amount(position.size),
        "average_price": position.average_price,
        "floating_profit_loss": unrealized,
        "realized_profit_loss": coins(position.realized),
        "total_profit_loss": unrealized,
        "leverage": i.max_leverage,
        "size_currency": size_value if i.inverse else i.amount(position.size),
        "estimated_liquidation_price": None,
    }
    if i.perpetual:
        row["interest_value"] = 0.0
        row["realized_funding"] = 0.0
    return row


def portfolio_row(account: Account, currency: str) -> Row:
    """Return the figures of one currency: user.portfolio and the account summary."""
    cash = account.cash.get(currency, 0)
    realized, unrealized = account.realized(currency), account.unrealized(currency)
    equity = cash + realized + unrealized
    initial = account.initial_margin(currency)
    maintenance = account.maintenance_margin(currency)
    available = max(equity - initial, 0)
    held = [p for p in account.in_currency(currency) if p.size and p.instrument.inverse]
    deltas: dict[str, int] = {}
    for p in held:
        name = p.instrument.index_name
        deltas[name] = deltas.get(name, 0) + p.size_value
    delta = coins(sum(deltas.values()))
    return {
        "currency": currency,
        "balance": coins(cash),
        "equity": coins(equity),
        "margin_balance": coins(equity),
        "available_funds": coins(available),
        "available_withdrawal_funds": coins(min(available, max(cash, 0))),
        "initial_margin": coins(initial),
        "maintenance_margin": coins(maintenance),
        "projected_initial_margin": coins(initial),
        "projected_maintenance_margin": coins(maintenance),
        "session_rpl": coins(realized),
        "session_upl": coins(unrealized),
        "total_pl": coins(realized + unrealized),
        "futures_pl": coins(realized + unrealized),
        "futures_session_rpl": coins(realized),
        "futures_session_upl": coins(unrealized),
        "options_pl": 0.0,
        "options_session_rpl": 0.0,
        "options_session_upl": 0.0,
        "options_value": 0.0,
        "options_delta": 0.0,
        "options_gamma": 0.0,
        "options_vega": 0.0,
        "options_theta": 0.0,
        "options_gamma_map": {},
        "options_vega_map": {},
        "options_theta_map": {},
        "delta_total": delta,
        "delta_total_map": {name: coins(value) for name, value in deltas.items()},
        "projected_delta_total": delta,
        "fee_balance": 0.0,
        "spot_reserve": 0.0,
        "additional_reserve": 0.0,
        "locked_balance": 0.0,
        "margin_model": "segregated_sm",
        "portfolio_margining_enabled": False,
        "cross_collateral_enabled": False,
    }
