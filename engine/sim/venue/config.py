"""What a venue is made of: accounts, contracts, credits, bands, switches.

Everything has the default a client of the standard tier meets; a test or a world
changes what it needs with ``dataclasses.replace``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from engine.sim.venue.faults.fault import Fault
from engine.sim.venue.products.surface import SurfaceState

MAKER_COMMISSION = Decimal("0.00015")
TAKER_COMMISSION = Decimal("0.00035")
OPTION_COMMISSION = Decimal("0.0003")
ALL_SCOPES = (
    "account:read_write",
    "block_rfq:read_write",
    "block_trade:read_write",
    "trade:read_write",
    "wallet:read_write",
)
FUNDS: Mapping[str, Decimal] = {
    "BTC": Decimal(10),
    "ETH": Decimal(200),
    "USDC": Decimal(1_000_000),
}
SelfTradeMode = Literal["reject_taker", "cancel_maker"]
Kind = Literal["future", "option", "spot", "future_combo", "option_combo"]


@dataclass(frozen=True, slots=True)
class RateConfig:
    """One token bucket. Units: requests per second, and at once."""

    rate: int
    burst: int


Tier = Literal["T1", "T2", "T3", "T4"]
TIERS: Mapping[Tier, RateConfig] = {
    "T1": RateConfig(30, 100),  # more than 25 million USD in seven days
    "T2": RateConfig(20, 50),  # more than 5 million
    "T3": RateConfig(10, 30),  # more than 1 million
    "T4": RateConfig(5, 20),
}


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """Matching-engine limits of an account beside the rate of its tier.

    With ``per_currency`` each settlement currency is counted apart, at the tier's rate
    unless ``currencies`` has its own; ``perpetuals`` limit those of a currency further.
    Empty: None = the tier's rate.
    Source: rate-limits article, 2026-08-22; account summaries in public clients' tests
    show spot and cancel_all at the rate of the tier.
    """

    spot: RateConfig | None = None
    cancel_all: RateConfig | None = None
    guaranteed_mass_quotes: RateConfig = RateConfig(2, 2)
    maximum_mass_quotes: RateConfig = RateConfig(10, 10)
    maximum_quotes: RateConfig = RateConfig(500, 500)
    cancel_quotes: RateConfig = RateConfig(10, 10)
    per_currency: bool = False
    currencies: Mapping[str, RateConfig] = field(default_factory=dict)
    perpetuals: Mapping[str, RateConfig] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """One account with one API key.

    Units: balances in coins; matching_rate requests per second.
    Empty: ``main`` "" = a main account, otherwise the client id of its own.
    Source: rate-limits article, 2026-08-22: tier 4 is 5/s with a burst of 20.
    """

    client_id: str
    client_secret: str
    user_id: int
    balances: Mapping[str, Decimal] = field(default_factory=lambda: dict(FUNDS))
    scopes: tuple[str, ...] = ALL_SCOPES
    matching_rate: int = 5
    matching_burst: int = 20
    self_trade_mode: SelfTradeMode = "reject_taker"
    mmp_enabled: bool = True
    mass_quotes_enabled: bool = True
    limits: EngineLimits = field(default_factory=EngineLimits)
    main: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractConfig:
    """One contract as the venue lists it; the rest of its row is derived.

    Units: tick_size in quote currency; contract_size and min_trade_amount in the unit
    of order amounts (USD for inverse futures, base coin for everything else);
    tick_steps as (above this price, tick); legs as (instrument, signed ratio).
    Empty: settlement_period "" = spot; option_type "" and strike None = no option;
    legs () = no combo.
    """

    instrument_name: str
    instrument_id: int
    base_currency: str
    price_index: str
    index_id: int
    settlement_period: str
    expiration_timestamp: int
    creation_timestamp: int
    tick_size: Decimal
    contract_size: Decimal
    min_trade_amount: Decimal
    kind: Kind = "future"
    instrument_type: Literal["reversed", "linear"] = "reversed"
    quote_currency: str = "USD"
    counter_currency: str = "USD"
    settlement_currency: str = ""
    tick_steps: tuple[tuple[Decimal, Decimal], ...] = ()
    option_type: Literal["", "call", "put"] = ""
    strike: Decimal | None = None
    legs: tuple[tuple[str, int], ...] = ()
    product_group: str = ""
    lot_size: int = 1
    maker_commission: Decimal = MAKER_COMMISSION
    taker_commission: Decimal = TAKER_COMMISSION
    block_trade_commission: Decimal = Decimal("0.00025")
    block_trade_tick_size: Decimal = Decimal("0.01")
    block_trade_min_trade_amount: Decimal = Decimal(200_000)
    max_leverage: int = 50


@dataclass(frozen=True, slots=True)
class ListingConfig:
    """How much of each family is listed; options and spreads need the dated futures.

    Units: strikes_each_side counts strikes below and above the money, per expiry.
    Empty: families () = all that the venue knows; instruments () = all of the rest.
    """

    families: tuple[str, ...] = ()
    futures: bool = True
    options: bool = True
    spot: bool = True
    combos: bool = True
    strikes_each_side: int = 10
    instruments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderLimits:
    """How much one account may have open; the background market is free of it.

    The venue shows its limits to each account and publishes no defaults: these are
    ours.
    Units: *_orders and triggers (per price that triggers) count orders, *_usd quote
    units of the index, per instrument and side.
    """

    total_orders: int = 10_000
    future_orders: int = 10_000
    option_orders: int = 10_000
    spot_orders: int = 1_000
    future_orders_usd: int = 1_000_000_000
    option_orders_usd: int = 1_000_000_000
    future_position_usd: int = 1_000_000_000
    spot_order_usd: int = 10_000_000
    triggers: int = 100
    secondaries: int = 100


@dataclass(frozen=True, slots=True)
class CreditConfig:
    """Non-matching credits per account (per connection before login).

    Source: rate-limits article, 2026-08-22.
    """

    cost: int = 500
    pool: int = 50_000
    refill_per_s: int = 10_000
    subscribe_cost: int = 3_000
    subscribe_pool: int = 30_000
    instruments_cost: int = 10_000
    instruments_pool: int = 500_000
    log_cost: int = 10_000
    log_pool: int = 80_000
    moves_cost: int = 100_000
    moves_pool: int = 600_000


FREE = CreditConfig(
    cost=1, subscribe_cost=1, instruments_cost=1, log_cost=1, moves_cost=1
)
"""So little that nothing but orders and cancels is in danger of a limit."""


def default_accounts(
    matching_rate: int = 5, matching_burst: int = 20
) -> tuple[AccountConfig, ...]:
    """Return the accounts every simulated venue has, at a matching-engine tier."""
    maker = AccountConfig("maker", "maker-secret", 1001)
    taker = AccountConfig("taker", "taker-secret", 1002)
    return tuple(
        replace(one, matching_rate=matching_rate, matching_burst=matching_burst)
        for one in (maker, taker)
    )


@dataclass(frozen=True, slots=True)
class VenueConfig:
    """One simulated venue; the same configuration and inputs give the same bytes.

    Units: *_s seconds, *_us microseconds, *_ms milliseconds, bands in basis points of
    the mark price, index_prices in quote currency, frame_max in bytes. carry_bps is how
    far above its index a future a year from expiry is listed; funding_cap_bps is what a
    perpetual pays in eight hours at most. settlement_ms is how long books stand still
    at 08:00 UTC, archive_ms how long an expired one is shown after that. matching_us is
    how long one request holds the lock of its user and currency; bump_ms is the speed
    bump, from which the instruments named in bump_exempt are free. Advanced option
    orders are repriced every reprice_ms.
    Empty: ``listing`` None = ``contracts``, and these empty = the two perpetuals and
    one quarterly BTC future; an index without a vol surface starts with a plain one.
    """

    seed: int = 1
    accounts: tuple[AccountConfig, ...] = field(default_factory=default_accounts)
    contracts: tuple[ContractConfig, ...] = ()
    listing: ListingConfig | None = None
    index_prices: Mapping[str, Decimal] = field(
        default_factory=lambda: {
            "btc_usd": Decimal("80000.00"),
            "eth_usd": Decimal("3000.00"),
            "btc_usdc": Decimal("80000.00"),
            "eth_usdc": Decimal("3000.00"),
            "sol_usdc": Decimal("150.0000"),
            "xrp_usdc": Decimal("2.5000"),
            "eth_btc": Decimal("0.037500"),
        }
    )
    surfaces: Mapping[str, SurfaceState] = field(
        default_factory=lambda: {
            "btc_usd": SurfaceState(0.45, 0.52),
            "eth_usd": SurfaceState(0.65, 0.72, rho=-0.15),
            "btc_usdc": SurfaceState(0.45, 0.52),
            "eth_usdc": SurfaceState(0.65, 0.72, rho=-0.15),
            "sol_usdc": SurfaceState(0.85, 0.9, rho=-0.1),
            "xrp_usdc": SurfaceState(0.85, 0.9, rho=0.0),
        }
    )
    credits: CreditConfig = field(default_factory=CreditConfig)
    limits: OrderLimits = field(default_factory=OrderLimits)
    band_bps: int = 150
    spot_band_bps: int = 200
    mark_bound_bps: int = 50
    carry_bps: int = 0
    funding_cap_bps: int = 50
    settlement_ms: int = 1_000
    archive_ms: int = 60_000
    matching_us: int = 0
    bump_ms: int = 10
    reprice_ms: int = 6_000
    bump_exempt: tuple[str, ...] = ("BTC-PERPETUAL", "ETH-PERPETUAL")
    expires_in_s: int = 900
    service_us: int = 150
    frame_max: int = 32 * 1024
    idle_s: int = 600
    testnet: bool = False
    maintenance: bool = False
    control: bool = True
    faults: tuple[Fault, ...] = ()
    notifications_first: bool = False
