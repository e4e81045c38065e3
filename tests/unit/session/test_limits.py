"""Pools of the account, in every spelling, and who pays from which."""

from typing import Any

import pytest

from engine.session.limits import LOWEST_TIER, account_limits, rate_of

BUCKET = {"rate": 7, "burst": 35}
WIDE = {"rate": 200, "burst": 250}
ABSENT = {"cancel_all": LOWEST_TIER, "other": LOWEST_TIER}


@pytest.mark.parametrize(
    ("limits", "pools"),
    [
        ({"matching_engine": {"trading": {"total": BUCKET}}}, {"trading": (7, 35)}),
        ({"matching_engine": {"trading": BUCKET}}, {"trading": (7, 35)}),
        ({"matching_engine": BUCKET}, {"trading": (7, 35)}),
        ({"trading": {"total": BUCKET}}, {"trading": (7, 35)}),
        (
            {
                "limits_per_currency": False,
                "matching_engine": {
                    "trading": {"total": WIDE, "perpetuals": BUCKET},
                    "spot": {"rate": 1, "burst": 2},
                    "cancel_all": {"rate": 3, "burst": 4},
                    "maximum_quotes": {"rate": 500, "burst": 501},
                    "maximum_mass_quotes": {"rate": 10, "burst": 11},
                    "guaranteed_mass_quotes": {"rate": 2, "burst": 3},
                },
            },
            {
                "trading": (200, 250),
                "trading.perpetuals": (7, 35),
                "spot": (1, 2),
                "cancel_all": (3, 4),
                "quotes": (500, 501),
                "mass_quotes": (10, 11),
                "mass_quotes.guaranteed": (2, 3),
            },
        ),
        (
            {
                "limits_per_currency": True,
                "matching_engine": {
                    "spot": WIDE,
                    "cancel_all": WIDE,
                    "eth": {"trading": {"total": WIDE}},
                    "btc": {
                        "trading": {"total": BUCKET, "perpetuals": WIDE},
                        "quotes": WIDE,
                        "max_quotes": BUCKET,
                        "guaranteed_quotes": BUCKET,
                    },
                },
            },
            {
                "btc": (7, 35),
                "btc.perpetuals": (200, 250),
                "btc.quotes": (200, 250),
                "btc.mass_quotes": (7, 35),
                "btc.mass_quotes.guaranteed": (7, 35),
                "eth": (200, 250),
                "spot": (200, 250),
                "cancel_all": (200, 250),
            },
        ),
        (
            {"limits_per_currency": True, "BTC": {"trading": {"total": BUCKET}}},
            {"btc": (7, 35)},
        ),
        (
            {"matching_engine": {"trading": {"perpetuals": BUCKET}}},
            {"trading": (7, 35), "trading.perpetuals": (7, 35)},
        ),
        ({"matching_engine": {"trading": {"total": {"rate": 0, "burst": 9}}}}, {}),
        ({"matching_engine": {"trading": {"total": {"rate": 5, "burst": 0.5}}}}, {}),
        ({"matching_engine": {"trading": {"total": {"rate": "5"}}}}, {}),
        ({"matching_engine": {"trading": []}}, {}),
        ({"matching_engine": None}, {}),
        ({}, {}),
        (None, {}),
        ([], {}),
    ],
)
def test_every_documented_form_is_read(limits: Any, pools: dict[str, Any]) -> None:
    assert account_limits(limits).pools == ABSENT | pools


def test_no_more_currencies_than_the_core_has_pools_for() -> None:
    group = {
        "trading": {"total": WIDE, "perpetuals": WIDE},
        "quotes": WIDE,
        "max_quotes": WIDE,
        "guaranteed_quotes": WIDE,
    }
    engine = {f"c{n}": group for n in range(6)}
    limits = account_limits({"limits_per_currency": True, "matching_engine": engine})
    assert len(limits.pools) == 5 * 5 + 2
    assert "c4" in limits.pools
    assert limits.pays("C5-PERPETUAL") == ("other", "")


TOTAL = {"trading": {"total": WIDE}, "spot": WIDE}
SPLIT = {"trading": {"total": WIDE, "perpetuals": BUCKET}}
APART = {"btc": SPLIT, "usdc": {"trading": {"total": WIDE}}, "spot": WIDE}


@pytest.mark.parametrize(
    ("engine", "per_currency", "name", "pools"),
    [
        (TOTAL, False, "BTC-PERPETUAL", ("trading", "")),
        (TOTAL, False, "ETH_USDC-PERPETUAL", ("trading", "")),
        (TOTAL, False, "BTC_USDC", ("spot", "")),
        (SPLIT, False, "BTC_USDC", ("trading", "")),
        (SPLIT, False, "BTC-PERPETUAL", ("trading", "trading.perpetuals")),
        (SPLIT, False, "BTC-27DEC26", ("trading", "")),
        (SPLIT, False, "BTC-27DEC26-60000-C", ("trading", "")),
        (APART, True, "BTC-PERPETUAL", ("btc", "btc.perpetuals")),
        (APART, True, "BTC-27DEC26-60000-C", ("btc", "")),
        (APART, True, "SOL_USDC-PERPETUAL", ("usdc", "")),
        (APART, True, "SOL_USDC-27DEC26-2d5-P", ("usdc", "")),
        (APART, True, "ETH-PERPETUAL", ("other", "")),
        (APART, True, "ETH_BTC", ("spot", "")),
        ({}, False, "BTC-PERPETUAL", ("other", "")),
    ],
)
def test_an_instrument_pays_from_the_pools_of_its_kind_and_currency(
    engine: Any, per_currency: bool, name: str, pools: tuple[str, str]
) -> None:
    limits = {"limits_per_currency": per_currency, "matching_engine": engine}
    assert account_limits(limits).pays(name) == pools


@pytest.mark.parametrize(
    ("bucket", "rate"),
    [
        ({"rate": 1e9, "burst": 1e9}, (1e9, 1e9)),
        ({"rate": 1.1e9, "burst": 1}, None),
        ({"rate": 1, "burst": 1.1e9}, None),
        ({"rate": 1, "burst": 1}, (1, 1)),
        ({"rate": 1, "burst": 0.9}, None),
        ({"rate": 5}, None),
        ([5, 20], None),
    ],
)
def test_a_limit_is_read_or_refused_at_its_bounds(bucket: Any, rate: Any) -> None:
    assert rate_of(bucket) == rate
