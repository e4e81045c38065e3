"""Candles for signals that would take long: which ones, and what of them."""

from typing import Any

import pytest

from engine import Breakout, EwmaCross, OrderFlowImbalance, Strategy
from engine.session.machine import Session
from engine.session.past import CANDLES_MAX, RESOLUTIONS_S, resolution_of
from tests.unit.session.stand_in import SECOND, WALL_MS, Desk, Nothing, Refusal, plan

NAME, OTHER = "BTC-PERPETUAL", "ETH-PERPETUAL"
CHART = "public/get_tradingview_chart_data"
HOUR_S = 3_600


@pytest.mark.parametrize(
    ("span_s", "step_s", "name"),
    [
        (8 * HOUR_S, 59.0, ""),
        (8 * HOUR_S, 60.0, "1"),
        (CANDLES_MAX * 60.0, 200.0, "1"),
        (CANDLES_MAX * 60.0 + 1, 200.0, "3"),
        (CANDLES_MAX * 60.0 + 1, 179.0, "1"),
        (32 * 24 * HOUR_S, 4.8 * HOUR_S, "60"),
        (1e9, 1e9, "1D"),
    ],
)
def test_the_shortest_candles_of_which_there_are_not_too_many(
    span_s: float, step_s: float, name: str
) -> None:
    assert resolution_of(span_s, step_s) == name


class Trend(Strategy):
    """Listens to two slow signals and a fast one."""

    def __init__(self, fast_s: float = 600.0) -> None:
        self.cross = self.listen(EwmaCross(fast_s=fast_s, slow_s=4 * fast_s))
        self.flow = self.listen(OrderFlowImbalance(tau_s=2.0))
        self.place = self.listen(Breakout(window_s=6_400.0), OTHER)


def rows(start_ms: int, step_ms: int, prices: list[float]) -> dict[str, Any]:
    """Return a chart of candles a unit above and below a price."""
    return {
        "status": "ok",
        "ticks": [start_ms + step_ms * at for at in range(len(prices))],
        "open": prices,
        "low": [price - 1.0 for price in prices],
        "high": [price + 1.0 for price in prices],
        "close": prices,
        "volume": [0.0] * len(prices),
        "cost": [0.0] * len(prices),
    }


def chart(params: dict[str, Any]) -> Any:
    """Answer with what was asked for, a price that rises by 1 each candle."""
    step_ms = 1_000 * RESOLUTIONS_S[params["resolution"]]
    start_ms = params["start_timestamp"] // step_ms * step_ms
    count = (params["end_timestamp"] - start_ms) // step_ms + 1
    return rows(start_ms, step_ms, [90_000.0 + at for at in range(count)])


def desk_of(strategy: Strategy, answer: Any = chart) -> Desk:
    desk = Desk()
    desk.plans = [plan(NAME, strategy=strategy, reads=(OTHER,))]
    desk.session = Session(desk.core, desk.settings, desk.plans)
    desk.venue.answer[CHART] = answer
    return desk


def test_signals_are_warm_before_anything_is_heard() -> None:
    strategy = Trend()
    desk = desk_of(strategy).go()
    assert desk.state == "quoting"
    own, other = desk.params(CHART)
    assert (own["instrument_name"], own["resolution"]) == (NAME, "1")
    assert own["end_timestamp"] - own["start_timestamp"] == 4_800_000 + 60_000
    assert (other["instrument_name"], other["resolution"]) == (OTHER, "1")
    assert strategy.cross.is_warm
    assert strategy.place.is_warm
    # One a minute: an average of time constant tau lags by as much.
    lag_ticks = (strategy.cross.slow_s - strategy.cross.fast_s) / 60
    ahead = strategy.cross.fast_ticks - strategy.cross.slow_ticks
    assert ahead == pytest.approx(lag_ticks, rel=0.2)
    assert strategy.place.value == pytest.approx(1.0, abs=0.05)
    said = "EwmaCross has learned 1.3 h from candles, of the 1.3 h it wants"
    assert f"BTC-PERPETUAL: {said}" in desk.noted("info")


def test_both_who_want_the_same_are_answered_at_once() -> None:
    strategy = Trend()
    extra = strategy.listen(EwmaCross(fast_s=900.0, slow_s=1_800.0))
    desk = desk_of(strategy).go()
    assert [one["instrument_name"] for one in desk.params(CHART)] == [NAME, OTHER]
    assert extra.is_warm
    assert strategy.cross.is_warm


def test_what_has_heard_something_does_not_ask_again() -> None:
    strategy = Trend()
    desk = desk_of(strategy).go()
    desk.lose()
    desk.go()
    assert desk.state == "quoting"
    assert len(desk.params(CHART)) == 2


def test_who_is_warm_in_no_time_asks_for_nothing() -> None:
    class Fast(Strategy):
        def __init__(self) -> None:
            self.listen(EwmaCross(fast_s=3.0, slow_s=12.0))

    desk = desk_of(Fast()).go()
    assert desk.params(CHART) == []


def refused(params: dict[str, Any]) -> Any:
    raise Refusal(13021, "forbidden")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused, "BTC-PERPETUAL: nothing learned of the past: "),
        (lambda params: {"status": "ok"}, "EwmaCross starts cold: "),
        (
            lambda params: rows(WALL_MS, 60_000, [1.0, 2.0]) | {"low": [0.0, 4.0]},
            "EwmaCross starts cold: high of candle 2 must be",
        ),
        (
            lambda params: rows(WALL_MS, 60_000, [1.0, 2.0]) | {"low": [1.0]},
            "EwmaCross starts cold: ",
        ),
        (
            lambda params: rows(WALL_MS, 60_000, [1.0]) | {"close": ["x"]},
            "EwmaCross starts cold: ",
        ),
        (lambda params: [], "BTC-PERPETUAL: nothing learned of the past: "),
    ],
)
def test_what_the_venue_cannot_tell_is_said_and_it_starts_cold(
    answer: Any, said: str
) -> None:
    strategy = Trend()
    desk = desk_of(strategy, answer).go()
    desk.until(2)
    assert desk.state == "quoting"
    assert said in desk.noted("warning")
    assert not strategy.cross.is_warm
    assert strategy.cross.past_s > 0


def test_a_venue_that_does_not_answer_delays_the_start_twice_and_no_more() -> None:
    def nothing(params: dict[str, Any]) -> Any:
        raise Nothing

    strategy = Trend()
    desk = desk_of(strategy, nothing)
    for tries in (1, 2):
        desk.connect()
        desk.until(desk.settings.request_timeout_ns / SECOND + 1)
        assert desk.state != "quoting"
        assert len(desk.core.closed) == tries
        desk.lose()
    desk.go()
    assert len(desk.params(CHART)) == 2
    assert "signals start cold: no answer about the past" in desk.noted("warning")
    assert not strategy.cross.is_warm


def test_what_has_never_traded_has_no_past() -> None:
    strategy = Trend()
    desk = desk_of(strategy, lambda params: rows(0, 60_000, [])).go()
    assert desk.state == "quoting"
    assert desk.noted("warning") == ""
    assert "EwmaCross starts cold: nothing traded yet" in desk.noted("info")
    assert not strategy.cross.is_warm


def test_a_young_instrument_warms_up_the_rest_itself() -> None:
    def half(params: dict[str, Any]) -> Any:
        start_ms = (params["start_timestamp"] + params["end_timestamp"]) // 2
        return chart({**params, "start_timestamp": start_ms})

    strategy = Trend()
    desk = desk_of(strategy, half).go()
    assert desk.state == "quoting"
    assert not strategy.cross.is_warm
    assert "learned 0.7 h from candles, of the 1.3 h it wants" in desk.noted("info")
    assert 0.6 < strategy.place.value <= 1.0
    strategy.cross.observe_time(desk.now_ns + 2_500 * SECOND)
    assert strategy.cross.is_warm
