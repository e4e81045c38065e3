from typing import NamedTuple

class CoinGreeks(NamedTuple):
    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    net_delta: float

def black76_price(
    forward: float, strike: float, sigma: float, years: float, *, is_call: bool
) -> float: ...
def coin_greeks(
    forward: float, strike: float, sigma: float, years: float, *, is_call: bool
) -> CoinGreeks: ...
def hedge_usd(net_delta: float, forward: float, coins: float = 1.0) -> float: ...
