"""A signal that outlives a restart goes on as if its book had been cut meanwhile."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import OrderFlowImbalance
from engine._core.signals.restart import dump_rows, load_rows
from engine._core.signals.trend import Breakout, EwmaCross
from engine._core.signals.volatility import EwmaVolatility
from tests.unit._core.signals.test_trend import START_NS, Market, S, paths

MAKES = {
    "ewma_cross": lambda: EwmaCross(fast_s=5.0, slow_s=20.0),
    "breakout": lambda: Breakout(window_s=30.0, smooth_s=5.0),
    "volatility": lambda: EwmaVolatility(tau_s=20.0, sample_s=1.0),
}
each = pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)


def played(signal, path, start_ns=START_NS):
    """Show a path of mids, relative ones; return the time after it."""
    market, now_ns, mid = Market(signal), start_ns, 50_000
    for wait_ns, move in path:
        now_ns += wait_ns
        mid += move
        market.show(now_ns, mid)
    return now_ns


def kept(signal, now_ns):
    """Return what a signal dumps, after a way to the disk and back."""
    return json.loads(json.dumps(signal.dump(now_ns)))


@each
@given(before=paths, after=paths, away_ns=st.integers(0, 4 * S))
def test_it_goes_on_as_over_a_cut(make, before, after, away_ns):
    through, first, second = make(), make(), make()
    before = [
        (S, 3),
        (2 * S, -1),
        *before,
    ]  # a return at least: before it knows nothing
    now_ns = played(through, before)
    Market(through).cut(now_ns)
    played(first, before)
    second.load(kept(first, now_ns), now_ns + away_ns, away_ns)
    for signal in (through, second):
        played(signal, after, now_ns + away_ns)
    assert second.value == pytest.approx(through.value, rel=1e-12, abs=1e-12)
    assert (second.is_warm, second.is_ready) == (through.is_warm, through.is_ready)


@each
def test_another_clock_changes_nothing(make):
    """The clock of a run begins anywhere; here before the window that is kept."""
    path = [(S // 3, (7 * i * i) % 23 - 11) for i in range(400)]
    first, second, third = make(), make(), make()
    now_ns = played(first, path)
    found = kept(first, now_ns)
    second.load(found, now_ns + 2 * S, 2 * S)
    third.load(found, 2 * S, 2 * S)
    played(second, path, now_ns + 2 * S)
    played(third, path, 2 * S)
    assert third.value == pytest.approx(second.value, rel=1e-3)
    assert third.is_ready
    assert second.is_ready


@each
def test_what_is_loaded_is_not_ready_before_its_book_is_there(make):
    first, second = make(), make()
    now_ns = played(first, [(S // 2, i % 5 - 2) for i in range(200)])
    assert first.is_ready
    second.load(kept(first, now_ns), now_ns + S, S)
    second.observe_time(now_ns + S)
    assert not second.is_ready
    Market(second).show(now_ns + 2 * S, 50_000)
    assert second.is_ready


@each
def test_nothing_is_known_before_anything_was_heard(make):
    assert make().dump(START_NS) == {}


def test_a_signal_that_is_soon_ready_starts_cold():
    signal = OrderFlowImbalance(tau_s=2.0)
    assert signal.dump(START_NS) == {}
    with pytest.raises(ValueError, match="does not outlive a restart"):
        signal.load({}, START_NS, 0)


@pytest.mark.parametrize(
    ("make", "other", "said"),
    [
        (MAKES["ewma_cross"], EwmaCross(fast_s=5.0, slow_s=21.0), "slow_s was 20.0"),
        (MAKES["breakout"], Breakout(window_s=31.0, smooth_s=5.0), "window_s was 30.0"),
        (MAKES["volatility"], EwmaVolatility(tau_s=20.0), "sample_ns was 1000000000"),
    ],
    ids=MAKES,
)
def test_other_parameters_are_another_signal(make, other, said):
    first = make()
    now_ns = played(first, [(S, 1), (S, -1), (S, 3)])
    with pytest.raises(ValueError, match=said):
        other.load(kept(first, now_ns), now_ns, 0)
    assert other.dump(now_ns) == {}


@pytest.mark.parametrize(
    ("name", "limit_s"), [("ewma_cross", 5), ("breakout", 5), ("volatility", 20)]
)
def test_too_long_away_is_cold(name, limit_s):
    first = MAKES[name]()
    now_ns = played(first, [(S, 1), (S, -1), (S, 3)])
    found = kept(first, now_ns)
    MAKES[name]().load(found, now_ns, limit_s * S)
    with pytest.raises(ValueError, match=f"away for {limit_s + 1} s"):
        MAKES[name]().load(found, now_ns, (limit_s + 1) * S)


@each
@given(data=st.data())
def test_what_is_damaged_is_refused_and_nothing_taken(make, data):
    first, second = make(), make()
    now_ns = played(first, [(S, 1), (S, -1), (S, 3), (S, 0)])
    found = kept(first, now_ns)
    key = data.draw(st.sampled_from(sorted(found)))
    bad = data.draw(
        st.sampled_from([None, "x", -1, 1e300, float("nan"), [], [[1]], {"a": 1}])
    )
    if key in ("value", "place", "mid_ticks", "fast_ticks", "slow_ticks") and bad == -1:
        bad = "x"
    found[key] = bad
    with pytest.raises((ValueError, TypeError, KeyError)):
        second.load(found, now_ns, 0)
    assert second.dump(now_ns) == {}
    del found[key]
    with pytest.raises((ValueError, KeyError)):
        second.load(found, now_ns, 0)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [[5 * S, 10.0], [S, 11.0]],
        [[S, 11.0], [5 * S, 10.0]],
        [[-S, 10.0]],
        [[S, 10.0]] * 70,
    ],
    ids=["none", "rising", "backwards", "later", "too-many"],
)
def test_extremes_that_cannot_be_are_refused(rows):
    first, second = MAKES["breakout"](), MAKES["breakout"]()
    now_ns = played(first, [(S, 1), (S, -1), (S, 3)])
    with pytest.raises(ValueError, match=r"extremes|age_ns"):
        second.load({**kept(first, now_ns), "highs": rows}, now_ns, 0)
    assert second.dump(now_ns) == {}


def a_row():
    signal = EwmaVolatility(tau_s=20.0, sample_s=1.0)
    now_ns = played(signal, [(S, 1), (S, -1), (S, 3)])
    others = [signal, OrderFlowImbalance(tau_s=2.0)]
    return json.loads(json.dumps(dump_rows(others, ["", "ETH"], "BTC", now_ns))), now_ns


def fresh():
    return [EwmaVolatility(tau_s=20.0, sample_s=1.0), OrderFlowImbalance(tau_s=2.0)]


def test_rows_go_to_the_signals_of_the_same_place():
    rows, now_ns = a_row()
    assert rows[1] is None
    signals = fresh()
    assert load_rows(signals, ["", "ETH"], "BTC", rows, now_ns, S) == []
    assert signals[0].n_samples == 2
    assert signals[0].value > 0


def test_no_rows_are_nothing_to_load():
    signals = fresh()
    assert load_rows(signals, ["", "ETH"], "BTC", (), 0, 0) == []
    assert signals[0].dump(0) == {}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rows: rows.append(None), "there were 3, there are 2"),
        (lambda rows: rows[0].update(hears="ETH"), "hears was 'ETH' and is 'BTC'"),
        (lambda rows: rows[0].update(tick_size=0.1), "tick_size was 0.1 and is 1.0"),
        (lambda rows: rows[0].update(signal="Breakout"), "signal was 'Breakout'"),
        (lambda rows: rows[0].pop("known"), "known is missing"),
        (lambda rows: rows[0]["known"].pop("weight"), "weight is missing"),
        (lambda rows: rows[0]["known"].update(sum=-1), "sum must be a number"),
        (lambda rows: rows.__setitem__(0, [1]), "an object was expected"),
    ],
)
def test_one_that_cannot_go_on_is_named_and_starts_cold(change, why):
    rows, now_ns = a_row()
    change(rows)
    signals = fresh()
    ((_, said),) = load_rows(signals, ["", "ETH"], "BTC", rows, now_ns, 0)
    assert why in said
    assert signals[0].dump(now_ns) == {}
