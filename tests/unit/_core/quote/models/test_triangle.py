"""The triangle: what a circle leaves, in exact fractions, and who holds what."""

import math
from fractions import Fraction

import pytest

from engine import QuoteSheet, TriangleTaker
from tests.generators.legs import book, row

CROSS, BASE, QUOTE = "ETH_BTC", "ETH_USDC", "BTC_USDC"
TOUCH = {CROSS: (0.0400, 0.0401), BASE: (2_600.0, 2_600.5), QUOTE: (64_000.0, 64_010.0)}


def view(*, fee=0.0, touch=TOUCH, held=(0, 0, 0), average=0.0, **changes):
    kinds = {CROSS: "cross", BASE: "spot", QUOTE: "spot"}
    lots = dict(zip(kinds, held, strict=True))
    made = []
    for name in (QUOTE, BASE, CROSS):
        listed = row(name, kinds[name], 0, taker_commission=fee)
        more = {"average_price": average} if name == CROSS else {}
        made.append(
            book(
                listed,
                *touch[name],
                held=lots[name],
                others=tuple(made),
                **(changes | more),
            )
        )
    return dict(zip((QUOTE, BASE, CROSS), made, strict=True))


def taker(**changes):
    return TriangleTaker(
        **{"cross": CROSS, "base": BASE, "quote": QUOTE, "clip_lots": 100}
        | {"edge_bps": 2.0, "reach_ticks": 0}
        | changes
    )


def take(made, one):
    sheet = QuoteSheet.for_test(one)
    made.quote(one, sheet)
    return sheet.take


def circle(way, fee):
    """Take one coin round; return what is had for what was paid, in dollars."""
    at = {
        name: tuple(Fraction(str(price)) for price in prices)
        for name, prices in TOUCH.items()
    }
    fee = Fraction(str(fee))
    if way > 0:
        paid = at[CROSS][1] * at[QUOTE][1]
        return at[BASE][0] * (1 - fee) / (paid * (1 + fee) ** 2)
    had = at[CROSS][0] * (1 - fee) * at[QUOTE][0] * (1 - fee)
    return had / (at[BASE][1] * (1 + fee))


@pytest.mark.parametrize("fee", [0.0, 0.0002])
@pytest.mark.parametrize("way", [1, -1])
def test_the_edge_is_what_a_circle_leaves(way, fee):
    claimed = taker().edges_bps(view(fee=fee)[CROSS])[0 if way > 0 else 1]
    # Fees are of the first order: 2 bps of 2 bps are not seen.
    assert claimed == pytest.approx(1e4 * math.log(circle(way, fee)), abs=2e-3)


def test_it_buys_the_cross_where_it_is_cheap():
    views = view()
    assert taker().edges_bps(views[CROSS])[0] > 100
    assert take(taker(), views[CROSS]) == ("buy", 401, 100)
    assert take(taker(edge_bps=200), views[CROSS]) is None


def test_a_clip_is_never_rounded_up():
    """A lot of BTC is 24.9 lots of ETH: multiples of 25, up to the clip."""
    for clip in range(1, 130):
        found = take(taker(clip_lots=clip), view()[CROSS])
        assert (found[2] if found else 0) == clip // 25 * 25


def test_the_other_pairs_hold_what_cancels_it():
    """0.01 ETH bought at 0.0401: as much ETH sold, 0.000401 BTC, four lots, bought."""
    views = view(held=(100, 0, 0), average=0.0401)
    assert take(taker(), views[BASE]) == ("sell", 5_200, 100)
    assert take(taker(), views[QUOTE]) == ("buy", 128_020, 4)
    views = view(held=(100, -100, 4), average=0.0401)
    assert take(taker(), views[BASE]) is None
    assert take(taker(), views[QUOTE]) is None
    assert take(taker(), views[CROSS]) is not None


def test_back_it_asks_for_the_same_edge():
    dear = TOUCH | {CROSS: (0.0410, 0.0411)}
    back = view(touch=dear, held=(300, -300, 12), average=0.0401)
    assert take(taker(), back[CROSS]) == ("sell", 410, 100)
    edge = taker().edges_bps(back[CROSS])[1]
    assert take(taker(edge_bps=edge + 0.01), back[CROSS]) is None


def test_what_is_no_spot_pair_is_not_taken():
    views = view()
    book(row(QUOTE, "linear"), *TOUCH[QUOTE], others=(views[CROSS], views[BASE]))
    assert taker().edges_bps(views[CROSS]) == (-math.inf, -math.inf)


def test_every_currency_is_flat_after_a_circle():
    """What the three hold, in each currency but the last: less than a lot of BTC."""
    held = {CROSS: 100, BASE: 0, QUOTE: 0}
    for name in (BASE, QUOTE):
        one = view(held=tuple(held.values()), average=0.0401)[name]
        side, _, lots = take(taker(), one)
        held[name] += lots if side == "buy" else -lots
    lot = 0.0001
    assert held[CROSS] + held[BASE] == 0
    assert abs(held[QUOTE] * lot - held[CROSS] * lot * 0.0401) <= lot / 2


@pytest.mark.parametrize("quote_lots", [337, 338])
def test_half_a_lot_is_not_run_after(quote_lots):
    """0.9 ETH at 0.0375 BTC are 337.5 lots of BTC: both neighbours are right."""
    listed = view()
    cross_lot, quote_lot = listed[CROSS].lot_size, listed[QUOTE].lot_size
    cross_lots = round(337.5 * quote_lot / 0.0375 / cross_lot)
    assert cross_lots * cross_lot * 0.0375 / quote_lot == pytest.approx(337.5)
    base_lots = -round(cross_lots * cross_lot / listed[BASE].lot_size)
    made = view(held=(cross_lots, base_lots, quote_lots), average=0.0375)
    assert take(taker(edge_bps=500.0), made[QUOTE]) is None
