"""GLFT against an independent version in long decimals, the limit xi -> 0 included."""

import itertools
import math

import pytest

from engine._core.quote.models.glft import GlftQuoter, glft_coefficients, glft_quotes
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import View
from tests.generators.views import PERPETUAL
from tests.oracles.control import glft_eigenvector, glft_from_control
from tests.oracles.quotes import glft

PARAMETERS = {"gamma": 1e-4, "k_per_tick": 0.5, "a_per_s": 2.0}
XI = [0.0, 5e-324, 1e-300, 1e-30, 1e-16, 1e-9, 1e-6, 1e-3, 0.1, 1.0, 50.0]
GRID = list(
    itertools.product(
        [1e-9, 1e-4, 0.5], XI, [1e-3, 0.3, 20.0], [1e-3, 5.0], [1, 10, 5_000]
    )
)


def quoted(quoter, **changes):
    view = View.for_test(
        **{
            "row": PERPETUAL,
            "bids": [(100_000, 10)],
            "asks": [(100_001, 10)],
            "sigma_ticks": 5.0,
        }
        | changes
    )
    sheet = QuoteSheet.for_test(view)
    quoter.quote(view, sheet)
    return sheet.bids, sheet.asks


@pytest.mark.parametrize("xi", XI)
def test_coefficients_agree_to_nine_digits(xi):
    for gamma, at_xi, k, a, delta in GRID:
        if at_xi != xi:
            continue
        expected = glft(gamma=gamma, xi=xi, k=k, a=a, delta=delta)
        found = glft_coefficients(
            gamma=gamma, xi=xi, k_per_tick=k, a_per_s=a, qty_lots=delta
        )
        assert found == pytest.approx(expected, rel=1e-9), (gamma, k, a, delta)


@pytest.mark.parametrize("xi", XI)
def test_coefficients_are_those_of_the_control_problem(xi):
    """Against no closed form at all: the best depth and the curvature of what it earns.

    Both are found by maximising in 40 decimals, over the grid of the test above.
    """
    for gamma, at_xi, k, a, delta in GRID:
        if at_xi != xi:
            continue
        expected = glft_from_control(gamma=gamma, xi=xi, k=k, a=a, delta=delta)
        found = glft_coefficients(
            gamma=gamma, xi=xi, k_per_tick=k, a_per_s=a, qty_lots=delta
        )
        assert found == pytest.approx(expected, rel=1e-9), (gamma, k, a, delta)


def test_quotes_tend_to_the_exact_ones_of_the_paper():
    """The closed form is the small-risk limit of the exact eigenvector solution.

    Each time volatility is halved, the error falls at least by two.
    """
    errors = []
    for sigma in (2.0, 1.0, 0.5, 0.25):
        bids, asks = glft_eigenvector(gamma=0.1, k=0.3, a=0.9, sigma=sigma, limit=60)
        worst = 0.0
        for q in range(-3, 4):
            bid, ask = glft_quotes(
                0.0,
                q,
                sigma_ticks=sigma,
                gamma=0.1,
                xi=0.1,
                k_per_tick=0.3,
                a_per_s=0.9,
                qty_lots=1,
            )
            worst = max(worst, abs(-bid - bids[q + 59]), abs(ask - asks[q + 59]))
        errors.append(worst)
    assert all(b < a / 2 for a, b in itertools.pairwise(errors))
    assert errors[-1] < 0.01


def test_limit_without_execution_risk():
    c1, c2 = glft_coefficients(gamma=0.2, xi=0, k_per_tick=0.5, a_per_s=3, qty_lots=4)
    assert c1 == 2.0
    assert c2 == pytest.approx(math.sqrt(0.2 * math.e / (2 * 3 * 4 * 0.5)), rel=1e-14)


def test_the_way_to_the_limit_has_no_step():
    at_zero = glft_coefficients(gamma=0.2, xi=0, k_per_tick=0.5, a_per_s=3, qty_lots=4)
    for power in range(6, 330):
        near = glft_coefficients(
            gamma=0.2, xi=10.0**-power, k_per_tick=0.5, a_per_s=3, qty_lots=4
        )
        assert near == pytest.approx(at_zero, rel=10.0 ** (2 - power) + 1e-15)


@pytest.mark.parametrize("inventory", [-30, 0, 7])
def test_quotes_are_depths_around_fair(inventory):
    """Bid = fair - c1 - (D/2 + q) sigma c2, ask = fair + c1 + (D/2 - q) sigma c2."""
    c1, c2 = glft(gamma=1e-3, xi=2e-3, k=0.5, a=2.0, delta=10)
    bid, ask = glft_quotes(
        1_000.0,
        inventory,
        sigma_ticks=4.0,
        gamma=1e-3,
        xi=2e-3,
        k_per_tick=0.5,
        a_per_s=2.0,
        qty_lots=10,
    )
    assert bid == pytest.approx(1_000 - c1 - (5 + inventory) * 4 * c2, rel=1e-12)
    assert ask == pytest.approx(1_000 + c1 + (5 - inventory) * 4 * c2, rel=1e-12)


def test_quoter_writes_the_formula_rounded_away_from_the_touch():
    quoter = GlftQuoter(qty_lots=10, xi=0, fair="mid", **PARAMETERS)
    c1, c2 = glft(gamma=1e-4, xi=0, k=0.5, a=2.0, delta=10)
    bids, asks = quoted(quoter)
    half = c1 + 5 * 5.0 * c2
    assert bids == [(math.floor(100_000.5 - half), 10)]
    assert asks == [(math.ceil(100_000.5 + half), 10)]


def test_xi_is_gamma_unless_given():
    assert GlftQuoter(qty_lots=1, **PARAMETERS).xi == PARAMETERS["gamma"]
    assert GlftQuoter(qty_lots=1, xi=0, **PARAMETERS).xi == 0


def test_blank_until_sigma_is_warm_unless_one_is_stated():
    assert quoted(GlftQuoter(qty_lots=1, **PARAMETERS), sigma_ticks=None) == ([], [])
    stated = GlftQuoter(qty_lots=1, cold_sigma_ticks=5.0, **PARAMETERS)
    assert quoted(stated, sigma_ticks=None) == quoted(stated, sigma_ticks=5.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gamma", 0),
        ("gamma", math.nan),
        ("xi", -1e-9),
        ("xi", "0"),
        ("k_per_tick", 0),
        ("a_per_s", 0),
        ("a_per_s", math.inf),
        ("cold_sigma_ticks", -0.5),
    ],
)
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be .*{value}"):
        GlftQuoter(qty_lots=1, **{**PARAMETERS, name: value})
