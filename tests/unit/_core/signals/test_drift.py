"""Live A, k, volatility and adverse move: against plain sums, and known markets."""

import math
from random import Random

import pytest

from engine._core.signals.drift import DRIFT_NAMES, Drift
from engine._core.state.book import Book
from tests.generators.true_market import ROW, TrueMarket

MS = 1_000_000
TAU_S = 200.0


class Feed:
    """A book and a drift that hears it, as the engine feeds it."""

    def __init__(self, **parameters):
        self.drift = Drift(**{"tau_s": TAU_S, "takes_min": 20, **parameters})
        self.book = Book(window_ticks=64)
        self.change_id = 0

    def touch(self, ms, bid, ask):
        self.change_id += 1
        self.book.apply_rows(
            [("bid", bid, 5), ("ask", ask, 5)],
            change_id=self.change_id,
            is_snapshot=True,
            venue_ms=ms,
        )
        self.drift.observe_book(self.book, ms * MS)

    def take(self, ms, side, *prices, venue_ms=None):
        for price in prices:
            name = "buy" if side > 0 else "sell"
            self.drift.observe_trade(name, price, 1, ms * MS, venue_ms=venue_ms or ms)

    def time(self, ms):
        self.drift.observe_time(ms * MS)

    def live(self, name):
        return self.drift.readings()[name]["live"]

    def is_off(self, name):
        return self.drift.readings()[name]["is_off"]


def played(market, **parameters):
    """Return a feed that heard a made-up market."""
    feed = Feed(**parameters)
    tick = ROW["tick_size"]
    book = {"bids": {}, "asks": {}}
    for ms, message in market.frames():
        data = message["params"]["data"]
        if isinstance(data, list):
            for row in data:
                side = 1 if row["direction"] == "buy" else -1
                feed.take(ms, side, round(row["price"] / tick))
            continue
        for side, levels in book.items():
            for action, price, amount in data[side]:
                levels[round(price / tick)] = amount
                if action == "delete":
                    del levels[round(price / tick)]
        feed.touch(ms, max(book["bids"]), min(book["asks"]))
        feed.time(ms + 1)
    return feed


def plain(history, end_ms, k):
    """Return k, A and the sums of the same history, each written out.

    ``history``: ("touch", ms, bid, ask) and ("take", ms, side, price), takes apart by
    a millisecond at least from every touch.
    """
    weights, excesses, times = [], [], {}
    for at, row in enumerate(history):
        if row[0] == "touch":
            nexts = [r[1] for r in history[at + 1 :] if r[0] == "touch"]
            until = nexts[0] if nexts else end_ms
            spread = row[3] - row[2]
            # The weight's integral, as the sum of its values each millisecond.
            times[spread] = times.get(spread, 0.0) + sum(
                math.exp((ms + 0.5 - end_ms) / 1000 / TAU_S) / 1000
                for ms in range(row[1], until)
            )
        else:
            met = [r for r in history[:at] if r[0] == "touch"][-1]
            mid = (met[2] + met[3]) / 2
            depth = row[2] * (row[3] - mid)
            excesses.append(max(0.0, depth - (met[3] - met[2]) / 2))
            weights.append(math.exp((row[1] - end_ms) / 1000 / TAU_S))
    mean = sum(w * e for w, e in zip(weights, excesses, strict=True)) / sum(weights)
    chances = sum(t * math.exp(-k * s / 2) for s, t in times.items())
    return math.log(1 + 1 / mean), sum(weights) / (2 * chances)


@pytest.mark.parametrize("seed", range(4))
def test_k_and_a_are_the_plain_sums(seed):
    rng = Random(seed)
    feed, history, ms = Feed(k_per_tick=0.05, a_per_s=1.0), [], 1000
    bid, ask = 100, 102
    history.append(("touch", ms, bid, ask))
    feed.touch(ms, bid, ask)
    for _ in range(150):
        ms += rng.randint(2, 900)
        if rng.random() < 0.4:
            bid += rng.choice((-1, 0, 1))
            ask = bid + rng.randint(1, 4)
            history.append(("touch", ms, bid, ask))
            feed.touch(ms, bid, ask)
        else:
            side = rng.choice((-1, 1))
            price = (ask if side > 0 else bid) + side * rng.randint(0, 6)
            history.append(("take", ms, side, price))
            # Told level by level, in two frames.
            touch = ask if side > 0 else bid
            feed.take(ms, side, touch)
            feed.take(ms, side, price)
    feed.time(ms + 1500)
    k, a = plain(history, ms + 1500, 0.05)
    assert feed.live("k_per_tick") == pytest.approx(k, rel=1e-9)
    assert feed.live("a_per_s") == pytest.approx(a, rel=1e-5)


def test_the_weights_may_grow_for_ever():
    # Two hundred thousand time constants: the sums are scaled down on the way.
    feed = Feed(k_per_tick=0.5, tau_s=10.0, horizon_s=1.0)
    for round_number in range(400):
        at_ms = 1000 + round_number * 5_000_000
        feed.touch(at_ms, 100, 102)
        for n in range(60):
            ms = at_ms + 1000 + n * 100
            feed.take(ms, 1, 102 + n % 2)
        feed.time(at_ms + 7000)
        assert feed.live("k_per_tick") == pytest.approx(math.log(3), rel=0.1)
        assert math.isfinite(feed.live("a_per_s"))


def test_a_trade_meets_the_touch_before_its_own_millisecond():
    feed = Feed()
    feed.touch(1000, 100, 102)
    feed.touch(2000, 101, 105)
    for n in range(30):
        # Told after the book that it changed: it met 100 - 102, three ticks deep.
        ms = 3000 + 20 * n
        feed.touch(ms, 100, 102)
        feed.touch(ms + 10, 101, 105)
        feed.take(ms + 11, 1, 103, venue_ms=ms + 10)
    feed.time(6000)
    assert feed.live("k_per_tick") == pytest.approx(math.log(2))


def test_what_clears_the_book_is_known_to_be_large_and_no_more():
    calm, wild = Feed(k_per_tick=0.7), Feed(k_per_tick=0.7)
    for feed, farthest in ((calm, 107), (wild, 163)):
        feed.touch(1000, 100, 102)
        for n in range(400):
            feed.take(2000 + 10 * n, 1, 102 + (n % 5 == 0))
        feed.take(9000, 1, *range(102, farthest + 1))
        feed.time(9500)
    assert wild.live("k_per_tick") == calm.live("k_per_tick")


def test_a_cut_forgets_the_touch_and_the_open_fills():
    feed = Feed(horizon_s=1.0)
    feed.touch(1000, 100, 102)
    for n in range(40):
        feed.take(1500 + n, 1, 102)
    feed.book.mark_lost()
    feed.drift.observe_book(feed.book, 1600 * MS)
    feed.take(1700, 1, 150)
    feed.touch(5000, 200, 202)
    feed.take(4000, 1, 150, venue_ms=4000)
    feed.time(9000)
    assert feed.live("adverse_ticks") is None
    assert feed.drift.takes == pytest.approx(40, rel=0.01)


def test_more_fills_than_there_is_room_for_are_left_out():
    feed = Feed(horizon_s=40.0, tau_s=1000.0)
    feed.touch(1, 100, 102)
    for n in range(2000):
        feed.take(1000 + n, 1, 102)
    feed.touch(30_000, 103, 105)
    feed.time(45_000)
    assert feed.live("adverse_ticks") == pytest.approx(3.0)


@pytest.mark.parametrize("seed", range(3))
def test_a_known_market_is_measured_and_nothing_is_off(seed):
    market = TrueMarket(seed, seconds=900.0)
    truth = {
        "k_per_tick": market.k_per_tick,
        "a_per_s": market.a_per_s,
        "sigma_ticks": market.sigma_ticks(),
        "adverse_ticks": market.drag,
    }
    feed = played(market, tau_s=400.0, takes_min=100, horizon_s=2.0, **truth)
    for name, row in feed.drift.readings().items():
        # Four standard errors: twelve comparisons, one in 1,400 fails by chance.
        slack = 4 * row["standard_error"] + 0.12 * truth[name]
        assert row["live"] == pytest.approx(truth[name], abs=slack), name
        assert not row["is_off"], name
    assert feed.drift.value == 0.0
    assert feed.drift.is_ready


def test_another_market_is_off_in_every_number():
    market = TrueMarket(1, seconds=900.0)
    feed = played(
        market,
        tau_s=400.0,
        takes_min=100,
        horizon_s=2.0,
        k_per_tick=2 * market.k_per_tick,
        a_per_s=market.a_per_s / 30,
        sigma_ticks=2.5 * market.sigma_ticks(),
        adverse_ticks=market.drag / 4,
    )
    assert [name for name in DRIFT_NAMES if feed.is_off(name)] == list(DRIFT_NAMES)
    assert feed.drift.value == 4.0


def steady(feed, from_ms, seconds, every_ms):
    """Have takers come evenly, half of them one tick beyond the touch."""
    feed.touch(from_ms, 100, 102)
    for n in range(round(seconds * 1000 / every_ms)):
        feed.take(from_ms + (n + 1) * every_ms, 1, 102 + n % 2)
        feed.time(from_ms + (n + 1) * every_ms + 1)
    return from_ms + round(seconds * 1000)


def test_an_alarm_has_hysteresis():
    k = math.log(3)
    at_rate = {"takes_min": 50, "ratio_max": 2.0, "tau_s": 50.0}
    at_rate |= {"k_per_tick": k, "horizon_s": 2.0}
    once = Feed(a_per_s=1.0, **at_rate)
    steady(once, 0, 600, 300)
    rate = once.live("a_per_s")
    feed = Feed(a_per_s=rate, **at_rate)
    now_ms = steady(feed, 0, 400, 300)
    assert not feed.is_off("a_per_s")
    now_ms = steady(feed, now_ms, 400, 60)
    assert feed.is_off("a_per_s")
    # Back to 1.67 times: below the ratio, above its root: still off.
    now_ms = steady(feed, now_ms, 600, 180)
    assert rate * math.sqrt(2) < feed.live("a_per_s") < 2 * rate
    assert feed.is_off("a_per_s")
    now_ms = steady(feed, now_ms, 600, 300)
    assert not feed.is_off("a_per_s")
    # And from below 1.67 times is not off.
    steady(feed, now_ms, 600, 180)
    assert not feed.is_off("a_per_s")


def test_a_smaller_adverse_move_is_no_alarm():
    feed = Feed(adverse_ticks=5.0, horizon_s=0.5)
    for n in range(200):
        feed.touch(n * 1000, 100, 102)
        feed.take(n * 1000 + 100, 1, 102)
        feed.time(n * 1000 + 900)
    assert feed.live("adverse_ticks") == 0.0
    assert not feed.is_off("adverse_ticks")


def test_a_price_that_stands_still_is_off_its_volatility():
    feed = Feed(sigma_ticks=1.0)
    feed.touch(0, 100, 102)
    for n in range(600):
        feed.time(n * 1000)
    assert feed.is_off("sigma_ticks")


def test_nothing_is_known_before_enough_was_seen():
    feed = Feed(k_per_tick=1.0, takes_min=100)
    steady(feed, 0, 20, 300)
    assert {row["live"] for row in feed.drift.readings().values()} == {None}
    assert not feed.drift.is_ready
    assert feed.drift.readings()["a_per_s"]["configured"] is None


def test_wide_spreads_and_unknown_books_count_for_nothing():
    feed = Feed()
    feed.take(500, 1, 100)
    feed.touch(1000, 100, 200)
    for n in range(50):
        feed.take(1500 + 10 * n, 1, 200)
    feed.time(5000)
    assert feed.drift.takes == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("k_per_tick", -1),
        ("a_per_s", math.nan),
        ("sigma_ticks", True),
        ("adverse_ticks", math.inf),
        ("tau_s", 1),
        ("horizon_s", 100.0),
        ("ratio_max", 1),
        ("takes_min", 2.5),
    ],
)
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        Drift(**{"tau_s": 100, name: value})
