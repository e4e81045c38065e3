"""Parity and boxes: payoffs over a grid of delivery prices, in exact fractions.

The package is built from what the calculator says (amounts, edges) and from the touch;
its payoff is computed here from the contracts' definitions and nothing else.
"""

import math
from fractions import Fraction

import pytest

from engine import BoxTaker, ParityTaker, QuoteSheet
from tests.generators.legs import EXPIRY_MS, NOW_NS, book, row

CALL, PUT, FUTURE = "B-80000-C", "B-80000-P", "B-25SEP26"
CALL2, PUT2 = "B-90000-C", "B-90000-P"
K, K2 = 80_000, 90_000
ENDS = [
    Fraction(n) for n in (500, 20_000, 79_999, 80_000, 80_001, 85_000, 90_000, 400_000)
]
FUTURE_TOUCH = (81_000.0, 81_002.5)
INDEX = 80_900.0
OPTION_FEE, FUTURE_FEE = 0.0003, 0.0005
# A coin's option costs 1 - K/F more than its put; the touch is off by enough to see.
COIN = {CALL: (0.0405, 0.0415), PUT: (0.026, 0.0265)}
COIN2 = {CALL2: (0.0085, 0.009), PUT2: (0.1195, 0.1205)}
DOLLARS = {CALL: (3_300.0, 3_350.0), PUT: (2_120.0, 2_150.0)}
DOLLARS2 = {CALL2: (700.0, 720.0), PUT2: (9_700.0, 9_750.0)}


def views(prices, kind, fees, *, future=True, **changes):
    """Return the view of the first leg, the others behind it."""
    option_fee, future_fee = (OPTION_FEE, FUTURE_FEE) if fees else (0.0, 0.0)
    made = []
    if future:
        listed = row(FUTURE, kind, taker_commission=future_fee)
        made.append(book(listed, *FUTURE_TOUCH, index_price=INDEX))
    for name, touch in reversed(prices.items()):
        listed = row(name, f"{kind} option", taker_commission=option_fee)
        made.append(
            book(listed, *touch, index_price=INDEX, others=tuple(made), **changes)
        )
    return made[-1]


def pays(name, end, in_coin):
    """What one coin of a leg pays at a delivery price, in coins or dollars."""
    strike = Fraction(K2 if "90000" in name else K)
    gain = end - strike if name.endswith("C") else strike - end
    return max(Fraction(0), gain) / (end if in_coin else 1)


def fee_of_option(price, in_coin):
    base = 1 if in_coin else Fraction(INDEX)
    return min(Fraction(str(OPTION_FEE)) * base, price / 8)


def held_to(end, way, amounts, prices, in_coin, fees):
    """Profit of a package taken at the touch and held to a delivery price."""
    total = Fraction(0)
    for name, weight in amounts.items():
        amount = Fraction(weight) * way
        touch = FUTURE_TOUCH if name == FUTURE else prices[name]
        price = Fraction(str(touch[1] if amount > 0 else touch[0]))
        if name == FUTURE and in_coin:
            total += amount * (1 / price - 1 / end)
            total -= abs(amount) / price * Fraction(str(FUTURE_FEE)) * fees
        elif name == FUTURE:
            total += amount * (end - price)
            total -= abs(amount) * price * Fraction(str(FUTURE_FEE)) * fees
        else:
            total += amount * (pays(name, end, in_coin) - price)
            total -= abs(amount) * fee_of_option(price, in_coin) * fees
    return total


def parity(**changes):
    return ParityTaker(
        **{
            "call": CALL,
            "put": PUT,
            "future": FUTURE,
            "strike": K,
            "clip_lots": 3,
            "edge_bps": 1.0,
            "delivery_fee": 0.0,
        }
        | changes
    )


def box(**changes):
    return BoxTaker(
        **{
            "low_call": CALL,
            "low_put": PUT,
            "high_call": CALL2,
            "high_put": PUT2,
            "low_strike": K,
            "high_strike": K2,
            "clip_lots": 3,
            "edge_bps": 1.0,
            "delivery_fee": 0.0,
        }
        | changes
    )


@pytest.mark.parametrize("fees", [False, True], ids=["free", "fees"])
@pytest.mark.parametrize("way", [1, -1], ids=["bought", "sold"])
def test_inverse_parity_is_riskless_in_coins(way, fees):
    lead = views(COIN, "inverse", fees)
    amounts = parity().amounts(lead)
    assert amounts == {CALL: 1.0, PUT: -1.0, FUTURE: -K}
    profits = {held_to(end, way, amounts, COIN, True, fees) for end in ENDS}
    assert len(profits) == 1
    claimed = parity().edges_bps(lead)[0 if way > 0 else 1]
    assert claimed == pytest.approx(1e4 * float(profits.pop()), abs=1e-8)


@pytest.mark.parametrize("fees", [False, True], ids=["free", "fees"])
@pytest.mark.parametrize("way", [1, -1], ids=["bought", "sold"])
def test_linear_parity_is_riskless_in_dollars(way, fees):
    lead = views(DOLLARS, "linear", fees)
    amounts = parity().amounts(lead)
    assert amounts == {CALL: 1.0, PUT: -1.0, FUTURE: -1.0}
    profits = {held_to(end, way, amounts, DOLLARS, False, fees) for end in ENDS}
    assert len(profits) == 1
    future = FUTURE_TOUCH[0] if way > 0 else FUTURE_TOUCH[1]
    claimed = parity().edges_bps(lead)[0 if way > 0 else 1]
    assert claimed == pytest.approx(1e4 * float(profits.pop()) / future, abs=1e-8)


def test_inverse_parity_sized_by_a_delta_is_not_riskless():
    """F coins' worth of the future, as Black's delta of 1 would have it: it moves."""
    amounts = {CALL: 1.0, PUT: -1.0, FUTURE: -FUTURE_TOUCH[0]}
    profits = {held_to(end, 1, amounts, COIN, True, False) for end in ENDS}
    assert len(profits) == len(ENDS)


def test_inverse_parity_in_dollars_is_what_the_coins_are_worth():
    """Riskless in coins is not riskless in dollars: the profit is a coin position."""
    amounts = parity().amounts(views(COIN, "inverse", True))
    dollars = [held_to(end, -1, amounts, COIN, True, True) * end for end in ENDS]
    coins = held_to(ENDS[0], -1, amounts, COIN, True, True)
    assert dollars == [coins * end for end in ENDS]
    assert len(set(dollars)) == len(ENDS)


@pytest.mark.parametrize("fees", [False, True], ids=["free", "fees"])
@pytest.mark.parametrize("way", [1, -1], ids=["bought", "sold"])
def test_an_inverse_box_with_its_future_is_riskless_in_coins(way, fees):
    prices = COIN | COIN2
    lead = views(prices, "inverse", fees)
    made = box(future=FUTURE)
    amounts = made.amounts(lead)
    assert amounts == {CALL: 1, PUT: -1, CALL2: -1, PUT2: 1, FUTURE: K2 - K}
    profits = {held_to(end, way, amounts, prices, True, fees) for end in ENDS}
    assert len(profits) == 1
    claimed = made.edges_bps(lead)[0 if way > 0 else 1]
    assert claimed == pytest.approx(1e4 * float(profits.pop()), abs=1e-8)


def test_an_inverse_box_alone_pays_fixed_dollars_and_is_not_riskless_in_coins():
    prices = COIN | COIN2
    amounts = box().amounts(views(prices, "inverse", False, future=False))
    assert FUTURE not in amounts
    coins, dollars = set(), set()
    for end in ENDS:
        paid = sum(
            Fraction(weight) * pays(name, end, True) for name, weight in amounts.items()
        )
        coins.add(paid)
        dollars.add(paid * end)
    assert dollars == {K2 - K}
    assert len(coins) == len(ENDS)


@pytest.mark.parametrize("rate", [0.0, 0.3])
def test_it_is_compared_with_the_dollars_discounted(rate):
    """Bought and sold with the coins turned into dollars at the index."""
    prices = COIN | COIN2
    lead = views(prices, "inverse", True, future=False)
    buy, sell = box(usd_rate=rate).edges_bps(lead)
    years = (EXPIRY_MS / 1e3 - NOW_NS / 1e9) / (365 * 86_400)
    now = (K2 - K) * math.exp(-rate * years)
    amounts = box().amounts(lead)
    for way, claimed in ((1, buy), (-1, sell)):
        cost = 0.0
        for name, weight in amounts.items():
            touch = prices[name]
            price = touch[1] if weight * way > 0 else touch[0]
            cost += weight * way * price + float(
                fee_of_option(Fraction(str(price)), True)
            )
        assert claimed == pytest.approx(1e4 * (way * now / INDEX - cost), abs=1e-8)


@pytest.mark.parametrize("way", [1, -1], ids=["bought", "sold"])
def test_a_linear_box_is_riskless_in_dollars_as_it_is(way):
    prices = DOLLARS | DOLLARS2
    lead = views(prices, "linear", True, future=False)
    amounts = box().amounts(lead)
    profits = {held_to(end, way, amounts, prices, False, True) for end in ENDS}
    assert len(profits) == 1
    claimed = box().edges_bps(lead)[0 if way > 0 else 1]
    assert claimed == pytest.approx(1e4 * float(profits.pop()) / INDEX, abs=1e-8)


def test_delivery_fees_of_what_may_pay_are_paid_in_advance():
    for made, changes, fees in (
        (parity, {}, 1),
        (box, {"future": FUTURE}, 2),
    ):
        lead = views(COIN | COIN2, "inverse", True)
        plain = made(**changes).edges_bps(lead)
        paid = made(delivery_fee=0.00015, **changes).edges_bps(lead)
        assert paid[0] == pytest.approx(plain[0] - 1.5 * fees)
        assert paid[1] == pytest.approx(plain[1] - 1.5 * fees)


def test_the_fee_of_a_cheap_option_is_an_eighth_of_it():
    cheap = {CALL: (0.0001, 0.0002), PUT: (0.026, 0.0265)}
    with_fees = parity().edges_bps(views(cheap, "inverse", True))
    free = parity().edges_bps(views(cheap, "inverse", False))
    expected = 0.0002 / 8 + OPTION_FEE + FUTURE_FEE * K / FUTURE_TOUCH[0]
    assert free[0] - with_fees[0] == pytest.approx(1e4 * expected)


def take(made, view):
    sheet = QuoteSheet.for_test(view)
    made.quote(view, sheet)
    return sheet.take


def test_the_call_leads_and_the_future_follows_with_the_strike():
    dear = {CALL: (0.0455, 0.046), PUT: (0.026, 0.0265)}
    lead = views(dear, "inverse", True, lots=(4, 9))
    assert take(parity(), lead) == ("sell", 455, 3)
    listed = row(FUTURE, "inverse")
    call = book(row(CALL, "inverse option"), *dear[CALL], held=-3)
    put = book(row(PUT, "inverse option"), *dear[PUT], held=2, others=(call,))
    future = book(listed, *FUTURE_TOUCH, others=(call, put))
    # 0.3 coins at 80,000: 24,000 USD, 2,400 lots of ten.
    assert take(parity(), future) == ("buy", 162_005 + 10, 2_400)
    assert take(parity(), put) == ("buy", 275, 1)


def test_legs_of_two_expiries_or_kinds_are_no_package():
    lead = views(COIN, "inverse", False)
    late = book(row(FUTURE, "inverse", EXPIRY_MS + 1), *FUTURE_TOUCH, others=(lead,))
    assert parity().edges_bps(lead) == (-math.inf, -math.inf)
    assert late.name == FUTURE
    mixed = views(COIN, "inverse", False)
    book(row(FUTURE, "linear"), *FUTURE_TOUCH, others=(mixed,))
    assert parity().edges_bps(mixed) == (-math.inf, -math.inf)
    swapped = views(COIN, "inverse", False)
    assert parity(put=FUTURE, future=PUT).edges_bps(swapped) == (-math.inf, -math.inf)


@pytest.mark.parametrize(
    ("name", "made", "changes"),
    [
        ("strike", parity, {"strike": 0}),
        ("delivery_fee", parity, {"delivery_fee": 1}),
        ("legs", parity, {"put": CALL}),
        ("low_strike", box, {"low_strike": -1}),
        ("high_strike", box, {"high_strike": K}),
        ("usd_rate", box, {"usd_rate": 2}),
        ("delivery_fee", box, {"delivery_fee": -1}),
    ],
)
def test_a_parameter_out_of_range_is_named(name, made, changes):
    with pytest.raises(ValueError, match=name):
        made(**changes)
