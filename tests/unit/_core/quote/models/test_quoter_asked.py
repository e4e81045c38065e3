"""What a calculator does beyond the plain ladder, each only when it is asked for."""

import math
import re
import tomllib

import pytest

from engine._core.quote.models.avellaneda_stoikov import AvellanedaStoikovQuoter
from engine._core.quote.models.glft import GlftQuoter
from engine._core.quote.models.join_touch import JoinTouchQuoter
from engine._core.quote.models.ladder import LadderQuoter
from engine._core.quote.models.multi_asset import MultiAssetQuoter
from engine._core.quote.models.quoter import signal_of
from engine._core.quote.models.shape import equal_value_depths
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import Strategy, View
from engine._core.signals.volatility import EwmaVolatility
from engine._core.state.book import Book
from tests.generators.views import PERPETUAL
from tests.tidy.sources import ROOT

S = 1_000_000_000
DEARER = {**PERPETUAL, "maker_commission": 1e-4}


def told(value):
    """Return a signal that is ready and has a value: a volatility after one move."""
    signal = EwmaVolatility(sample_s=1.0, tau_s=1e9, warm_samples=1)
    Strategy().listen(signal)
    book = Book()
    for now_ns, ask in ((S, 11), (2 * S, 11 + round(2 * value))):
        book.apply_rows([("bid", 9, 1), ("ask", ask, 1)], change_id=1, is_snapshot=True)
        signal.observe_book(book, now_ns)
    assert signal.is_ready
    assert signal.value == pytest.approx(value, rel=1e-12)
    return signal


def untold():
    signal = EwmaVolatility()
    Strategy().listen(signal)
    return signal


def quoted(quoter, **changes):
    view = View.for_test(
        **{
            "row": PERPETUAL,
            "bids": [(100_000, 10)],
            "asks": [(100_010, 10)],
            "sigma_ticks": 4.0,
        }
        | changes
    )
    sheet = QuoteSheet.for_test(view)
    quoter.quote(view, sheet)
    assert sheet.refused == 0
    return sheet.bids, sheet.asks


def ladder(**changes):
    return LadderQuoter(
        **{"half_spread_ticks": 20, "qty_lots": 10, "fair": "mid"} | changes
    )


def half_spread(quoter, **changes):
    bids, asks = quoted(quoter, **changes)
    return (asks[0][0] - bids[0][0]) / 2


def lots(side):
    return [qty_lots for _, qty_lots in side]


def test_fair_may_come_from_a_signal():
    (bid,), (ask,) = quoted(ladder(fair=told(100_030)))
    assert (bid[0], ask[0]) == (100_009, 100_050)
    assert ask[0] == 100_030 + 20
    # Post-only holds: 100,030 - 20 would reach the best ask.
    assert quoted(ladder(fair=untold())) == ([], [])


@pytest.mark.parametrize(
    "make",
    [
        lambda **given: GlftQuoter(
            gamma=1e-3, k_per_tick=0.1, a_per_s=1.0, qty_lots=10, fair="mid", **given
        ),
        lambda **given: AvellanedaStoikovQuoter(
            gamma=1e-3, k_per_tick=0.1, qty_lots=10, fair="mid", **given
        ),
    ],
    ids=["glft", "avellaneda-stoikov"],
)
def test_volatility_may_come_from_a_signal(make):
    """The signal's 9 counts as the engine's 9 would, whatever the engine's is."""
    by_signal = quoted(make(volatility=told(9)), inventory_lots=3)
    assert by_signal == quoted(make(), sigma_ticks=9.0, inventory_lots=3)
    assert by_signal != quoted(make(), inventory_lots=3)
    assert quoted(make(volatility=untold())) == ([], [])
    cold = quoted(make(volatility=untold(), cold_sigma_ticks=9.0), inventory_lots=3)
    assert cold == by_signal


def test_half_spread_widens_with_volatility():
    assert half_spread(ladder(widen_per_sigma=2.0)) == pytest.approx(28, abs=1)
    assert half_spread(ladder(widen_per_sigma=2.0, volatility=told(15))) == (
        pytest.approx(50, abs=1)
    )
    assert quoted(ladder(widen_per_sigma=2.0), sigma_ticks=None) == ([], [])
    cold = ladder(widen_per_sigma=2.0, cold_sigma_ticks=5.0)
    assert half_spread(cold, sigma_ticks=None) == pytest.approx(30, abs=1)


def test_half_spread_widens_with_toxicity():
    quoter = ladder(toxicity=told(0.5), widen_per_toxicity=3.0)
    assert half_spread(quoter) == pytest.approx(20 * 2.5, abs=1)
    assert half_spread(ladder(toxicity=untold(), widen_per_toxicity=3.0)) == (
        pytest.approx(20, abs=1)
    )


@pytest.mark.parametrize("rebate", [-1e-4, 0.0, 2e-4])
def test_minimum_edge_is_the_sum_of_what_a_fill_costs(rebate):
    """Fee or rebate, adverse move, hedge cost times its share, and the edge on top."""
    row = {**PERPETUAL, "maker_commission": rebate}
    quoter = ladder(
        half_spread_ticks=0,
        adverse_ticks=7,
        hedge_cost_bps=5,
        hedge_share=0.4,
        min_edge_ticks=3,
    )
    mid = 100_005
    expected = max(mid * rebate + 7 + mid * 5e-4 * 0.4 + 3, 0.5)
    (bid,), (ask,) = quoted(quoter, row=row)
    assert bid[0] == math.floor(mid - expected)
    assert ask[0] == math.ceil(mid + expected)


def test_measured_adverse_move_counts_once_it_is_ready():
    def quoter(signal):
        return ladder(half_spread_ticks=0, adverse_ticks=7, adverse=signal)

    assert half_spread(quoter(told(30))) == pytest.approx(30, abs=1)
    assert half_spread(quoter(untold())) == pytest.approx(7, abs=1)


def test_sizes_grow_or_go_with_the_fill_probability():
    bids, _ = quoted(ladder(levels=4, size_growth=2.0))
    assert lots(bids) == [10, 20, 40, 80]
    shape = {"size_shape": "fill_probability", "k_per_tick": 0.1, "step_ticks": 5}
    bids, asks = quoted(ladder(qty_lots=100, levels=3, **shape))
    assert lots(bids) == lots(asks) == [100, 61, 37]


def test_levels_of_equal_value_stand_where_they_earn_the_same():
    quoter = ladder(
        half_spread_ticks=30,
        qty_lots=[10, 20, 80],
        ladder_shape="equal_value",
        k_per_tick=0.05,
        adverse_ticks=4,
    )
    bids, asks = quoted(quoter, row=DEARER)
    edge = 30 - 4 - 1e-4 * 100_005
    behind = equal_value_depths(edge, 0.05, [10, 20, 80])
    assert bids == [
        (math.floor(100_005 - 30 - offset), size)
        for offset, size in zip(behind, (10, 20, 80), strict=True)
    ]
    assert asks == [
        (math.ceil(100_005 + 30 + offset), size)
        for offset, size in zip(behind, (10, 20, 80), strict=True)
    ]


def test_calculators_with_a_decay_lend_it_to_the_shape():
    shape = {"qty_lots": [1, 4], "ladder_shape": "equal_value", "fair": "mid"}
    quoter = GlftQuoter(gamma=1e-9, xi=0.0, k_per_tick=0.05, a_per_s=1.0, **shape)
    bids, _ = quoted(quoter)
    (_, behind) = equal_value_depths(20, 0.05, [1, 4])
    assert bids[0][0] - bids[1][0] == pytest.approx(behind, abs=1)


def test_sizes_shrink_on_the_adding_side_alone():
    """exp(-2 * 250/1000) = 0.607 of the size; the other side keeps its own."""
    quoter = ladder(qty_lots=[100, 10], size_skew=2.0)
    bids, asks = quoted(quoter, inventory_lots=250)
    assert (lots(bids), lots(asks)) == ([61, 6], [100, 10])
    bids, asks = quoted(quoter, inventory_lots=-250)
    assert (lots(bids), lots(asks)) == ([100, 10], [61, 6])
    bids, asks = quoted(quoter, inventory_lots=0)
    assert lots(bids) == lots(asks) == [100, 10]
    # Nothing is left of the second level at 0.6 % of its size, nor is it refused.
    bids, _ = quoted(quoter, inventory_lots=2_500)
    assert lots(bids) == [1]


def test_prices_do_not_move_when_sizes_do():
    plain = quoted(ladder(levels=2), inventory_lots=400)
    skewed = quoted(ladder(levels=2, size_skew=1.0), inventory_lots=400)
    assert [p for p, _ in plain[0]] == [p for p, _ in skewed[0]]


@pytest.mark.parametrize(
    ("inventory", "bid_lots", "ask_lots"),
    [
        (0, [10, 20], [10, 20]),
        (75, [10, 15], [10, 20]),
        (92, [8], [10, 20]),
        (100, [], [10, 20]),
        (250, [], [10, 20]),
        (-92, [10, 20], [8]),
        (-100, [10, 20], []),
        (2**62, [], [10, 20]),
        (-(2**62), [10, 20], []),
    ],
)
def test_hard_stop_leaves_the_adding_side_out(inventory, bid_lots, ask_lots):
    quoter = ladder(qty_lots=[10, 20], stop_lots=100)
    bids, asks = quoted(quoter, inventory_lots=inventory)
    assert (lots(bids), lots(asks)) == (bid_lots, ask_lots)


def test_even_if_everything_is_filled_the_stop_is_not_passed():
    """Below its own size the stop binds both sides, flat as well."""
    bids, asks = quoted(ladder(qty_lots=[10, 20, 30], stop_lots=25))
    assert (lots(bids), lots(asks)) == ([10, 15], [10, 15])


def test_nothing_asked_for_is_the_plain_ladder_to_the_tick():
    """The plain road and the one with everything on it, at neutral values."""
    plain = ladder(levels=3, step_ticks=7, step_growth=1.3, skew_ticks=0.3)
    asked = ladder(
        levels=3, step_ticks=7, step_growth=1.3, skew_ticks=0.3, stop_lots=10**9
    )
    for inventory in (-700, -3, 0, 5, 400):
        for row in (PERPETUAL, DEARER):
            changes = {"inventory_lots": inventory, "row": row}
            assert quoted(plain, **changes) == quoted(asked, **changes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("adverse_ticks", -1),
        ("hedge_cost_bps", -1),
        ("hedge_share", 1.5),
        ("widen_per_sigma", math.nan),
        ("widen_per_toxicity", -1),
        ("size_skew", -1),
        ("stop_lots", -1),
        ("stop_lots", 1.5),
        ("cold_sigma_ticks", math.inf),
        ("size_growth", 0),
        ("size_shape", "flat"),
        ("ladder_shape", "linear"),
        ("fair", "index"),
        ("volatility", 3),
        ("toxicity", "vpin"),
        ("adverse", 1.0),
    ],
)
def test_bad_parameters_are_named_with_their_value(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be .*{value}"):
        ladder(**{name: value})


def test_parameters_that_need_another_say_so():
    with pytest.raises(ValueError, match="k_per_tick is needed"):
        ladder(ladder_shape="equal_value", qty_lots=[1, 2])
    with pytest.raises(ValueError, match="k_per_tick is needed"):
        ladder(size_shape="fill_probability", levels=2)
    with pytest.raises(ValueError, match="larger than the one before"):
        ladder(ladder_shape="equal_value", k_per_tick=1, levels=2)
    with pytest.raises(ValueError, match="choose one"):
        ladder(
            ladder_shape="equal_value",
            size_shape="fill_probability",
            k_per_tick=1,
            qty_lots=[1, 2],
        )
    with pytest.raises(ValueError, match="needs a signal for toxicity"):
        ladder(widen_per_toxicity=1.0)


def test_a_signal_nobody_feeds_is_refused():
    with pytest.raises(ValueError, match=r"volatility: nobody feeds .*self\.listen"):
        ladder(volatility=EwmaVolatility())
    assert signal_of("x", None) is None


def test_a_signal_listened_to_in_the_strategy_reaches_the_calculator():
    class Careful(JoinTouchQuoter):
        def __init__(self):
            super().__init__(
                qty_lots=1,
                toxicity=self.listen(EwmaVolatility()),
                widen_per_toxicity=1.0,
            )

    assert Careful().toxicity is not None


def blocks(language):
    page = (ROOT / "docs" / "calculators.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", page, re.S)


def test_the_examples_of_the_page_work():
    (code,) = blocks("python")
    names = {}
    exec(code, names)
    made = names["CalmGlft"](gamma=1e-4, k_per_tick=0.5, a_per_s=1.0, qty_lots=1)
    assert made.volatility is not None
    assets, obligation = (
        tomllib.loads(block)["quote"]["params"] for block in blocks("toml")
    )
    MultiAssetQuoter(**assets)
    assert ladder(**obligation).obligation.uptime_min_pct == 90


def test_the_page_tells_every_parameter():
    page = (ROOT / "docs" / "calculators.md").read_text()
    stub = (ROOT / "engine/_core/quote/models/quoter.pyi").read_text()
    shape = stub.split("class _Shape(")[1].split("class _ShapeWithDecay(")[0]
    names = re.findall(r"^    (\w+): ", shape, re.M)
    assert len(names) > 20
    missing = [name for name in names if f"`{name}`" not in page]
    assert not missing
