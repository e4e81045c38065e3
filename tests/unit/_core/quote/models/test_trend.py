"""The position follows the forecast at a constant risk, and trembles for nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import EwmaVolatility, QuoteSheet, Strategy, View
from engine._core.quote.models.trend import FORECASTS_LIMIT, TrendTaker
from engine._core.signals.signal import Signal
from engine._core.signals.trend import Breakout
from engine._core.state.book import Book
from tests.generators.views import LINEAR, PERPETUAL

S = 1_000_000_000
MID = 100_000  # 50,000 USD
DAY_S = 86_400


def book_at(mid_ticks):
    book = Book(window_ticks=65_536)
    book.apply_rows(
        [("bid", mid_ticks - 1, 50), ("ask", mid_ticks + 1, 50)],
        change_id=1,
        is_snapshot=True,
    )
    return book


def placed(share):
    """Return a signal that is ready and says where in its range a price stands."""
    signal = Breakout(window_s=1, smooth_s=1e-6)
    for at_ns, mid_ticks in (
        (S, MID),
        (S + S // 2, MID - 1_000),
        (S + S // 2 + 1, MID + 1_000),
        (S + S // 2 + 2, MID + round(1_000 * share)),
    ):
        signal.observe_book(book_at(mid_ticks), at_ns)
    signal.observe_time(2 * S)
    assert signal.is_ready
    assert signal.value == pytest.approx(share)
    return signal


class Paced(TrendTaker):
    """A trend taker whose volatility a test has shown, ticks per square root of s."""

    def __init__(self, forecasts, sigma_ticks=20.0, **params):
        shape = {"risk_usd_day": 100.0, "lots_max": 1e9, "take_max_lots": 10**9}
        super().__init__(forecasts, **shape | params)
        for i in range(100):
            mid_ticks = MID + round(sigma_ticks) * (i % 2)
            self.pace.observe_book(book_at(mid_ticks), i * S)


def taken(strategy, *, row=PERPETUAL, own_lots=0):
    """Return the signed lots of the take."""
    view = View.for_test(row, [(MID - 1, 50)], [(MID + 1, 50)], inventory_lots=own_lots)
    sheet = QuoteSheet.for_test(view)
    strategy.quote(view, sheet)
    if sheet.take is None:
        return 0
    return sheet.take[2] if sheet.take[0] == "buy" else -sheet.take[2]


def one_lots(row, sigma_ticks=20.0, risk_usd=100.0):
    """Return the position whose result has that deviation, by definition.

    An inverse lot of 10 USD earns 10/price dollars for a dollar of price.
    """
    price, tick = MID * row["tick_size"], row["tick_size"]
    lot_usd = row["contract_size"] * (
        1 / price if row["instrument_type"] == "reversed" else 1
    )
    return risk_usd / (lot_usd * tick * sigma_ticks * math.sqrt(DAY_S))


@pytest.mark.parametrize("row", [PERPETUAL, LINEAR], ids=["inverse", "linear"])
@pytest.mark.parametrize("share", [-1.0, -0.5, 0.5, 1.0])
def test_the_risk_of_a_day_is_the_forecast_times_what_was_asked(row, share):
    strategy = Paced([placed(share)], buffer=0.0)
    assert taken(strategy, row=row) == pytest.approx(share * one_lots(row), abs=1)


def test_a_linear_tick_is_that_of_its_own_price():
    """0.5 USD a tick and 0.001 BTC a lot: 20 ticks are 0.01 USD a lot."""
    sigma_usd = 0.001 * 0.5 * 20.0 * math.sqrt(DAY_S)
    assert one_lots(LINEAR) == pytest.approx(100.0 / sigma_usd)


def test_twice_the_volatility_is_half_the_position():
    calm, rough = Paced([placed(1.0)], 20.0), Paced([placed(1.0)], 40.0)
    assert taken(calm) == pytest.approx(2 * taken(rough), abs=2)


def test_forecasts_are_capped_then_averaged():
    strategy = Paced([placed(1.0), placed(-0.1)], scale=3, forecast_max=2, buffer=0)
    assert taken(strategy) == pytest.approx(0.85 * one_lots(PERPETUAL), abs=1)


@given(own_lots=st.integers(-2_000, 2_000))
def test_never_beyond_lots_max_and_to_the_edge_of_the_buffer(own_lots):
    strategy = Paced([placed(1.0)], lots_max=150, scale=2, buffer=0.1)
    after = own_lots + taken(strategy, own_lots=own_lots)
    assert strategy.wished_lots == 150
    assert 135 <= after <= 165
    assert taken(strategy, own_lots=after) == 0


def test_nothing_until_all_of_it_is_ready():
    cold = Breakout(window_s=1)
    assert taken(Paced([placed(1.0), cold]), own_lots=70) == 0
    asleep = TrendTaker([placed(1.0)], risk_usd_day=1, lots_max=9, take_max_lots=9)
    assert taken(asleep, own_lots=70) == 0


def test_it_listens_to_its_own_volatility():
    strategy = TrendTaker([placed(1.0)], risk_usd_day=1, lots_max=9, take_max_lots=9)
    assert isinstance(strategy.pace, EwmaVolatility)
    assert isinstance(strategy, Strategy)


@pytest.mark.parametrize("forecasts", [[], [1], [Signal()] * (FORECASTS_LIMIT + 1)])
def test_bad_forecasts_are_named(forecasts):
    with pytest.raises(ValueError, match="forecasts must be 1 to 8 signals"):
        TrendTaker(forecasts, risk_usd_day=1, lots_max=1, take_max_lots=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("risk_usd_day", 0),
        ("lots_max", 0.5),
        ("scale", math.inf),
        ("forecast_max", 0),
        ("buffer", -0.1),
        ("vol_tau_s", 0),
        ("vol_sample_s", 2_000),
    ],
)
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=f"{name} must be"):
        Paced([placed(1.0)], **{name: value})
