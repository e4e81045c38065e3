"""Instrument rows and made-up views for tests of calculators and strategies."""

from typing import Any

from hypothesis import strategies as st

PERPETUAL: dict[str, Any] = {
    "instrument_name": "BTC-PERPETUAL",
    "kind": "future",
    "instrument_type": "reversed",
    "tick_size": 0.5,
    "tick_size_steps": [],
    "contract_size": 10.0,
    "min_trade_amount": 10.0,
    "maker_commission": 0.0,
    "taker_commission": 0.0005,
    "expiration_timestamp": 32503708800000,
}
OPTION: dict[str, Any] = {
    **PERPETUAL,
    "instrument_name": "BTC-28AUG26-100000-C",
    "kind": "option",
    "tick_size": 0.0001,
    "tick_size_steps": [{"above_price": 0.005, "tick_size": 0.0005}],
    "contract_size": 1.0,
    "min_trade_amount": 0.1,
    "maker_commission": 0.0003,
}
COMBO: dict[str, Any] = {
    **PERPETUAL,
    "instrument_name": "BTC-FS-28AUG26_PERP",
    "kind": "future_combo",
}
FUTURE: dict[str, Any] = {
    **PERPETUAL,
    "instrument_name": "BTC-25DEC26",
    "tick_size": 2.5,
    "expiration_timestamp": 1798185600000,
}
LINEAR: dict[str, Any] = {
    **PERPETUAL,
    "instrument_name": "BTC_USDC-PERPETUAL",
    "instrument_type": "linear",
    "contract_size": 0.001,
    "min_trade_amount": 0.001,
}
ROWS = [PERPETUAL, OPTION, COMBO]


@st.composite
def markets(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the arguments of ``View.for_test``: any row, spread, sizes and inventory."""
    row = draw(st.sampled_from(ROWS))
    bid = draw(st.one_of(st.integers(1, 60), st.integers(1, 10**7)))
    if row is COMBO:
        bid -= 200
    spread = draw(st.one_of(st.integers(1, 3), st.integers(1, 20_000)))
    lots = st.integers(1, 10**6)
    return {
        "row": row,
        "bids": [(bid - i, draw(lots)) for i in range(draw(st.integers(1, 3)))],
        "asks": [
            (bid + spread + i, draw(lots)) for i in range(draw(st.integers(1, 3)))
        ],
        "inventory_lots": draw(
            st.one_of(st.integers(-50, 50), st.integers(-(10**9), 10**9))
        ),
        "sigma_ticks": draw(st.one_of(st.none(), st.floats(0, 1_000))),
        "mark_price": draw(st.sampled_from([0.0, 1.0, 65_000.0])),
    }
