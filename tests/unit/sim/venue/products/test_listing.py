"""The listing: expiries as the venue had them, strikes, names, every kind."""

from collections import Counter
from decimal import Decimal

import pytest

from engine.sim.venue.config import ContractConfig, ListingConfig, VenueConfig
from engine.sim.venue.products.calendar import (
    DAY_MS,
    SETTLEMENT_MS,
    day_from_civil,
    expiry_name,
)
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.products.listing import (
    FIRST_INSTRUMENT_ID,
    contracts_at,
    expiries_ms,
    nice_step,
    period_of,
    strike_text,
)

PRICES = VenueConfig().index_prices
NOW_MS = day_from_civil(2026, 5, 20) * DAY_MS + 7 * 3_600_000


def listed(listing: ListingConfig = ListingConfig()) -> list[ContractConfig]:  # noqa: B008
    return list(contracts_at(NOW_MS, PRICES, listing, FIRST_INSTRUMENT_ID))


def test_expiries_are_those_production_had() -> None:
    # public/get_expirations, captured 2026-05-20 at 07:50 UTC.
    names = [expiry_name("", ms)[1:] for ms in expiries_ms(NOW_MS)]
    assert names == [
        "20MAY26", "21MAY26", "22MAY26", "23MAY26", "29MAY26", "5JUN26",
        "26JUN26", "31JUL26", "25SEP26", "25DEC26", "26MAR27",
    ]  # fmt: skip


def test_at_settlement_the_next_day_takes_over() -> None:
    before = day_from_civil(2026, 5, 20) * DAY_MS + SETTLEMENT_MS - 1
    assert expiries_ms(before)[0] == before + 1
    assert expiries_ms(before + 1)[0] == before + 1 + DAY_MS


def test_periods() -> None:
    at = [day_from_civil(2026, 5, d) * DAY_MS + SETTLEMENT_MS for d in (20, 22, 29)]
    assert [period_of(ms) for ms in at] == ["day", "week", "month"]


@pytest.mark.parametrize(
    ("about", "nice"),
    [
        ("1000", "1000"),
        ("437", "500"),
        ("0.0031", "0.0025"),
        ("70", "50"),
        ("71", "100"),
    ],
)
def test_steps_are_round(about: str, nice: str) -> None:
    assert nice_step(Decimal(about)) == Decimal(nice)


def test_strikes_spell_the_point_as_d() -> None:
    assert strike_text(Decimal("70000")) == "70000"
    assert strike_text(Decimal("0.625")) == "0d625"
    assert strike_text(Decimal("1.250")) == "1d25"


def test_names_and_ids_are_unique_and_every_kind_is_there() -> None:
    contracts = listed()
    assert len({c.instrument_name for c in contracts}) == len(contracts)
    assert len({c.instrument_id for c in contracts}) == len(contracts)
    kinds = Counter(c.kind for c in contracts)
    assert set(kinds) == {"future", "option", "spot", "future_combo"}
    assert kinds["option"] > 1_000
    assert all("." not in c.instrument_name for c in contracts)


def test_legs_come_before_their_combo() -> None:
    seen: set[str] = set()
    for contract in listed():
        assert all(name in seen for name, _ in contract.legs)
        seen.add(contract.instrument_name)


def test_every_option_expiry_has_a_future() -> None:
    contracts = listed()
    futures = {
        (c.price_index, c.expiration_timestamp) for c in contracts if c.kind == "future"
    }
    for c in contracts:
        if c.kind == "option":
            assert (c.price_index, c.expiration_timestamp) in futures


def test_a_chain_of_eight_hundred() -> None:
    listing = ListingConfig(families=("BTC",), strikes_each_side=19)
    options = [c for c in listed(listing) if c.kind == "option"]
    assert len(options) >= 800


def test_what_is_left_out_is_left_out() -> None:
    bare = ListingConfig(families=("ETH",), options=False, spot=False, combos=False)
    assert {c.kind for c in listed(bare)} == {"future"}
    assert {c.base_currency for c in listed(bare)} == {"ETH"}
    alone = ListingConfig(futures=False, spot=False)
    assert {c.settlement_period for c in listed(alone)} == {"perpetual"}


def test_what_is_named_comes_with_what_it_hangs_on() -> None:
    everything = {c.instrument_name: c for c in listed()}
    option, combo = "ETH-26JUN26-3000-C", "BTC-FS-25SEP26_PERP"
    few = listed(ListingConfig(instruments=(option, combo, "ETH_BTC", "BTC-NOTHING")))
    assert [c.instrument_name for c in few] == [
        "BTC-PERPETUAL", "BTC-25SEP26", combo, "ETH-26JUN26", option, "ETH_BTC",
    ]  # fmt: skip
    assert all(everything[c.instrument_name] == c for c in few), "the same ids"


def test_rows_have_what_their_kind_has() -> None:
    rows = [Instrument(contract).row("open") for contract in listed()]
    by_kind = {row["kind"]: row for row in rows}
    option = by_kind["option"]
    assert option["option_type"] in ("call", "put")
    assert option["strike"] > 0
    assert "max_leverage" not in option
    assert by_kind["future"]["max_leverage"] == 50
    assert "settlement_period" not in by_kind["spot"]
    assert "block_trade_commission" not in by_kind["future_combo"]
    linear = next(r for r in rows if r["instrument_name"] == "XRP_USDC-PERPETUAL")
    assert (linear["instrument_type"], linear["settlement_currency"]) == (
        "linear",
        "USDC",
    )
    assert linear["product_group"] == "TIER_2"
