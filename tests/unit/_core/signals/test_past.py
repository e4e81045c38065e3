"""A signal that learns candles of the past is as if it had heard them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import OrderFlowImbalance, Strategy
from engine._core.signals.past import checked
from engine._core.signals.trend import Breakout, EwmaCross
from engine._core.signals.volatility import EwmaVolatility
from tests.unit._core.signals.test_restart import played
from tests.unit._core.signals.test_trend import START_NS, Market, S, paths

MAKES = {
    "ewma_cross": lambda: EwmaCross(fast_s=5.0, slow_s=20.0),
    "breakout": lambda: Breakout(window_s=30.0, smooth_s=5.0),
    "volatility": lambda: EwmaVolatility(tau_s=20.0, sample_s=1.0, learns=True),
}
each = pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)


def points(path, now_ns):
    """Return a path as candles without a body, each at its time."""
    at_ns, mid, found = START_NS, 50_000, []
    for wait_ns, move in path:
        at_ns, mid = at_ns + wait_ns, mid + move
        found.append((now_ns - at_ns, mid, mid, mid))
    return found


@each
@given(path=paths, after=paths, rest_ns=st.integers(0, 4 * S))
def test_what_is_learned_is_as_if_it_had_been_heard(make, path, after, rest_ns):
    heard, learned = make(), make()
    now_ns = played(heard, path) + rest_ns
    Market(heard).cut(now_ns)
    learned.learn(points(path, now_ns), now_ns)
    for signal in (heard, learned):
        assert not signal.is_ready
        played(signal, after, now_ns)
    assert learned.value == pytest.approx(heard.value, rel=1e-12, abs=1e-12)
    assert (learned.is_warm, learned.is_ready) == (heard.is_warm, heard.is_ready)


@each
def test_it_is_ready_with_the_first_book_when_the_past_was_long_enough(make):
    signal = make()
    assert signal.past_s > signal.past_step_s > 0
    steps = 1 + round(signal.past_s / signal.past_step_s)
    step_ns = round(signal.past_step_s * S)
    # A run's clock begins at 0: all of it was before.
    signal.learn(
        [((steps - at) * step_ns, at - 9, at + 9, at) for at in range(steps)], 1
    )
    assert signal.past_s == 0.0
    assert not signal.is_ready
    Market(signal).show(1, steps)
    assert signal.is_ready


def test_a_breakout_knows_the_extremes_inside_a_candle():
    signal = Breakout(window_s=64.0)
    signal.learn([(60 * S, 90.0, 110.0, 100.0), (30 * S, 40.0, 100.0, 100.0)], 2 * S)
    Market(signal).show(2 * S, 100)
    assert (signal.low_ticks, signal.high_ticks) == (40.0, 110.0)


@pytest.mark.parametrize("step_s", [2.5, 10.0])
def test_candles_of_any_use_measure_the_volatility(step_s):
    """Closes of a walk of 3 ticks a root second, taken every few seconds."""
    dice, price, closes = random.Random(5), 50_000.0, []
    step_ns = round(step_s * S)
    for _ in range(1_500):
        price += dice.gauss(0.0, 3.0 * step_s**0.5)
        closes.append(price)
    signal = EwmaVolatility(tau_s=400 * step_s, sample_s=1.0, learns=True)
    signal.learn(
        [((len(closes) - at) * step_ns, p, p, p) for at, p in enumerate(closes)], S
    )
    assert signal.value == pytest.approx(3.0, rel=0.1)


@each
def test_what_has_heard_something_learns_nothing(make):
    signal = make()
    Market(signal).show(START_NS, 50_000)
    assert signal.past_s == 0.0
    with pytest.raises(ValueError, match="it has heard something already"):
        signal.learn([(S, 1.0, 1.0, 1.0)], START_NS)


def test_most_signals_learn_nothing():
    for signal in (OrderFlowImbalance(tau_s=2.0), EwmaVolatility(tau_s=600.0)):
        assert signal.past_s == 0.0
        with pytest.raises(ValueError, match="learn"):
            signal.learn([(S, 1.0, 1.0, 1.0)], START_NS)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "no candles"),
        ([(S, 2.0, 1.0, 1.5)], "high of candle 0 must be a number"),
        ([(S, 1.0, 2.0, 2.5)], "close of candle 0 must be a number"),
        ([(S, 1.0, 2.0, "1")], "close of candle 0 must be a number"),
        ([(S, float("nan"), 2.0, 1.0)], "low of candle 0 must be a number"),
        ([(S, 1, 1, 1), (2 * S, 1, 1, 1)], "candle 1 is older than the one before"),
        ([(-1, 1, 1, 1)], "age of candle 0 must be a whole number"),
    ],
)
@each
def test_what_is_no_candle_is_refused_and_nothing_taken(make, rows, why):
    signal = make()
    with pytest.raises(ValueError, match=why):
        signal.learn(rows, START_NS)
    assert signal.past_s > 0.0
    with pytest.raises(ValueError, match=why):
        checked(rows)


def test_a_strategy_says_who_wants_what_of_which_instrument():
    class Two(Strategy):
        def __init__(self):
            self.own = self.listen(EwmaCross(fast_s=60.0, slow_s=240.0))
            self.flow = self.listen(OrderFlowImbalance(tau_s=2.0))
            self.other = self.listen(Breakout(window_s=640.0), "ETH-PERPETUAL")

    strategy = Two()
    first, second = strategy.past_wishes("BTC-PERPETUAL")
    assert (first.place, first.signal, first.hears) == (0, "EwmaCross", "BTC-PERPETUAL")
    assert (first.span_s, first.step_s) == (480.0, 12.0)
    assert (second.place, second.hears) == (2, "ETH-PERPETUAL")
    assert (second.span_s, second.step_s) == (1_280.0, 20.0)
    strategy.learn(2, [(S, 1.0, 1.0, 1.0)], START_NS)
    assert [wish.place for wish in strategy.past_wishes("BTC-PERPETUAL")] == [0]
