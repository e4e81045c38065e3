"""What the venue lists at a given time: perpetuals, futures, options, spot, combos.

A family is everything written on one index with one way to settle. Expiries follow the
venue's rule: the next four days, the next three Fridays, the last Fridays of the next
three months and of the next four quarter months, all at 08:00 UTC. Every expiry has a
future, since an option in the money is delivered through it.
Source: public/get_expirations of production, 2026-05-20 (the rule reproduces it);
production rows of 2026-09-20 (BTC, XRP_USDC); docs.deribit.com, inverse and linear
options (ticks, steps, sizes), 2026-08-22. Sizes and ticks of linear perpetuals and
dated futures and of spot other than those in the capture are plausible, not published.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.sim.venue.config import (
    MAKER_COMMISSION,
    OPTION_COMMISSION,
    TAKER_COMMISSION,
    ContractConfig,
    ListingConfig,
)
from engine.sim.venue.products.calendar import (
    DAY_MS,
    FRIDAY,
    SETTLEMENT_MS,
    civil_from_day,
    expiry_name,
    last_friday,
    quarterly_expiry_ms,
    weekday,
)
from engine.sim.venue.products.combos import spread_of

PERPETUAL_EXPIRY_MS = 32_503_708_800_000
LISTED_BEFORE_MS = 30 * DAY_MS
FIRST_INSTRUMENT_ID = 690_001
YEAR_MS = 365 * DAY_MS
NICE = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True, slots=True)
class Grid:
    """Tick, contract size and smallest amount of one product of a family.

    Units: tick and steps in quote currency, sizes in the unit of order amounts.
    """

    tick: str
    contract_size: str
    min_amount: str
    steps: tuple[tuple[str, str], ...] = ()
    lot_size: int = 1

    def fields(self) -> dict[str, object]:
        """Return them as the fields of a contract."""
        return {
            "tick_size": Decimal(self.tick),
            "contract_size": Decimal(self.contract_size),
            "min_trade_amount": Decimal(self.min_amount),
            "tick_steps": tuple((Decimal(a), Decimal(t)) for a, t in self.steps),
            "lot_size": self.lot_size,
        }


@dataclass(frozen=True, slots=True)
class Family:
    """What is listed on one index. Empty: future or option None = none of these.

    Units: strikes_percent is the distance of neighbouring strikes a week before expiry,
    in percent of the index; perpetual_id as on production, 0 = given by the listing.
    """

    name: str
    base: str
    index: str
    index_id: int
    perpetual: Grid
    future: Grid | None = None
    option: Grid | None = None
    reversed: bool = True
    days: bool = True
    strikes_percent: str = "1.25"
    product_group: str = ""
    max_leverage: int = 50
    perpetual_id: int = 0
    perpetual_since_ms: int = 0


FAMILIES = (
    Family(
        "BTC", "BTC", "btc_usd", 1000033,
        perpetual=Grid("0.5", "10", "10"),
        future=Grid("2.5", "10", "10"),
        option=Grid("0.0001", "1", "0.1", (("0.005", "0.0005"),)),
        perpetual_id=210838, perpetual_since_ms=1534242287000,
    ),
    Family(
        "ETH", "ETH", "eth_usd", 1000034,
        perpetual=Grid("0.05", "1", "1"),
        future=Grid("0.25", "1", "1"),
        option=Grid("0.0001", "1", "1", (("0.005", "0.0005"),)),
        perpetual_id=210839, perpetual_since_ms=1552568454000,
    ),
    Family(
        "BTC_USDC", "BTC", "btc_usdc", 1000101,
        perpetual=Grid("0.5", "0.0001", "0.0001"),
        future=Grid("2.5", "0.0001", "0.0001"),
        option=Grid("5", "1", "0.01", (("1000", "20"),)),
        reversed=False, days=False, perpetual_id=210840,
        perpetual_since_ms=1650000000000,
    ),
    Family(
        "ETH_USDC", "ETH", "eth_usdc", 1000102,
        perpetual=Grid("0.05", "0.001", "0.001"),
        future=Grid("0.25", "0.001", "0.001"),
        option=Grid("0.2", "1", "0.1", (("50", "1"),)),
        reversed=False, days=False, perpetual_id=210841,
        perpetual_since_ms=1650000001000,
    ),
    Family(
        "SOL_USDC", "SOL", "sol_usdc", 1000103,
        perpetual=Grid("0.01", "0.1", "0.1"),
        future=Grid("0.01", "0.1", "0.1"),
        option=Grid("0.1", "10", "10", lot_size=10),
        reversed=False, days=False, strikes_percent="2.5", product_group="TIER_2",
        perpetual_id=210842, perpetual_since_ms=1650000002000,
    ),
    Family(
        "XRP_USDC", "XRP", "xrp_usdc", 1000104,
        perpetual=Grid("0.00001", "1", "1"),
        future=Grid("0.00001", "1", "1"),
        option=Grid("0.0005", "1000", "1000", lot_size=10_000),
        reversed=False, days=False, strikes_percent="2.5", product_group="TIER_2",
        perpetual_id=210843, perpetual_since_ms=1650000003000,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """One spot pair."""

    base: str
    quote: str
    index_id: int
    grid: Grid
    instrument_id: int


PAIRS = (
    Pair("BTC", "USDC", 1000101, Grid("1", "0.0001", "0.0001"), 210850),
    Pair("ETH", "USDC", 1000102, Grid("0.1", "0.001", "0.001"), 210851),
    Pair("ETH", "BTC", 1000105, Grid("0.00001", "0.001", "0.001"), 210852),
)


def few_contracts(now_ms: int) -> tuple[ContractConfig, ...]:
    """Return BTC-PERPETUAL, ETH-PERPETUAL and the next quarterly BTC future."""
    btc, eth = FAMILIES[:2]
    expiry_ms = quarterly_expiry_ms(now_ms)
    return (
        _perpetual(btc),
        _perpetual(eth),
        _future(btc, expiry_ms, now_ms, FIRST_INSTRUMENT_ID),
    )


def contracts_at(
    now_ms: int,
    prices: Mapping[str, Decimal],
    listing: ListingConfig,
    first_id: int = FIRST_INSTRUMENT_ID,
) -> Iterator[ContractConfig]:
    """Yield what is listed at a time, each with an id of its own from ``first_id`` up.

    Units: prices are the indices in quote currency; strikes are laid around them.
    """
    everything = _all_at(now_ms, prices, listing, first_id)
    if not listing.instruments:
        return everything
    return _named(list(everything), listing.instruments)


def _named(
    contracts: list[ContractConfig], names: Iterable[str]
) -> Iterator[ContractConfig]:
    """Yield the contracts named, the legs of combos and the futures of options."""
    needed = set(names)
    futures = {
        (one.price_index, one.expiration_timestamp): one.instrument_name
        for one in contracts
        if one.kind == "future"
    }
    for one in contracts:
        if one.instrument_name in names:
            needed |= {leg for leg, _ in one.legs}
            if one.kind == "option":
                needed.add(futures[one.price_index, one.expiration_timestamp])
    yield from (one for one in contracts if one.instrument_name in needed)


def _all_at(
    now_ms: int,
    prices: Mapping[str, Decimal],
    listing: ListingConfig,
    first_id: int,
) -> Iterator[ContractConfig]:
    ids = iter(range(first_id, first_id + 1_000_000))
    for family in FAMILIES:
        wanted = not listing.families or family.name in listing.families
        if wanted and family.index in prices:
            yield from _listed(family, now_ms, prices[family.index], listing, ids)
    if listing.spot:
        for pair in PAIRS:
            if f"{pair.base}_{pair.quote}".lower() in prices:
                yield _spot(pair)


def _listed(
    family: Family,
    now_ms: int,
    price: Decimal,
    listing: ListingConfig,
    ids: Iterator[int],
) -> Iterator[ContractConfig]:
    """Yield what is listed of one family, legs before their spreads."""
    perpetual = _perpetual(family)
    yield perpetual
    if not (listing.futures and family.future):
        return
    expiries = expiries_ms(now_ms, family.days)
    futures = [_future(family, ms, now_ms, next(ids)) for ms in expiries]
    yield from futures
    if listing.combos:
        yield from _spreads(perpetual, futures, now_ms, ids)
    if not (listing.options and family.option):
        return
    for expiry_ms in expiries:
        strikes = strikes_at(family, price, expiry_ms, now_ms)
        for strike in strikes.around(listing.strikes_each_side):
            yield _option(family, expiry_ms, strike, "call", now_ms, next(ids))
            yield _option(family, expiry_ms, strike, "put", now_ms, next(ids))


# Expiries and strikes.


def expiries_ms(now_ms: int, days: bool = True) -> list[int]:
    """Return the expiries listed at a time, soonest first."""
    today = (now_ms - SETTLEMENT_MS) // DAY_MS  # the last settlement that has passed
    found = {today + n: None for n in range(1, 5)} if days else {}
    friday = today + 1 + (FRIDAY - weekday(today + 1)) % 7
    found |= {friday + 7 * n: None for n in range(3)}
    found |= _last_fridays(today, 3, 1)
    found |= _last_fridays(today, 4, 3)
    return [day * DAY_MS + SETTLEMENT_MS for day in sorted(found)]


def _last_fridays(today: int, count: int, every: int) -> dict[int, None]:
    """Return the next last Fridays of every month, or of every quarter month."""
    year, month, _ = civil_from_day(today)
    found: dict[int, None] = {}
    while len(found) < count:
        day = last_friday(year, month)
        if month % every == 0 and day > today:
            found[day] = None
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def period_of(expiry_ms: int) -> str:
    """Return ``day``, ``week`` or ``month``: what kind of expiry a date is."""
    day = expiry_ms // DAY_MS
    year, month, _ = civil_from_day(day)
    if day == last_friday(year, month):
        return "month"
    return "week" if weekday(day) == FRIDAY else "day"


@dataclass(frozen=True, slots=True)
class Strikes:
    """A ladder of strikes: a round step around a round middle."""

    middle: Decimal
    step: Decimal

    def around(self, each_side: int) -> list[Decimal]:
        """Return the positive strikes within so many steps of the middle."""
        ladder = (self.middle + n * self.step for n in range(-each_side, each_side + 1))
        return [strike for strike in ladder if strike > 0]


def strikes_at(family: Family, price: Decimal, expiry_ms: int, now_ms: int) -> Strikes:
    """Return the ladder of an expiry: the farther away, the wider its steps."""
    weeks = max((expiry_ms - now_ms) / (7 * DAY_MS), 1 / 7)
    percent = Decimal(family.strikes_percent) * Decimal(str(round(weeks**0.5, 3)))
    step = nice_step(price * percent / 100)
    return Strikes((price / step).to_integral_value() * step, step)


def nice_step(about: Decimal) -> Decimal:
    """Return the round number (1, 2, 2.5, 5 times a power of ten) nearest in ratio."""
    exponent = math.floor(math.log10(about))
    power = Decimal(10) ** exponent
    ratio = about / power
    nearest = min(NICE, key=lambda nice: max(nice / ratio, ratio / nice))
    return nearest * power


def strike_text(strike: Decimal) -> str:
    """Return a strike as names show it: ``d`` stands for the decimal point."""
    plain = strike.normalize()
    return f"{plain:f}".replace(".", "d")


# Rows of each kind.


def _base(family: Family) -> ContractConfig:
    """Return what every contract of a family has in common, with the perpetual's."""
    settlement = family.base if family.reversed else "USDC"
    quote = "USD" if family.reversed else "USDC"
    return ContractConfig(
        instrument_name=f"{family.name}-PERPETUAL",
        instrument_id=family.perpetual_id,
        base_currency=family.base,
        price_index=family.index,
        index_id=family.index_id,
        settlement_period="perpetual",
        expiration_timestamp=PERPETUAL_EXPIRY_MS,
        creation_timestamp=family.perpetual_since_ms,
        instrument_type="reversed" if family.reversed else "linear",
        quote_currency=quote,
        counter_currency=quote,
        settlement_currency=settlement,
        product_group=family.product_group or family.base,
        maker_commission=MAKER_COMMISSION,
        taker_commission=TAKER_COMMISSION,
        max_leverage=family.max_leverage,
        **family.perpetual.fields(),  # type: ignore[arg-type]
    )


def _perpetual(family: Family) -> ContractConfig:
    return _base(family)


def _future(family: Family, expiry_ms: int, now_ms: int, number: int) -> ContractConfig:
    assert family.future is not None, "asked only where there are futures"
    return replace(
        _base(family),
        instrument_name=expiry_name(family.name, expiry_ms),
        instrument_id=number,
        settlement_period=period_of(expiry_ms),
        expiration_timestamp=expiry_ms,
        creation_timestamp=_listed_ms(now_ms),
        **family.future.fields(),  # type: ignore[arg-type]
    )


def _option(
    family: Family,
    expiry_ms: int,
    strike: Decimal,
    option_type: str,
    now_ms: int,
    number: int,
) -> ContractConfig:
    assert family.option is not None, "asked only where there are options"
    name = expiry_name(family.name, expiry_ms)
    letter = "C" if option_type == "call" else "P"
    coin = family.base if family.reversed else "USDC"
    return replace(
        _base(family),
        instrument_name=f"{name}-{strike_text(strike)}-{letter}",
        instrument_id=number,
        kind="option",
        settlement_period=period_of(expiry_ms),
        expiration_timestamp=expiry_ms,
        creation_timestamp=_listed_ms(now_ms),
        quote_currency=coin,
        strike=strike,
        option_type="call" if option_type == "call" else "put",
        maker_commission=OPTION_COMMISSION,
        taker_commission=OPTION_COMMISSION,
        block_trade_commission=OPTION_COMMISSION,
        block_trade_tick_size=Decimal(family.option.tick),
        block_trade_min_trade_amount=Decimal(25),
        **family.option.fields(),  # type: ignore[arg-type]
    )


def _spreads(
    perpetual: ContractConfig,
    futures: list[ContractConfig],
    now_ms: int,
    ids: Iterator[int],
) -> Iterator[ContractConfig]:
    """Yield a quarterly future's spreads: against perpetual and nearest expiry."""
    months = [one for one in futures if one.settlement_period == "month"]
    far = months[-3]
    nears = [perpetual] if futures[0] is far else [perpetual, futures[0]]
    for near in nears:
        spread = spread_of(near, far)
        yield spread.contract(next(ids), _listed_ms(now_ms), perpetual.tick_size)


def _spot(pair: Pair) -> ContractConfig:
    grid = pair.grid
    return ContractConfig(
        instrument_name=f"{pair.base}_{pair.quote}",
        instrument_id=pair.instrument_id,
        base_currency=pair.base,
        price_index=f"{pair.base}_{pair.quote}".lower(),
        index_id=pair.index_id,
        settlement_period="",
        expiration_timestamp=PERPETUAL_EXPIRY_MS,
        creation_timestamp=1_680_000_000_000,
        kind="spot",
        instrument_type="linear",
        quote_currency=pair.quote,
        counter_currency=pair.quote,
        maker_commission=Decimal(0),
        taker_commission=Decimal(0),
        **grid.fields(),  # type: ignore[arg-type]
    )


def _listed_ms(now_ms: int) -> int:
    """Return a plausible time of listing: a month before the day it is seen first."""
    return now_ms // DAY_MS * DAY_MS - LISTED_BEFORE_MS
