"""Profit since the start, of the day and from the peak."""

import json

from engine.session.ledger.amounts import ATTO
from engine.session.ledger.performance import DAY_BEGINS_MS, DAY_MS, Performance, Track

PRICES = {"BTC": (80_000, 1)}
NOON = 20_000 * DAY_MS + 12 * 3_600_000
NEXT_EIGHT = 20_001 * DAY_MS + DAY_BEGINS_MS


def test_profit_counts_from_the_first_look() -> None:
    seen = Performance()
    seen.see({"BTC": 5 * ATTO, "USDC": 100 * ATTO}, PRICES, NOON)
    assert seen.tracks["BTC"] == Track()
    seen.see({"BTC": 6 * ATTO, "USDC": 90 * ATTO}, PRICES, NOON + 1)
    assert seen.tracks["BTC"] == Track(now=ATTO, peak=ATTO)
    assert seen.tracks["USDC"] == Track(now=-10 * ATTO)
    assert seen.usd.now == 79_990 * ATTO


def test_the_peak_stays_and_is_not_the_sum_of_the_currencies_peaks() -> None:
    seen = Performance()
    for btc, usdc in ((0, 0), (2, 0), (0, 160_000), (-1, 0)):
        seen.see({"BTC": btc * ATTO, "USDC": usdc * ATTO}, PRICES, NOON)
    assert seen.tracks["BTC"] == Track(now=-ATTO, peak=2 * ATTO)
    assert seen.tracks["USDC"] == Track(peak=160_000 * ATTO)
    assert (seen.usd.now, seen.usd.peak) == (-80_000 * ATTO, 160_000 * ATTO)


def test_a_day_begins_at_eight_with_what_was_last_seen() -> None:
    seen = Performance()
    for profit, now_ms in ((0, NOON), (3, NEXT_EIGHT - 1), (5, NEXT_EIGHT)):
        seen.see({"BTC": profit * ATTO}, PRICES, now_ms)
    assert seen.tracks["BTC"] == Track(now=5 * ATTO, day=3 * ATTO, peak=5 * ATTO)
    assert seen.usd.day == 240_000 * ATTO
    seen.see({"BTC": 1 * ATTO}, PRICES, NEXT_EIGHT + DAY_MS - 1)
    assert seen.tracks["BTC"].day == 3 * ATTO


def test_a_currency_without_a_price_is_named_and_left_out() -> None:
    seen = Performance()
    seen.see({"BTC": 0, "DOGE": 0}, PRICES, NOON)
    assert seen.unpriced == ()
    seen.see({"BTC": ATTO, "DOGE": ATTO}, PRICES, NOON)
    assert (seen.unpriced, seen.usd.now) == (("DOGE",), 80_000 * ATTO)


def test_a_loss_while_we_were_away_over_eight_is_the_new_day_s() -> None:
    first, second = Performance(), Performance()
    for profit in (0, 4):
        first.see({"BTC": profit * ATTO}, PRICES, NOON)
    second.load(json.loads(json.dumps(first.dump())))
    assert second.dump() == first.dump()
    second.see({"BTC": ATTO}, PRICES, NEXT_EIGHT + 5)
    track = second.tracks["BTC"]
    assert (track.now, track.now - track.day) == (ATTO, -3 * ATTO)
    assert track.peak == 4 * ATTO
