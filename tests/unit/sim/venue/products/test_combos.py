"""Shapes of combos, their names, which way round they are."""

from decimal import Decimal
from itertools import permutations

import pytest

from engine.sim.venue.config import ContractConfig
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.products.combos import SHAPES, combo_of, ratios, spread_of
from tests.unit.sim.venue.accounts.listed import LISTED, PERP
from tests.unit.sim.venue.client import START_NS

MARKETS = Exchange(LISTED, START_NS).markets
STRIKES = (78_000, 79_000, 80_000, 81_000)


def leg(name: str) -> ContractConfig:
    return MARKETS[name].instrument.contract


def option(rank: int, letter: str, expiry: str = "25SEP26") -> ContractConfig:
    strikes = sorted(
        {
            m.instrument.contract.strike
            for m in MARKETS.values()
            if m.instrument.name.startswith(f"BTC-{expiry}-")
            and m.instrument.contract.strike is not None
        }
    )
    return leg(f"BTC-{expiry}-{strikes[rank]}-{letter}")


@pytest.mark.parametrize(
    ("legs", "name"),
    [
        (((0, "C", 1), (1, "C", -1)), "BTC-CS-25SEP26-{0}_{1}"),
        (((0, "P", -1), (1, "P", 1)), "BTC-PS-25SEP26-{1}_{0}"),
        (((0, "C", 1), (0, "P", 1)), "BTC-STRD-25SEP26-{0}"),
        (((0, "P", 1), (1, "C", 1)), "BTC-STRG-25SEP26-{0}_{1}"),
        (((0, "P", 1), (1, "C", -1)), "BTC-RR-25SEP26-{0}_{1}"),
        (((0, "C", 1), (0, "P", -1)), "BTC-REV-25SEP26-{0}"),
        (((0, "C", 1), (1, "C", -3)), "BTC-CSR13-25SEP26-{0}_{1}"),
        (((1, "P", 1), (0, "P", -3)), "BTC-PSR13-25SEP26-{1}_{0}"),
        (
            ((0, "C", 1), (1, "C", -2), (2, "C", 1)),
            "BTC-CBUT-25SEP26-{0}_{1}_{2}",
        ),
        (
            ((0, "C", 1), (0, "P", -1), (1, "C", -1), (1, "P", 1)),
            "BTC-BOX-25SEP26-{0}_{1}",
        ),
        (
            ((0, "P", 1), (1, "P", -1), (2, "C", -1), (3, "C", 1)),
            "BTC-ICOND-25SEP26-{0}_{1}_{2}_{3}",
        ),
    ],
)
def test_names_whatever_the_order_and_the_side(
    legs: tuple[tuple[int, str, int], ...], name: str
) -> None:
    strikes = [option(n, "C").strike for n in range(4)]
    expected = name.format(*strikes)
    priced = [(option(rank, letter), ratio) for rank, letter, ratio in legs]
    found = combo_of(priced)
    assert found is not None
    assert found.name == expected
    assert set(found.legs) == set(priced)
    for order in permutations(priced):
        assert combo_of(order) == found
        assert combo_of([(one, -ratio) for one, ratio in order]) == found


def test_a_box_has_its_legs_in_the_order_production_shows() -> None:
    given = [option(0, "C"), option(0, "P"), option(1, "C"), option(1, "P")]
    found = combo_of(list(zip(given, (1, -1, -1, 1), strict=True))[::-1])
    assert found is not None
    assert [one for one, _ in found.legs] == given


def test_calendars_name_the_far_expiry_first() -> None:
    near = leg("BTC-25SEP26-80000-C")
    far = leg("BTC-25DEC26-80000-C")
    found = combo_of([(near, -1), (far, 1)])
    assert found is not None
    assert found.name == "BTC-CCAL-25DEC26_25SEP26-80000"
    contract = found.contract(7, 1_000)
    assert contract.expiration_timestamp == near.expiration_timestamp


def test_spreads() -> None:
    near, far, perpetual = leg("BTC-25SEP26"), leg("BTC-25DEC26"), leg(PERP)
    for legs in ([(far, 1), (near, -1)], [(near, 1), (far, -1)]):
        found = combo_of(legs)
        assert found is not None
        assert found == spread_of(near, far)
        assert found.name == "BTC-FS-25DEC26_25SEP26"
    found = combo_of([(far, 1), (perpetual, -1)])
    assert found is not None
    assert found.name == "BTC-FS-25DEC26_PERP"
    assert found.legs == ((perpetual, -1), (far, 1))
    contract = found.contract(7, 1_000, Decimal("0.5"))
    assert contract.expiration_timestamp == far.expiration_timestamp
    assert (contract.kind, contract.tick_size) == ("future_combo", Decimal("0.5"))


def test_the_contract_of_an_option_combo() -> None:
    found = combo_of([(option(0, "C"), 1), (option(1, "C"), -1)])
    assert found is not None
    contract = found.contract(7, 1_000)
    assert (contract.kind, contract.instrument_id) == ("option_combo", 7)
    assert (contract.tick_size, contract.tick_steps) == (Decimal("0.0001"), ())
    assert (contract.min_trade_amount, contract.contract_size) == (Decimal("0.1"), 1)
    assert (contract.quote_currency, contract.strike) == ("BTC", None)
    assert contract.maker_commission == contract.taker_commission == 0


def test_what_is_no_combo() -> None:
    a, b = option(0, "C"), option(1, "C")
    linear = leg("BTC_USDC-25SEP26-80000-C")
    future = leg("BTC-25SEP26")
    for legs in (
        [],
        [(a, 1)],
        [(a, 1), (a, -1)],
        [(a, 1), (b, 1)],
        [(a, 1), (b, -5)],
        [(a, 1), (future, -1)],
        [(a, 1), (linear, -1)],
        [(future, 1), (leg(PERP), -2)],
        [(future, 1), (leg(PERP), -1), (leg("BTC-25DEC26"), -1)],
        [(option(0, "C", expiry), 1) for expiry in ("25SEP26", "25DEC26", "22SEP26")],
    ):
        assert combo_of(legs) is None


def test_ratios() -> None:
    assert ratios([20, -10]) == ([2, -1], 10)
    assert ratios([3, 3, -6]) == ([1, 1, -2], 3)


def test_no_two_shapes_are_the_same_combo() -> None:
    seen = set()
    for _, parts in SHAPES:
        other = frozenset((-ratio, *rest) for ratio, *rest in parts)
        assert not {frozenset(parts), other} & seen
        seen |= {frozenset(parts), other}
