"""Combos as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.trading.combo_books import is_active

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market


def combo_row(market: Market) -> dict[str, Any]:
    """Return one combo: its legs with signed ratios, and since when it is as it is."""
    contract = market.instrument.contract
    return {
        "id": contract.instrument_name,
        "state": "active" if is_active(market) else "inactive",
        "legs": [
            {"amount": ratio, "instrument_name": leg.instrument.name}
            for leg, ratio in market.legs
        ],
        "creation_timestamp": contract.creation_timestamp,
        "instrument_id": contract.instrument_id,
        "state_timestamp": market.state_ms,
    }
