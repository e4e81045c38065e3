"""The hedger follows fills and not the mark; its band is the one that costs least."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import QuoteSheet, View
from engine._core.quote.models.hedge import LEGS_MAX, HedgeTaker, hedge_band_usd
from engine._core.quote.models.options import coin_greeks
from tests.generators.views import COMBO, OPTION, PERPETUAL

FUTURE = {**PERPETUAL, "instrument_name": "BTC-27NOV26"}
LINEAR = {
    **PERPETUAL,
    "instrument_name": "BTC_USDC-PERPETUAL",
    "instrument_type": "linear",
    "contract_size": 0.001,
    "min_trade_amount": 0.001,
}


def made(*rows, **parameters):
    """Return a hedger of the instruments of these rows."""
    names = [row["instrument_name"] for row in rows]
    shape = {"band_usd": 0.0, "take_max_lots": 10**6}
    return HedgeTaker(legs=names, **shape | parameters)


def held(row, lots, *, mid_ticks=100_000, **changes):
    """Return the view of a position in a book around a price."""
    return View.for_test(
        row, [(mid_ticks - 1, 9)], [(mid_ticks + 1, 9)], inventory_lots=lots, **changes
    )


def taken(hedger, own, legs, *, mid_ticks=100_000, own_lots=0, **changes):
    """Return signed lots of the hedger's take."""
    view = held(own, own_lots, mid_ticks=mid_ticks, others=legs, **changes)
    sheet = QuoteSheet.for_test(view)
    hedger.quote(view, sheet)
    if sheet.take is None:
        return 0
    return sheet.take[2] if sheet.take[0] == "buy" else -sheet.take[2]


@given(lots=st.integers(-(10**4), 10**4), own_lots=st.integers(-(10**4), 10**4))
def test_inverse_legs_are_numbers_of_dollars(lots, own_lots):
    legs = [held(FUTURE, lots)]
    assert taken(made(FUTURE), PERPETUAL, legs, own_lots=own_lots) == -lots - own_lots


@given(
    lots=st.integers(-(10**4), 10**4),
    mids=st.lists(st.integers(10_000, 500_000), min_size=2, max_size=2),
)
def test_a_market_that_moves_trades_nothing(lots, mids):
    """Hedged at entry, whatever the prices do later, for every kind of leg."""
    entry = {"average_price": 50_000.0}
    legs = [held(LINEAR, lots, mid_ticks=mids[0], **entry)]
    own_lots = -round(lots * 0.001 * 50_000 / 10)
    hedger = made(LINEAR, band_usd=10.0)
    assert (
        taken(hedger, PERPETUAL, legs, mid_ticks=mids[1], own_lots=own_lots, **entry)
        == 0
    )


def test_linear_legs_count_at_their_entry_price():
    legs = [held(LINEAR, 30, average_price=60_000.0)]
    assert taken(made(LINEAR), PERPETUAL, legs) == -180  # 0.03 BTC at 60,000 USD


def test_a_linear_hedge_is_sized_at_the_price_of_now():
    legs = [held(FUTURE, 180)]
    # 1,800 USD at 50,000 are 36 lots of 0.001 BTC.
    assert taken(made(FUTURE), LINEAR, legs) == -36
    # And once traded there, no price reopens the gap.
    for mid_ticks in (60_000, 100_000, 180_000):
        own = {"own_lots": -36, "average_price": 50_000.0}
        assert taken(made(FUTURE), LINEAR, legs, mid_ticks=mid_ticks, **own) == 0


def test_several_legs_are_netted_and_a_target_may_be_kept():
    other = {**PERPETUAL, "instrument_name": "BTC-26MAR27"}
    legs = [held(FUTURE, 30), held(other, -50)]
    assert taken(made(FUTURE, other), PERPETUAL, legs) == 20
    assert taken(made(FUTURE, other, target_usd=-70), PERPETUAL, legs) == 13


@pytest.mark.parametrize("book", ["empty", "one-sided"])
def test_a_leg_whose_book_is_gone_is_still_held(book):
    bids = [] if book == "empty" else [(5, 5)]
    legs = [View.for_test(FUTURE, bids, [], inventory_lots=8)]
    assert taken(made(FUTURE), PERPETUAL, legs) == -8


def option(lots, *, delta=0.25, row=OPTION, mark_price=0.05, forward=60_000.0):
    told = {"delta": delta, "underlying_price": forward, "mark_price": mark_price}
    return View.for_test(row, [], [], inventory_lots=lots, **told)


def test_an_inverse_option_counts_at_its_delta_less_its_premium():
    # 3 BTC of it move like 3 * (0.25 - 0.05) BTC at 60,000: 36,000 USD, sold.
    assert taken(made(OPTION), PERPETUAL, [option(30)]) == -3_600
    assert taken(made(OPTION), PERPETUAL, [option(-30, delta=-0.6)]) == -11_700
    assert taken(made(OPTION), PERPETUAL, [option(30)], own_lots=-3_600) == 0


def test_its_coin_account_does_not_move_with_the_forward():
    """The hedge, in coins, against Black-76 at a forward a little higher and lower."""
    forward, strike, sigma, years = 60_000.0, 58_000.0, 0.6, 0.1
    greeks = coin_greeks(forward, strike, sigma, years, is_call=True)
    delta = greeks.net_delta + greeks.price
    leg = option(1_000, delta=delta, mark_price=greeks.price)
    usd = 10.0 * taken(made(OPTION), PERPETUAL, [leg])
    moved = []
    for now in (forward - 50.0, forward + 50.0):
        price = coin_greeks(now, strike, sigma, years, is_call=True).price
        moved.append(100.0 * (price - greeks.price) + usd * (1 / forward - 1 / now))
    unhedged = 100.0 * greeks.delta * 100.0
    assert abs(moved[1] - moved[0]) < 1e-3 * unhedged


def test_a_linear_option_counts_at_its_delta():
    linear = {**OPTION, "instrument_name": "BTC_USDC-28AUG26-100000-C"}
    linear |= {"instrument_type": "linear", "settlement_currency": "USDC"}
    leg = option(30, row=linear, mark_price=3_000.0)
    assert taken(made(linear), PERPETUAL, [leg]) == -4_500


def test_options_and_futures_are_netted():
    legs = [option(30), held(FUTURE, 3_500)]
    assert taken(made(OPTION, FUTURE), PERPETUAL, legs) == -7_100


@pytest.mark.parametrize(
    "told", [{"delta": math.nan}, {"forward": 0.0}, {"mark_price": 0.0}]
)
def test_nothing_is_done_while_the_delta_of_what_is_held_is_not_told(told):
    legs = [option(30, **told), held(FUTURE, 500)]
    assert taken(made(OPTION, FUTURE), PERPETUAL, legs) == 0
    legs = [option(0, **told), held(FUTURE, 500)]
    assert taken(made(OPTION, FUTURE), PERPETUAL, legs) == -500


@pytest.mark.parametrize("row", [COMBO, PERPETUAL])
def test_a_leg_that_is_no_other_future_or_option_is_an_error(row):
    legs = [held(row, 5)]
    with pytest.raises(ValueError, match=row["instrument_name"]):
        taken(made(row), PERPETUAL, legs)


def test_a_leg_nobody_knows_is_an_error():
    with pytest.raises(ValueError, match="BTC-27NOV26 is not another future or option"):
        taken(made(FUTURE), PERPETUAL, [])


def test_legs_at_the_limit_and_one_past():
    names = [f"BTC-{i}" for i in range(LEGS_MAX + 1)]
    shape = {"band_usd": 1, "take_max_lots": 1}
    assert len(HedgeTaker(legs=names[:-1], **shape).legs) == LEGS_MAX
    with pytest.raises(ValueError, match="legs must be a list of 1 to 32"):
        HedgeTaker(legs=names, **shape)


@pytest.mark.parametrize("legs", [[], ["A", "A"], "A", [1], [""], None])
def test_bad_legs_are_named(legs):
    with pytest.raises(ValueError, match="legs must be a list"):
        HedgeTaker(legs=legs, band_usd=1, take_max_lots=1)


@pytest.mark.parametrize(
    ("name", "value"), [("band_usd", -1), ("target_usd", math.inf), ("band_usd", "1")]
)
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a number"):
        made(FUTURE, **{name: value})


BAND = {
    "cost_bps": 5.0,
    "flow_usd2_per_s": 4.0e4,
    "risk_aversion": 1e-4,
    "sigma_bps": 10.0,
}


def test_the_band_is_that_of_whalley_and_wilmott_for_an_option():
    """Half-width (3/2 cost S Gamma^2 / gamma)^(1/3) coins, times S."""
    spot, gamma_option, gamma, cost, sigma = 65_000.0, 3e-5, 1e-4, 5e-4, 1e-4
    coins = (1.5 * cost * spot * gamma_option**2 / gamma) ** (1 / 3)
    flow = (gamma_option * spot**2 * sigma) ** 2
    band = hedge_band_usd(
        cost_bps=cost * 1e4,
        flow_usd2_per_s=flow,
        risk_aversion=gamma,
        sigma_bps=sigma * 1e4,
    )
    assert band == pytest.approx(coins * spot, rel=1e-12)


def cost_of(band, steps=400_000, seed=5):
    """Return the running cost of a band, by walking the delta through it."""
    dice = random.Random(seed)
    k = 0.5 * BAND["risk_aversion"] * (BAND["sigma_bps"] * 1e-4) ** 2
    step = math.sqrt(BAND["flow_usd2_per_s"])
    delta = risk = traded = 0.0
    for _ in range(steps):
        delta += step if dice.random() < 0.5 else -step
        if abs(delta) > band:
            traded += abs(delta) - band
            delta = math.copysign(band, delta)
        risk += k * delta * delta
    return (risk + BAND["cost_bps"] * 1e-4 * traded) / steps


def test_no_other_band_costs_less():
    best = hedge_band_usd(**BAND)
    k = 0.5 * BAND["risk_aversion"] * (BAND["sigma_bps"] * 1e-4) ** 2
    cost = BAND["cost_bps"] * 1e-4
    expected = k * best**2 / 3 + cost * BAND["flow_usd2_per_s"] / (2 * best)
    assert cost_of(best) == pytest.approx(expected, rel=0.05)
    assert cost_of(best) < 0.95 * min(cost_of(best / 2), cost_of(2 * best))


@pytest.mark.parametrize("name", BAND)
def test_a_band_of_nothing_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be a number"):
        hedge_band_usd(**BAND | {name: 0.0})
