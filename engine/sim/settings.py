"""What a simulated world is made of, and the optional ``sim.toml`` that changes it.

``sim.toml`` holds what a user of the simulation wants to turn; everything else keeps
the defaults of the venue and of the background market::

    [venue]
    tier = "T2"                 # matching-engine limits of accounts that name none
    matching_rate = 20          # or their own: requests per second
    matching_burst = 50         # and at once

    [listing]
    families = ["BTC"]          # fewer instruments than the whole venue
    strikes_each_side = 18      # options around the money, per expiry

    [market]
    activity = 2.0              # twice as many takers as by default

    [index.btc_usd]
    price = 64000.0
    vol = 0.8                   # fraction per square root of a year

    [[account]]                 # any account given replaces the default ones
    client_id = "maker"
    client_secret = "maker-secret"
    balances = { BTC = 5.0, ETH = 50.0 }

    [[fault]]                   # one of what docs/venue-faults.md has
    kind = "drop"
    of = "reply"
    method = "private/buy"
    probability = 0.01
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.config_text import Key, explain, refusal
from engine.errors import NO_VALUE, ConfigError
from engine.sim.flow.capture import Capture
from engine.sim.flow.defaults import default_flow, start_prices
from engine.sim.params import FlowParams
from engine.sim.venue.config import (
    ALL_SCOPES,
    FREE,
    FUNDS,
    TIERS,
    AccountConfig,
    EngineLimits,
    ListingConfig,
    OrderLimits,
    RateConfig,
    SelfTradeMode,
    Tier,
    VenueConfig,
    default_accounts,
)
from engine.sim.venue.faults.fault import FAULTS_MAX
from engine.sim.venue.faults.kinds import FaultError, read_fault

ACCOUNTS_MAX = 1_000
FIRST_USER_ID = 1001

CARRY_BPS = 500  # of a future a year from expiry, in basis points of its index


@dataclass(frozen=True)
class WorldConfig:
    """A venue, and the market that lives on it: of its own, or of a capture."""

    venue: VenueConfig
    flow: FlowParams
    capture: Capture | None = None


class Section(BaseModel):
    """One table of the file: no unknown keys, no conversions, no later changes."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


Rate = Annotated[
    int | None,
    Field(ge=1, le=10_000),
    Key("in place of the tier's sustained requests", "requests per second"),
]
Burst = Annotated[
    int | None,
    Field(ge=1, le=100_000),
    Key("in place of the requests the tier allows at once", "requests"),
]


class VenueSection(Section):
    """``[venue]``: what every client meets."""

    tier: Annotated[Tier, Key("matching-engine limits of an account")] = "T4"
    matching_rate: Rate = None
    matching_burst: Burst = None
    mass_quote_rate: Annotated[
        int,
        Field(ge=1, le=10_000),
        Key("mass quotes, and cancels of quotes, of an account", "per second"),
    ] = 10
    quote_rate: Annotated[
        int,
        Field(ge=1, le=1_000_000),
        Key("sides of quotes of an account", "per second"),
    ] = 500
    expires_in_s: Annotated[
        int, Field(ge=10, le=31_536_000), Key("life of an access token", "s")
    ] = 900
    testnet: Annotated[bool, Key("say testnet in every answer")] = False
    matching_us: Annotated[
        int,
        Field(ge=0, le=10_000_000),
        Key("how long one request holds the lock of its user and currency", "us"),
    ] = 1_000
    bump_ms: Annotated[
        int, Field(ge=0, le=10_000), Key("speed bump of aggressive orders", "ms")
    ] = 10
    bump_exempt: Annotated[
        list[str], Field(max_length=1_000), Key("instruments without a speed bump")
    ] = list(VenueConfig().bump_exempt)
    credits: Annotated[
        bool, Key("false: requests that enter no order cost hardly anything")
    ] = True
    connections_per_ip: Annotated[
        int,
        Field(ge=1, le=10_000),
        Key("connections one address may have open", "connections"),
    ] = 32


LIMITS = OrderLimits()
Orders = Annotated[int, Field(ge=0, le=1_000_000)]
Dollars = Annotated[int, Field(ge=0, le=10**15)]


class LimitsSection(Section):
    """``[limits]``: how much one account may have open."""

    total_orders: Annotated[
        Orders, Key("open orders of derivatives (10013)", "orders")
    ] = LIMITS.total_orders
    future_orders: Annotated[Orders, Key("of them on futures (10014)", "orders")] = (
        LIMITS.future_orders
    )
    option_orders: Annotated[Orders, Key("of them on options (10015)", "orders")] = (
        LIMITS.option_orders
    )
    spot_orders: Annotated[Orders, Key("open spot orders (11013)", "orders")] = (
        LIMITS.spot_orders
    )
    triggers: Annotated[
        Orders, Key("orders that wait, for each kind of price (11035)", "orders")
    ] = LIMITS.triggers
    secondaries: Annotated[
        Orders, Key("dormant orders of linked ones (13901)", "orders")
    ] = LIMITS.secondaries
    future_orders_usd: Annotated[
        Dollars, Key("open size per future and side (10016)", "quote units")
    ] = LIMITS.future_orders_usd
    option_orders_usd: Annotated[
        Dollars, Key("open size per option and side (10017)", "quote units")
    ] = LIMITS.option_orders_usd
    future_position_usd: Annotated[
        Dollars, Key("position in a future, orders filled (10018)", "quote units")
    ] = LIMITS.future_position_usd
    spot_order_usd: Annotated[Dollars, Key("one spot order (11022)", "quote units")] = (
        LIMITS.spot_order_usd
    )


class ListingSection(Section):
    """``[listing]``: what is traded; few instruments start faster and cost less."""

    families: Annotated[
        list[Literal["BTC", "ETH", "BTC_USDC", "ETH_USDC", "SOL_USDC", "XRP_USDC"]],
        Key("families to list; empty lists all"),
    ] = []
    futures: Annotated[
        bool, Key("list dated futures; options and spreads need them")
    ] = True
    options: Annotated[bool, Key("list options")] = True
    spot: Annotated[bool, Key("list spot pairs")] = True
    combos: Annotated[bool, Key("list future spreads")] = True
    strikes_each_side: Annotated[
        int,
        Field(ge=0, le=100),
        Key("strikes below and above the money, per expiry", "strikes"),
    ] = 8
    instruments: Annotated[
        list[str],
        Key("of these, list only those named, with their legs and underlyings"),
    ] = []


class MarketSection(Section):
    """``[market]``: the background market as a whole."""

    enabled: Annotated[bool, Key("false: no orders but those of clients")] = True
    activity: Annotated[
        float, Field(gt=0, le=100, allow_inf_nan=False), Key("multiplies the takers")
    ] = 1.0
    depth: Annotated[
        float, Field(gt=0, le=1_000, allow_inf_nan=False), Key("multiplies the sizes")
    ] = 1.0
    capture: Annotated[
        str | None,
        Field(min_length=1, max_length=4_096),
        Key("recorded books, trades and indices to play instead", "", "a file"),
    ] = None

    @model_validator(mode="after")
    def _a_capture_is_played(self) -> Self:
        if self.capture is not None and not self.enabled:
            allowed = "true where a capture is played"
            raise refusal(allowed, at=("enabled",), value=False)
        return self


class PriceSection(Section):
    """``[index.NAME]`` of a coin in another: it moves as the two do."""

    price: Annotated[
        float | None,
        Field(gt=0, le=10_000_000, allow_inf_nan=False),
        Key("price at the start", "quote currency"),
    ] = None


class IndexSection(PriceSection):
    """``[index.NAME]`` of a coin in dollars; what is left out keeps its default."""

    vol: Annotated[
        float | None,
        Field(ge=0, le=10, allow_inf_nan=False),
        Key("volatility of the coin", "fraction per square root of a year"),
    ] = None


class IndicesSection(Section):
    """``[index]``: the indices of the venue."""

    btc_usd: IndexSection = IndexSection()
    eth_usd: IndexSection = IndexSection()
    btc_usdc: IndexSection = IndexSection()
    eth_usdc: IndexSection = IndexSection()
    sol_usdc: IndexSection = IndexSection()
    xrp_usdc: IndexSection = IndexSection()
    eth_btc: PriceSection = PriceSection()

    @model_validator(mode="after")
    def _a_coin_has_one_vol(self) -> Self:
        first: dict[str, tuple[str, float]] = {}
        for name, coin, vol in self.vols():
            before, before_vol = first.setdefault(coin, (name, vol))
            if vol != before_vol:
                raise refusal(
                    f"the same as index.{before}.vol, as it is the same coin",
                    at=(name, "vol"),
                    value=vol,
                )
        return self

    def vols(self) -> Iterator[tuple[str, str, float]]:
        """Yield (index, coin, vol) where a vol is given."""
        for name, section in self:
            vol: float | None = getattr(section, "vol", None)
            if vol is not None:
                yield name, name.partition("_")[0].upper(), vol

    def prices(self) -> dict[str, Decimal]:
        """Return the prices that are given."""
        return {
            name: Decimal(str(section.price))
            for name, section in self
            if section.price is not None
        }


class AccountSection(Section):
    """``[[account]]``: one account with one key."""

    client_id: Annotated[
        str, Field(min_length=1, max_length=64), Key("id", "", "1 to 64 characters")
    ]
    client_secret: Annotated[
        str,
        Field(min_length=1, max_length=128),
        Key("secret of this simulated key", "", "1 to 128 characters"),
    ]
    balances: Annotated[dict[str, float] | None, Key("funds", "coins by currency")] = (
        None
    )
    main: Annotated[
        str, Field(max_length=64), Key("client_id of its main account, if it has one")
    ] = ""
    scopes: Annotated[list[str] | None, Key("scopes the key may be granted")] = None
    tier: Annotated[
        Tier | None, Key("matching-engine limits; those of [venue] when left out")
    ] = None
    matching_rate: Rate = None
    matching_burst: Burst = None
    limits_per_currency: Annotated[
        bool, Key("count the requests of each settlement currency apart")
    ] = False
    mmp: Annotated[bool, Key("market-maker protection may be configured")] = True
    mass_quotes: Annotated[bool, Key("mass quotes may be sent")] = True
    self_trade_mode: Annotated[
        SelfTradeMode, Key("what happens when an account meets itself")
    ] = "reject_taker"


class ControlSection(Section):
    """``[control]``: the methods ``sim/...`` that tests have and clients have not."""

    enabled: Annotated[
        bool | None, Key("offer them; absent: where only this machine listens")
    ] = None


class SimConfig(Section):
    """The whole of ``sim.toml``; every part may be left out."""

    venue: VenueSection = VenueSection()
    limits: LimitsSection = LimitsSection()
    listing: ListingSection = ListingSection()
    market: MarketSection = MarketSection()
    index: IndicesSection = IndicesSection()
    account: Annotated[list[AccountSection], Field(max_length=ACCOUNTS_MAX)] = []
    control: ControlSection = ControlSection()
    fault: Annotated[
        list[dict[str, Any]],
        Field(max_length=FAULTS_MAX),
        Key("what goes wrong: a kind and its options, see docs/venue-faults.md"),
    ] = []

    @model_validator(mode="after")
    def _faults_are_faults(self) -> Self:
        for number, table in enumerate(self.fault):
            try:
                read_fault(table)
            except FaultError as error:
                raise refusal(
                    error.allowed,
                    at=("fault", number, error.key),
                    value=table.get(error.key, NO_VALUE),
                ) from None
        return self

    @model_validator(mode="after")
    def _client_ids_are_unique(self) -> Self:
        first: dict[str, int] = {}
        for number, account in enumerate(self.account):
            if first.setdefault(account.client_id, number) != number:
                raise refusal(
                    f"unique; account[{first[account.client_id]}] has it already",
                    at=("account", number, "client_id"),
                    value=account.client_id,
                )
        return self

    @model_validator(mode="after")
    def _main_accounts_are_main(self) -> Self:
        mains = {account.client_id for account in self.account if not account.main}
        for number, account in enumerate(self.account):
            if account.main and account.main not in mains:
                raise refusal(
                    "the client_id of an account that has no main itself",
                    at=("account", number, "main"),
                    value=account.main,
                )
        return self


def load(path: Path) -> SimConfig:
    """Read and check a ``sim.toml``.

    Raises: ConfigError naming file, key, value and what is allowed.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise ConfigError(path, "file", NO_VALUE, reason) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, "TOML syntax", NO_VALUE, str(error)) from None
    try:
        sim = SimConfig.model_validate(table)
    except ValidationError as error:
        raise explain(SimConfig, error, table, path) from None
    if sim.market.capture is None:
        return sim
    # A relative name is one beside the file that names it.
    capture = str(path.parent / sim.market.capture)
    market = sim.market.model_copy(update={"capture": capture})
    return sim.model_copy(update={"market": market})


def world_config(sim: SimConfig, seed: int) -> WorldConfig:
    """Return the world of a ``sim.toml``.

    Raises: ConfigError when a capture cannot be played.
    """
    plain = VenueConfig()
    capture = Capture(Path(sim.market.capture)) if sim.market.capture else None
    venue = VenueConfig(
        seed=seed,
        accounts=_accounts(sim),
        listing=_listing(sim.listing),
        index_prices=start_prices(
            sim.index.prices(), capture.outline().indices if capture else {}
        ),
        matching_us=sim.venue.matching_us,
        bump_ms=sim.venue.bump_ms,
        bump_exempt=tuple(sim.venue.bump_exempt),
        carry_bps=CARRY_BPS,
        expires_in_s=sim.venue.expires_in_s,
        testnet=sim.venue.testnet,
        control=sim.control.enabled is not False,
        faults=tuple(read_fault(table) for table in sim.fault),
        credits=plain.credits if sim.venue.credits else FREE,
        limits=OrderLimits(**sim.limits.model_dump()),
    )
    flow = default_flow(
        venue,
        activity=sim.market.activity,
        depth=sim.market.depth,
        enabled=sim.market.enabled,
        vols={coin: vol for _, coin, vol in sim.index.vols()},
    )
    return WorldConfig(venue, flow, capture)


def _listing(section: ListingSection) -> ListingConfig:
    return ListingConfig(
        tuple(section.families),
        section.futures,
        section.options,
        section.spot,
        section.combos,
        section.strikes_each_side,
        tuple(section.instruments),
    )


def _accounts(sim: SimConfig) -> tuple[AccountConfig, ...]:
    if not sim.account:
        rate = _rate(sim.venue, sim.venue)
        return tuple(
            replace(one, limits=_limits(sim.venue, False))
            for one in default_accounts(rate.rate, rate.burst)
        )
    return tuple(
        _account(section, sim.venue, FIRST_USER_ID + number)
        for number, section in enumerate(sim.account)
    )


def _account(
    section: AccountSection, venue: VenueSection, user_id: int
) -> AccountConfig:
    rate = _rate(section, venue)
    return AccountConfig(
        section.client_id,
        section.client_secret,
        user_id,
        balances=_balances(section.balances),
        scopes=tuple(section.scopes) if section.scopes is not None else ALL_SCOPES,
        matching_rate=rate.rate,
        matching_burst=rate.burst,
        self_trade_mode=section.self_trade_mode,
        mmp_enabled=section.mmp,
        mass_quotes_enabled=section.mass_quotes,
        limits=_limits(venue, section.limits_per_currency),
        main=section.main,
    )


def _limits(venue: VenueSection, per_currency: bool) -> EngineLimits:
    messages = RateConfig(venue.mass_quote_rate, venue.mass_quote_rate)
    return EngineLimits(
        maximum_mass_quotes=messages,
        maximum_quotes=RateConfig(venue.quote_rate, venue.quote_rate),
        cancel_quotes=messages,
        per_currency=per_currency,
    )


def _rate(section: AccountSection | VenueSection, venue: VenueSection) -> RateConfig:
    """Return the limits of an account: its own, its tier's, those of the venue."""
    own = TIERS[section.tier] if section.tier is not None else None
    tier = own or TIERS[venue.tier]
    spare = venue if own is None else section
    return RateConfig(
        section.matching_rate or spare.matching_rate or tier.rate,
        section.matching_burst or spare.matching_burst or tier.burst,
    )


def _balances(given: Mapping[str, float] | None) -> dict[str, Decimal]:
    if given is None:
        return dict(FUNDS)
    return {currency: Decimal(str(amount)) for currency, amount in given.items()}
