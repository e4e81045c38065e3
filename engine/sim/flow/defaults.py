"""The default background market of a venue: its coins, indices, surfaces and shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from engine.sim.params import CoinParams, FlowParams, IndexParams
from engine.sim.venue.config import VenueConfig
from engine.sim.venue.products.surface import VOL_MIN, VOL_TOP, SurfaceState

BASIS_POINT = 1e-4
PRICE_DECIMALS = 4  # of a recorded index price
RATIO_DECIMALS = 6  # of a coin in another
COINS = {
    coin.name: coin
    for coin in (
        CoinParams("BTC", vol=0.45, correlation=0.97, beta=1.0),
        CoinParams("ETH", vol=0.65, correlation=0.85, beta=1.4),
        CoinParams("SOL", vol=0.85, correlation=0.75, beta=1.7),
        CoinParams("XRP", vol=0.85, correlation=0.6, beta=1.5),
        CoinParams("USDC", vol=0.004, correlation=0.0, beta=0.0),
        CoinParams("USDT", vol=0.006, correlation=0.0, beta=0.0),
        CoinParams("EURR", vol=0.07, correlation=0.1, beta=0.0),
    )
}
OTHER_COIN = CoinParams("", vol=0.9, correlation=0.6, beta=1.5)
DOLLARS = ("USD", "USDC", "USDT")

# What a family's books and trades amount to, as a share of those on btc_usd. Plausible
# ratios of turnover, not fitted.
SHARES = {
    "btc_usd": 1.0,
    "eth_usd": 0.5,
    "btc_usdc": 0.25,
    "eth_usdc": 0.15,
    "sol_usdc": 0.06,
    "xrp_usdc": 0.05,
}
OTHER_SHARE = 0.03


def default_flow(
    venue: VenueConfig,
    *,
    activity: float = 1.0,
    depth: float = 1.0,
    enabled: bool = True,
    vols: Mapping[str, float] | None = None,
) -> FlowParams:
    """Return the background market that suits what a venue lists.

    Units: vols by coin, as fractions per square root of a year; the vol surface of a
    coin starts at a vol that is given.
    """
    vols = vols or {}
    indices = tuple(
        _index(name, float(price), max(2, _decimals(str(price))))
        for name, price in venue.index_prices.items()
    )
    names = dict.fromkeys(
        coin for index in indices for coin in (index.base, index.quote) if coin
    )
    carry = venue.carry_bps * BASIS_POINT
    coins = tuple(_coin(name, vols.get(name), carry) for name in names)
    surfaces: dict[str, SurfaceState] = {}
    for index in indices:
        state = venue.surfaces.get(index.name)
        if state is not None and not index.quote:
            surfaces.setdefault(index.base, _surface(state, vols.get(index.base)))
    return FlowParams(
        coins,
        indices,
        surfaces,
        shares={one.name: SHARES.get(one.name, OTHER_SHARE) for one in indices},
        activity=activity,
        depth=depth,
        enabled=enabled,
    )


def _index(name: str, price: float, decimals: int) -> IndexParams:
    base, _, quote = name.upper().partition("_")
    return IndexParams(name, price, base, "" if quote in DOLLARS else quote, decimals)


def _coin(name: str, vol: float | None, carry: float) -> CoinParams:
    coin = replace(COINS.get(name, OTHER_COIN), name=name, carry=carry)
    return coin if vol is None else replace(coin, vol=vol)


def _surface(state: SurfaceState, vol: float | None) -> SurfaceState:
    if vol is None:
        return state
    ratio = state.long_vol / state.short_vol
    return replace(
        state,
        short_vol=min(max(vol, VOL_MIN), VOL_TOP),
        long_vol=min(max(vol * ratio, VOL_MIN), VOL_TOP),
    )


def _decimals(price: str) -> int:
    return len(price.partition(".")[2])


def start_prices(
    given: Mapping[str, Decimal], recorded: Mapping[str, float]
) -> dict[str, Decimal]:
    """Return every index price at the start: as given, else as recorded.

    An index that is neither follows those that are: the dollar of a coin is worth as
    much in any kind of dollar, and a coin in another is the ratio of the two.
    """
    prices = dict(VenueConfig().index_prices)
    known = {
        name: round(Decimal(str(price)), PRICE_DECIMALS)
        for name, price in recorded.items()
        if name in prices
    }
    known |= given
    for name, price in known.items():
        twin = f"{name}c" if name.endswith("_usd") else name.removesuffix("c")
        if twin in prices:
            prices[twin] = known.get(twin, price)
    prices |= known
    if "eth_btc" not in known:
        ratio = prices["eth_usd"] / prices["btc_usd"]
        prices["eth_btc"] = round(ratio, RATIO_DECIMALS)
    return prices
