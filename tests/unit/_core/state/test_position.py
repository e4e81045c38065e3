"""Position, average price and profit against exact arithmetic."""

from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine._core.core import Core
from tests.rig import LIMITS, ROW, Wisher

LINEAR = {
    **ROW,
    "instrument_name": "ETH_USDC-PERPETUAL",
    "instrument_type": "linear",
    "settlement_currency": "USDC",
    "tick_size": 0.05,
    "contract_size": 0.001,
    "min_trade_amount": 0.001,
}
fills = st.lists(
    st.tuples(st.booleans(), st.integers(1, 40), st.integers(900, 1_100)), max_size=25
)


class SlowPosition:
    """Average-cost bookkeeping in fractions."""

    def __init__(self, inverse: bool) -> None:
        self.inverse = inverse
        self.size = self.cost = self.realized = Fraction(0)

    def value(self, amount: Fraction, price: Fraction) -> Fraction:
        """Coin an inverse amount is worth, or quote currency of a linear one."""
        return amount / price if self.inverse else amount * price

    def fill(self, amount: Fraction, price: Fraction) -> None:
        """Book a signed amount."""
        if self.size == 0 or (self.size > 0) == (amount > 0):
            self.size += amount
            self.cost += self.value(amount, price)
            return
        closing = max(-abs(self.size), -abs(amount))
        closing = closing if self.size > 0 else -closing
        share = self.cost * (-closing / self.size)
        gain = self.value(-closing, price) - share
        self.realized += -gain if self.inverse else gain
        self.cost -= share
        self.size += closing
        rest = amount - closing
        if rest:
            self.size += rest
            self.cost += self.value(rest, price)


def book(row: dict[str, Any], trades: list[tuple[bool, int, int]]) -> dict[str, Any]:
    """Return the core's view of a position after some trades."""
    core = Core(1)
    index = core.add_instrument(row)
    core.bind(index, Wisher(), LIMITS)
    lot = min(row["contract_size"], row["min_trade_amount"])
    for i, (buys, lots, ticks) in enumerate(trades):
        core.trade(
            {
                "trade_id": str(i),
                "instrument_name": row["instrument_name"],
                "direction": "buy" if buys else "sell",
                "price": round(ticks * row["tick_size"], 6),
                "amount": round(lots * lot, 6),
                "fee": 2.5e-7,
                "liquidity": "M",
                "label": "",
                "order_id": "1",
                "timestamp": 1,
            }
        )
    return core.snapshot()["instruments"][row["instrument_name"]]


def close(a: float, b: Fraction) -> bool:
    return abs(a - float(b)) <= 1e-9 * max(1.0, abs(float(b)))


@settings(max_examples=150, deadline=None)
@given(trades=fills, inverse=st.booleans())
def test_the_core_agrees_with_exact_bookkeeping(
    trades: list[tuple[bool, int, int]], inverse: bool
) -> None:
    row = ROW if inverse else LINEAR
    slow = SlowPosition(inverse)
    lot = Fraction(str(min(row["contract_size"], row["min_trade_amount"])))
    tick = Fraction(str(row["tick_size"]))
    for buys, lots, ticks in trades:
        slow.fill(lots * lot * (1 if buys else -1), ticks * tick)
    seen = book(row, trades)
    assert close(seen["position"], slow.size)
    assert close(seen["realized_pnl"], slow.realized)
    if slow.size:
        average = slow.size / slow.cost if inverse else slow.cost / slow.size
        assert close(seen["average_price"], average)
    assert close(seen["fees"], Fraction(len(trades)) * Fraction("2.5e-7"))


def test_inverse_profit_as_in_the_venues_own_example() -> None:
    # docs.deribit.com, inverse futures: 185160 USD long, 15000 -> 17391 = 1.69711 BTC
    core = Core(1)
    index = core.add_instrument(ROW)
    core.bind(index, Wisher(), LIMITS)
    core.set_position(index, 18_516, 15_000.0)
    core.connection_made(0, 1)
    core.receive_data(
        0,
        2,
        b'{"jsonrpc":"2.0","method":"subscription","params":{"channel":'
        b'"ticker.BTC-PERPETUAL.raw","data":{"instrument_name":"BTC-PERPETUAL",'
        b'"timestamp":1,"mark_price":17391.0,"state":"open"}}}',
    )
    seen = core.snapshot()["instruments"]["BTC-PERPETUAL"]
    assert round(seen["unrealized_pnl"], 5) == 1.69711
