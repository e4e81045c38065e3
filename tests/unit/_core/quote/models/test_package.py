"""Packages: who leads, who follows, and what is done when a leg does not."""

import pytest

from engine import BasisTaker, QuoteSheet
from tests.generators.legs import EXPIRY_MS, FOREVER_MS, NOW_NS, book, row

FUTURE, PERP = "BTC-25SEP26", "BTC-PERPETUAL"
TIMEOUT_NS = 2_000_000_000


def taker(**changes):
    return BasisTaker(
        **{
            "future": FUTURE,
            "perpetual": PERP,
            "clip_lots": 50,
            "edge_bps": 5.0,
            "reach_ticks": 4,
        }
        | changes
    )


def legs(*, future=(64_200.0, 64_205.0), perp=(64_000.0, 64_000.5), kind="inverse"):
    """Two views: the future's with its changes, the perpetual's with its own."""

    def made(future_changes=None, perp_changes=None):
        one = book(row(PERP, kind, FOREVER_MS), *perp, **(perp_changes or {}))
        lead = book(row(FUTURE, kind), *future, others=(one,), **(future_changes or {}))
        return lead, one

    return made


def take(strategy, view):
    sheet = QuoteSheet.for_test(view)
    strategy.quote(view, sheet)
    assert sheet.bids == sheet.asks == []
    assert sheet.refused == 0
    return sheet.take


def test_a_dear_future_is_sold_at_its_bid_and_nothing_else_is_done_yet():
    lead, other = legs()()
    assert take(taker(), lead) == ("sell", 128_400, 50)
    assert take(taker(), other) is None


def test_a_cheap_future_is_bought_at_its_ask():
    lead, _ = legs(future=(63_800.0, 63_805.0))()
    assert take(taker(), lead) == ("buy", 127_610, 50)


@pytest.mark.parametrize(("edge", "is_taken"), [(31.0, True), (31.5, False)])
def test_the_edge_decides(edge, is_taken):
    lead, _ = legs()()
    assert (take(taker(edge_bps=edge), lead) is not None) == is_taken


def test_fees_of_both_legs_are_inside_the_edge():
    lead, _ = legs()()
    free = taker().edges_bps(lead)
    fees = {"taker_commission": 0.0005}
    one = book(row(PERP, "inverse", FOREVER_MS, **fees), 64_000.0, 64_000.5)
    lead = book(row(FUTURE, "inverse", **fees), 64_200.0, 64_205.0, others=(one,))
    paid = taker().edges_bps(lead)
    assert [a - b for a, b in zip(free, paid, strict=True)] == pytest.approx([10, 10])


@pytest.mark.parametrize(
    ("held", "followed", "expected"),
    [
        (-50, 0, ("buy", 128_001 + 4, 50)),
        (-50, 20, ("buy", 128_001 + 4, 30)),
        (-50, 50, None),
        (-50, 70, ("sell", 128_000 - 4, 20)),
        (30, 0, ("sell", 128_000 - 4, 30)),
        (0, 7, ("sell", 128_000 - 4, 7)),
    ],
)
def test_the_other_leg_follows_what_the_first_holds(held, followed, expected):
    _, other = legs()({"held": held}, {"held": followed})
    assert take(taker(), other) == expected


@pytest.mark.parametrize("followed", [0, 49, 51])
def test_the_first_leg_waits_until_it_is_followed(followed):
    lead, _ = legs()({"held": -50}, {"held": followed})
    assert take(taker(), lead) is None


def test_nothing_is_opened_while_anything_is_under_way():
    for changes in ({"pending_lots": 1}, None), (None, {"pending_lots": 1}):
        lead, _ = legs()(*changes)
        assert take(taker(), lead) is None
    _, other = legs()({"held": -50}, {"pending_lots": 1})
    assert take(taker(), other) is None
    _, other = legs()({"held": -50, "pending_lots": 1})
    assert take(taker(), other) is not None, "what has filled is followed at once"


def test_a_clip_is_no_larger_than_what_stands_at_the_touch_of_either_leg():
    lead, _ = legs()({"lots": (20, 9)})
    assert take(taker(), lead)[2] == 20
    lead, _ = legs()(None, {"lots": (9, 30)})
    assert take(taker(), lead)[2] == 30


def test_the_position_limit_of_every_leg_bounds_the_package():
    lead, _ = legs()({"inventory_limit_lots": 12})
    assert take(taker(), lead)[2] == 12
    lead, _ = legs()({"held": -5}, {"held": 5, "inventory_limit_lots": 12})
    assert take(taker(), lead)[2] == 7
    lead, _ = legs()(None, {"inventory_limit_lots": 0})
    assert take(taker(), lead) is None, "a leg that nobody quotes cannot follow"


def test_closing_goes_no_further_than_to_nothing():
    lead, _ = legs(future=(63_700.0, 63_705.0))({"held": -30}, {"held": 30})
    assert take(taker(), lead) == ("buy", 127_410, 30)


def test_closing_has_its_own_edge():
    lead, _ = legs(future=(63_990.0, 63_990.5))({"held": -30}, {"held": 30})
    assert take(taker(), lead) == ("buy", 127_981, 30)
    assert take(taker(exit_bps=2.0), lead) is None


def test_lots_that_do_not_match_are_taken_in_multiples_that_do():
    coarse = {"contract_size": 100.0, "min_trade_amount": 100.0}
    one = book(row(PERP, "inverse", FOREVER_MS, **coarse), 64_000.0, 64_000.5)
    lead = book(row(FUTURE, "inverse"), 64_200.0, 64_205.0, others=(one,))
    assert take(taker(clip_lots=57), lead) == ("sell", 128_400, 50)
    assert take(taker(clip_lots=9), lead) is None, "nobody could follow it"


def test_the_rest_of_a_part_is_left_and_counted_in_later():
    coarse = {"contract_size": 100.0, "min_trade_amount": 100.0}

    def made(held, followed):
        listed = row(PERP, "inverse", FOREVER_MS, **coarse)
        one = book(listed, 64_000.0, 64_000.5, held=followed)
        lead = book(
            row(FUTURE, "inverse"), 64_200.0, 64_205.0, held=held, others=(one,)
        )
        return lead, one

    lead, other = made(-13, 1)
    assert take(taker(), other) is None
    assert take(taker(), lead) == ("sell", 128_400, 50)
    _, other = made(-18, 1)
    assert take(taker(), other) == ("buy", 128_005, 1)


@pytest.mark.parametrize("asks", [[], [(128_001, 10)]])
def test_a_leg_out_of_action_is_given_up_and_the_first_goes_back(asks):
    """One-sided, or not healthy for longer than the timeout."""
    since = NOW_NS if not asks else NOW_NS - TIMEOUT_NS - 1
    gone = {"asks": asks, "now_ns": since, "held": 20}
    lead, _ = legs()({"held": -50}, gone)
    assert take(taker(), lead) == ("buy", 128_410 + 4, 30)
    lead, _ = legs()({"held": -20}, gone)
    assert take(taker(), lead) is None, "balanced, and nothing to open with"


def test_a_leg_that_was_healthy_just_now_is_waited_for():
    lead, _ = legs()({"held": -50}, {"now_ns": NOW_NS - TIMEOUT_NS})
    assert take(taker(), lead) is None


def test_the_first_leg_comes_back_after_closing_that_nobody_followed():
    lead, _ = legs()({"held": -30}, {"asks": [], "held": 50})
    assert take(taker(), lead) == ("sell", 128_400 - 4, 20)


def test_without_the_first_leg_nothing_is_followed():
    _, other = legs()()
    alone = book(row(PERP, "inverse", FOREVER_MS), 64_000.0, 64_000.5, held=7)
    assert take(taker(), alone) is None
    assert take(taker(), other) is None


def at(left_s, held=-90, followed=90):
    """Return both views so many seconds before the future is delivered."""
    now = EXPIRY_MS * 10**6 - round(left_s * 1e9)
    return legs()({"held": held, "now_ns": now}, {"held": followed, "now_ns": now})


def test_before_delivery_the_other_leg_is_taken_down_with_the_average():
    assert take(taker(), at(1_800)[1]) is None
    assert take(taker(), at(1_200)[1]) == ("sell", 127_996, 30)
    assert take(taker(), at(600, followed=60)[1]) == ("sell", 127_996, 30)
    assert take(taker(), at(0, followed=30)[1]) == ("sell", 127_996, 30)
    assert take(taker(), at(-5, followed=30)[1]) == ("sell", 127_996, 30)
    assert take(taker(), at(-5, followed=1)[1]) == ("sell", 127_996, 1)
    for left_s in (1_799, 600, -5):
        assert take(taker(), at(left_s)[0]) is None


def test_it_is_taken_down_in_quarters_of_a_clip():
    """Twelve lots at once, of fifty, not a lot every twenty seconds."""
    assert take(taker(), at(1_580)[1]) is None
    assert take(taker(), at(1_560)[1]) == ("sell", 127_996, 12)


def test_close_to_expiry_nothing_is_opened_but_it_may_be_closed():
    assert take(taker(), at(3_601, 0, 0)[0]) is not None
    assert take(taker(), at(3_599, 0, 0)[0]) is None
    now = EXPIRY_MS * 10**6 - 3_000 * 10**9
    cheap = legs(future=(63_700.0, 63_705.0))
    lead, _ = cheap({"held": -30, "now_ns": now}, {"held": 30, "now_ns": now})
    assert take(taker(), lead) == ("buy", 127_410, 30)


def test_the_leading_leg_must_be_the_first_to_expire():
    turned = taker(future=PERP, perpetual=FUTURE)
    lead, other = legs()()
    assert take(turned, lead) is None
    assert take(turned, other) is None


def test_one_inverse_and_one_linear_are_no_pair():
    one = book(row(PERP, "linear", FOREVER_MS), 64_000.0, 64_000.5)
    lead = book(row(FUTURE, "inverse"), 64_200.0, 64_205.0, others=(one,))
    assert taker().edges_bps(lead) == (float("-inf"), float("-inf"))
    assert take(taker(), lead) is None


def test_a_view_of_something_else_is_an_error():
    stranger = book(row("ETH-PERPETUAL", "inverse"), 3_000.0, 3_000.5)
    with pytest.raises(ValueError, match="ETH-PERPETUAL is no leg of BTC-25SEP26"):
        taker().quote(stranger, QuoteSheet.for_test(stranger))


def test_positions_beyond_measure_are_survived():
    for held in (2**62, -(2**62)):
        lead, other = legs()({"held": held}, {"held": held})
        take(taker(), lead)
        found = take(taker(), other)
        assert found[2] == 10**12


def test_what_it_says_of_itself():
    made = taker()
    lead, _ = legs()()
    assert made.legs == (FUTURE, PERP)
    assert made.worst_leg_lots == 50
    assert made.amounts(lead) == {FUTURE: 1.0, PERP: -1.0}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("legs", {"perpetual": FUTURE}),
        ("clip_lots", {"clip_lots": 0}),
        ("edge_bps", {"edge_bps": float("nan")}),
        ("exit_bps", {"exit_bps": -5.1}),
        ("reach_ticks", {"reach_ticks": [1, 2, 3]}),
        ("reach_ticks", {"reach_ticks": -1}),
        ("leg_timeout_s", {"leg_timeout_s": 0.1}),
        ("stop_s", {"stop_s": -1}),
    ],
)
def test_a_parameter_out_of_range_is_named(name, changes):
    with pytest.raises(ValueError, match=name):
        taker(**changes)


def test_one_reach_for_each_leg():
    _, other = legs()({"held": -50})
    assert take(taker(reach_ticks=[1, 9]), other) == ("buy", 128_001 + 9, 50)
