"""Basis and carry: the claimed profit against positions held to any price."""

import math
from fractions import Fraction

import pytest

from engine import BasisTaker, CarryTaker, QuoteSheet
from engine._core.quote.models.carry import expected_funding
from engine._core.state.book import Book
from tests.generators.legs import EXPIRY_MS, FOREVER_MS, NOW_NS, book, row
from tests.generators.touches import Touch, show

FUTURE, PERP = "BTC-25SEP26", "BTC-PERPETUAL"
LEFT_S = EXPIRY_MS / 1e3 - NOW_NS / 1e9
YEAR_S = 365 * 86_400
ENDS = [Fraction(n) for n in (1_000, 40_000, 64_000, 64_200, 90_000, 5_000_000)]
BID, ASK, SPOT_BID, SPOT_ASK = 64_200.0, 64_205.0, 64_000.0, 64_000.5


def view(kind="inverse", fees=(0.0, 0.0), **changes):
    one = book(
        row(PERP, kind, FOREVER_MS, taker_commission=fees[1]), SPOT_BID, SPOT_ASK
    )
    listed = row(FUTURE, kind, taker_commission=fees[0])
    return book(listed, BID, ASK, others=(one,), **changes)


def basis(**changes):
    return BasisTaker(
        **{"future": FUTURE, "perpetual": PERP, "clip_lots": 1, "edge_bps": 1.0}
        | changes
    )


def carry(**changes):
    return CarryTaker(
        **{"future": FUTURE, "perpetual": PERP, "clip_lots": 1, "hurdle_rate": 0.0}
        | changes
    )


def test_edges_are_logarithms_of_what_is_sold_over_what_is_bought():
    buy, sell = basis().edges_bps(view())
    assert sell == pytest.approx(1e4 * math.log(BID / SPOT_ASK), rel=1e-12)
    assert buy == pytest.approx(1e4 * math.log(SPOT_BID / ASK), rel=1e-12)


def test_fair_is_what_a_round_trip_is_measured_from():
    plain = basis().edges_bps(view())
    moved = basis(fair_bps=12.0, fair_rate=0.1).edges_bps(view())
    fair = 12.0 + 1e4 * 0.1 * LEFT_S / YEAR_S
    assert moved[0] - plain[0] == pytest.approx(fair)
    assert moved[1] - plain[1] == pytest.approx(-fair)


@pytest.mark.parametrize("fee", [0, Fraction(35, 100_000)], ids=["free", "fees"])
@pytest.mark.parametrize("kind", ["inverse", "linear"])
def test_sold_at_the_edge_it_earns_that_wherever_both_end(kind, fee):
    """To first order of the basis: bps of the value, in coins or in dollars."""
    bid, spot = Fraction(BID), Fraction(SPOT_ASK)
    earned = set()
    for end in ENDS:
        if kind == "inverse":
            n = 100_000  # USD of both legs
            profit = n * (1 / end - 1 / bid) + n * (1 / spot - 1 / end)
            profit -= fee * (n / bid + n / spot)
            earned.add(profit / (n / spot))
        else:
            profit = (bid - end) + (end - spot) - fee * (bid + spot)
            earned.add(profit / spot)
    assert len(earned) == 1
    claimed = basis().edges_bps(view(kind, (float(fee), float(fee))))[1]
    assert claimed == pytest.approx(1e4 * float(earned.pop()), abs=0.1)


def test_legs_have_the_same_amount():
    for kind in ("inverse", "linear"):
        assert basis().amounts(view(kind)) == {FUTURE: 1.0, PERP: -1.0}


def test_carry_pays_all_that_is_to_come():
    """Opening: two fees, funding until delivery, delivery, the end of the perpetual."""
    fees = (0.0004, 0.0003)
    plain = basis().edges_bps(view(fees=fees))
    made = carry(hurdle_rate=0.05, funding_8h=0.0001, delivery_fee=0.0002, edge_bps=0.0)
    buy, sell = made.edges_bps(view(fees=fees))
    funding = 1e4 * 0.0001 * LEFT_S / 28_800
    end = 1e4 * (0.0002 + 0.0003 + 0.05 * LEFT_S / YEAR_S)
    assert sell == pytest.approx(plain[1] - funding - end)
    assert buy == pytest.approx(plain[0] + funding - end)


def test_leaving_early_saves_the_end():
    """Closing what is short: pay the spread, save funding, delivery and the exit."""
    fees = (0.0004, 0.0003)
    plain = basis().edges_bps(view(fees=fees))[0]
    saved = 1e4 * (0.01 * LEFT_S / 28_800 + 0.0002 + 0.0003)
    assert plain + saved > 0
    for off, is_closed in ((-0.01, True), (0.01, False)):
        one = book(
            row(PERP, "inverse", FOREVER_MS, taker_commission=fees[1]),
            SPOT_BID,
            SPOT_ASK,
            held=5,
        )
        lead = book(
            row(FUTURE, "inverse", taker_commission=fees[0]),
            BID,
            ASK,
            held=-5,
            others=(one,),
        )
        made = carry(
            hurdle_rate=0.5,
            funding_8h=0.01,
            delivery_fee=0.0002,
            exit_bps=plain + saved + off,
        )
        assert (sheet(made, lead) == ("buy", 128_410, 1)) == is_closed


def sheet(made, one):
    blank = QuoteSheet.for_test(one)
    made.quote(one, blank)
    return blank.take


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("hurdle_rate", {"hurdle_rate": -0.1}),
        ("funding_8h", {"funding_8h": 1}),
        ("delivery_fee", {"delivery_fee": 0.5}),
    ],
)
def test_a_parameter_of_carry_out_of_range_is_named(name, changes):
    with pytest.raises(ValueError, match=name):
        carry(**changes)


@pytest.mark.parametrize("name", ["fair_rate", "fair_bps"])
def test_a_parameter_of_basis_out_of_range_is_named(name):
    with pytest.raises(ValueError, match=name):
        basis(**{name: float("inf")})


def test_after_the_expiry_there_is_nothing_to_carry():
    late = view(now_ns=EXPIRY_MS * 10**6 + 1_000_000)
    assert carry().edges_bps(late)[1] == -math.inf


def fed(signal, mid, index, seconds=100):
    """Let a basis stand for a while."""
    signal.tick_size = 1.0
    edge = round(mid)
    show(signal, Book(window_ticks=64), Touch(edge - 1, edge + 1, 1, 1, 1))
    signal.observe_ticker(1, index_price=index)
    signal.observe_time(seconds * 10**9)


def test_fair_may_be_the_average_of_the_basis_itself():
    """Nothing before both averages are warm; then the deviation from them counts."""
    made = basis(fair_tau_s=10.0, fair_bps=1.0)
    assert made.edges_bps(view()) == (-math.inf, -math.inf)
    fed(made.future_basis, 64_300, 64_000.0)
    assert made.edges_bps(view()) == (-math.inf, -math.inf)
    fed(made.perpetual_basis, 64_010, 64_000.0)
    fair = 1e4 * math.log(64_300 / 64_010) + 1.0
    plain = basis().edges_bps(view())
    found = made.edges_bps(view())
    assert found[0] == pytest.approx(plain[0] + fair)
    assert found[1] == pytest.approx(plain[1] - fair)
    assert basis().future_basis is None
    assert set(made.reads) == {FUTURE, PERP}


def test_the_funding_of_now_goes_back_to_its_mean():
    """Half a day of it, at first a hundred times the mean, by the integral."""
    rate, mean, half_life = 0.001, 0.00001, 43_200.0
    one = book(
        row(PERP, "inverse", FOREVER_MS), SPOT_BID, SPOT_ASK, current_funding=rate
    )
    lead = book(row(FUTURE, "inverse"), BID, ASK, others=(one,))
    plain = basis().edges_bps(lead)
    made = carry(funding_8h=mean, funding_half_life_s=half_life, delivery_fee=0.0)
    funding = 1e4 * expected_funding(rate, LEFT_S, mean_8h=mean, half_life_s=half_life)
    assert funding > 20
    buy, sell = made.edges_bps(lead)
    assert sell == pytest.approx(plain[1] - funding)
    assert buy == pytest.approx(plain[0] + funding)


@pytest.mark.parametrize(
    ("name", "made"), [("fair_tau_s", basis), ("funding_half_life_s", carry)]
)
def test_a_time_below_nothing_is_named(name, made):
    with pytest.raises(ValueError, match=name):
        made(**{name: -1.0})
