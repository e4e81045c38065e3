"""Combos, key by key."""

from engine.sim.venue.rows.combos import combo_row
from tests.unit.sim.venue.accounts.listed import COMBO, PERP, market
from tests.unit.sim.venue.client import MS, START_NS


def test_a_combo() -> None:
    spread = market(COMBO)
    contract = spread.instrument.contract
    row = combo_row(spread)
    assert row == {
        "id": COMBO,
        "state": "active",
        "legs": [
            {"amount": -1, "instrument_name": PERP},
            {"amount": 1, "instrument_name": "BTC-25DEC26"},
        ],
        "creation_timestamp": contract.creation_timestamp,
        "instrument_id": contract.instrument_id,
        "state_timestamp": START_NS // MS,
    }
    assert list(row)[:3] == ["id", "state", "legs"]
    spread.state = "inactive"
    assert combo_row(spread)["state"] == "inactive"
