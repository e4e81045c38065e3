"""Base of the quote calculators: from two inner prices to a legal, post-only ladder.

A model says where its first bid and ask should be. The base does what every model needs
and none should differ in:

1. Fair price: the micro-price, the mid, or a signal, by parameter.
2. Widening: the half-spread grows with volatility and with toxicity.
3. Minimum edge: the half-spread is at least what a fill costs plus min_edge_ticks, and
   at least half a tick. A fill costs the maker fee (as a fraction of the fair price, in
   ticks; a rebate lowers it), the measured adverse move after it, and its share of what
   hedging costs. The centre, skew included, stays where the model put it.
4. Sizes: smaller on the side that adds to the inventory, and never more than leads to
   stop_lots.
5. Post-only: a bid is at most one tick below the best ask, an ask at least one tick
   above the best bid; a quote is moved behind the touch, never dropped into it.
6. Obligation: where one is given, the first level is made to fit it.
7. Levels: each stands behind the first as :mod:`shape` says, rounded away from the
   touch to a legal price, at least one legal price behind the one before. A bid below
   one tick is left out (combos excepted: their prices may be negative), and so is a
   level without a lot.

A book with a side missing gives a blank sheet. Inventory limits are the gate's.
"""

import math

from libc.math cimport INFINITY, exp, fabs, isfinite
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from engine._core.base.instrument cimport (
    KIND_FUTURE_COMBO, KIND_OPTION_COMBO, Instrument, round_passive)
from engine._core.base.types cimport (
    ASK, BID, LEVELS_MAX, NO_PRICE, Side, price_t, qty_t)
from engine._core.quote.models.obligation cimport First, Obligation
from engine._core.quote.models.shape cimport equal_value_behind
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.quote.strategy cimport Strategy, View
from engine._core.signals.signal cimport Signal
from engine._core.signals.touch cimport mid_of, weighted_mid_of

from engine._core.base.param import number, whole
from engine._core.quote.models.shape import (
    LADDER_SHAPES, QTY_LOTS_LIMIT, SIZE_SHAPES, offsets_of, sizes_of)

FAIR_PRICES = ("micro", "mid")


cdef inline double larger(double value, double least) noexcept nogil:
    """The larger one, as `fmax` has it, without a call: `least` is a number."""
    return value if value > least else least


cdef inline bint is_combo(const Instrument* row) noexcept nogil:
    return row.kind == KIND_FUTURE_COMBO or row.kind == KIND_OPTION_COMBO


cdef inline void fill_side(
        QuoteSheet sheet, Side side, double first_ticks, int levels,
        const double* offset_ticks, const qty_t* lots) noexcept nogil:
    """Write the levels of one side, best first, each behind the one before."""
    cdef const Instrument* row = sheet.row
    cdef bint may_be_negative = is_combo(row)
    cdef double away = 1.0 if side == ASK else -1.0
    cdef double target_ticks
    cdef price_t price_ticks = NO_PRICE
    cdef int i
    for i in range(levels):
        if lots[i] <= 0:
            continue
        target_ticks = first_ticks + away * offset_ticks[i]
        if (price_ticks != NO_PRICE
                and away * (target_ticks - <double>price_ticks) < 1.0):
            target_ticks = <double>price_ticks + away
        price_ticks = round_passive(row, side, target_ticks)
        if price_ticks == NO_PRICE or (price_ticks < 1 and not may_be_negative):
            return
        # Where the tick changes on the way one rounding may not be enough.
        if not (sheet.add_legal(side, price_ticks, lots[i]) if row.n_steps == 0
                else sheet.add(side, <double>price_ticks, lots[i])):
            return


cdef inline void cut_sizes(
        Quoter quoter, View view, Side side, qty_t* lots) noexcept:
    """Fill in the sizes of a side: skewed by inventory, no more than the stop leaves.

    Rounded to the nearest lot; a level may be left with none.
    """
    cdef int64_t signed_lots = view.position.size_lots
    cdef int64_t adding_lots = signed_lots if side == BID else -signed_lots
    cdef double factor = 1.0
    cdef qty_t room = 0
    cdef int i
    if adding_lots > 0 and quoter.size_skew > 0.0:
        factor = exp(-quoter.size_skew * <double>adding_lots
                     / larger(<double>view.inventory_limit_lots, 1.0))
    if quoter.stop_lots > 0 and adding_lots < quoter.stop_lots:
        room = quoter.stop_lots - adding_lots
    for i in range(quoter.levels):
        lots[i] = <qty_t>(factor * <double>quoter.level_lots[i] + 0.5)
        if quoter.stop_lots > 0:
            if lots[i] > room:
                lots[i] = room
            room -= lots[i]


def signal_of(str name not None, value):
    """Return a signal that somebody feeds, or None.

    Raises:
        ValueError: it is none, or nobody listens to it.
    """
    if value is None or (isinstance(value, Signal) and (<Signal>value).is_owned):
        return value
    if isinstance(value, Signal):
        raise ValueError(f"{name}: nobody feeds this {type(value).__name__}; write "
                         f"{name}=self.listen(...) in the strategy's __init__")
    raise ValueError(f"{name} must be a signal, not {value!r}")


cdef class Quoter(Strategy):
    """Base of the calculators; not a strategy by itself.

    What they share, by name; docs/calculators.md tells more:

    - qty_lots: lots, one number for all levels or one each; levels 1..8;
      size_shape ``"geometric"`` by size_growth, or ``"fill_probability"``.
    - ladder_shape ``"steps"``: step_ticks, each step_growth (at least 1) times the one
      before; or ``"equal_value"``. k_per_tick in 1/tick, where a shape needs it.
    - fair: ``"micro"``, ``"mid"``, or a signal in ticks of the quoted instrument.
    - min_edge_ticks beyond the maker fee and: adverse_ticks, or adverse, a signal in
      ticks; hedge_cost_bps (1e-4 of fair) times hedge_share (0..1).
    - volatility: a signal in ticks per square root of a second instead of the engine's;
      cold_sigma_ticks until there is one. widen_per_sigma in square roots of a second;
      widen_per_toxicity by unit of toxicity, a signal.
    - skew_max_ticks; size_skew, by share of the position limit; stop_lots.
    - obligation: the parameters of :class:`Obligation` by name.

    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __cinit__(self, *args, **kwargs):
        self.skew_max_ticks = INFINITY

    def _shape(self, *, min_edge_ticks=0.0, skew_max_ticks=math.inf, fair="micro",
               cold_sigma_ticks=0.0, volatility=None, toxicity=None, adverse=None,
               adverse_ticks=0.0, hedge_cost_bps=0.0, hedge_share=0.0,
               widen_per_sigma=0.0, widen_per_toxicity=0.0, size_skew=0.0,
               stop_lots=0, obligation=None, **ladder):
        """Read the parameters all calculators share; called by their ``__init__``."""
        cdef int levels = self._ladder(**ladder)
        if isinstance(fair, Signal):
            self.fair_signal = signal_of("fair", fair)
        elif fair not in FAIR_PRICES:
            raise ValueError(
                f"fair must be one of {FAIR_PRICES} or a signal, not {fair!r}")
        self.fair_is_micro = fair == "micro"
        self.min_edge_ticks = number("min_edge_ticks", min_edge_ticks, 0, 1e9)
        self.skew_max_ticks = number("skew_max_ticks", skew_max_ticks, 0)
        self.cold_sigma_ticks = number("cold_sigma_ticks", cold_sigma_ticks, 0, 1e9)
        self.volatility = signal_of("volatility", volatility)
        self.toxicity = signal_of("toxicity", toxicity)
        self.adverse = signal_of("adverse", adverse)
        self.adverse_ticks = number("adverse_ticks", adverse_ticks, 0, 1e9)
        self.hedge_cost_bps = number("hedge_cost_bps", hedge_cost_bps, 0, 1e4)
        self.hedge_share = number("hedge_share", hedge_share, 0, 1)
        self.widen_per_sigma = number("widen_per_sigma", widen_per_sigma, 0, 1e6)
        self.widen_per_toxicity = number(
            "widen_per_toxicity", widen_per_toxicity, 0, 1e6)
        if self.widen_per_toxicity and self.toxicity is None:
            raise ValueError("widen_per_toxicity needs a signal for toxicity")
        self.size_skew = number("size_skew", size_skew, 0, 1e3)
        self.stop_lots = whole("stop_lots", stop_lots, 0, QTY_LOTS_LIMIT)
        if obligation is not None:
            self.obligation = Obligation(**obligation)
        self.is_plain = not (
            self.fair_signal or self.toxicity or self.adverse or self.adverse_ticks
            or (self.hedge_cost_bps and self.hedge_share) or self.widen_per_sigma
            or self.size_skew or self.stop_lots or self.equal_value_k
            or self.obligation)
        # Last, so that an object whose parameters were refused quotes nothing.
        self.levels = levels

    def _ladder(self, *, qty_lots, levels=None, step_ticks=1.0, step_growth=1.0,
                ladder_shape="steps", size_growth=1.0, size_shape="geometric",
                k_per_tick=None):
        """Read the parameters of levels and sizes; return how many levels."""
        if levels is None:
            is_list = isinstance(qty_lots, (list, tuple)) and len(qty_lots) > 0
            levels = len(qty_lots) if is_list else 1
        levels = whole("levels", levels, 1, LEVELS_MAX)
        self.step_ticks = number("step_ticks", step_ticks, 0, 1e9, open_low=True)
        self.step_growth = number("step_growth", step_growth, 1, 100)
        size_growth = number("size_growth", size_growth, 0.01, 100)
        for name, value, known in (("ladder_shape", ladder_shape, LADDER_SHAPES),
                                   ("size_shape", size_shape, SIZE_SHAPES)):
            if value not in known:
                raise ValueError(f"{name} must be one of {known}, not {value!r}")
        by_value, by_rate = ladder_shape == "equal_value", size_shape != "geometric"
        if k_per_tick is None and (by_value or by_rate):
            raise ValueError("k_per_tick is needed for ladder_shape equal_value and "
                             "size_shape fill_probability")
        if by_value and by_rate:
            raise ValueError("size_shape fill_probability shrinks what ladder_shape "
                             "equal_value wants to grow: choose one")
        offsets = offsets_of(levels, self.step_ticks, self.step_growth)
        k = 0.0 if k_per_tick is None else number("k_per_tick", k_per_tick, 1e-9, 1e6)
        sizes = sizes_of(qty_lots, levels, size_growth, [
            math.exp(-k * offset) for offset in offsets] if by_rate else None)
        if by_value and any(b <= a for a, b in zip(sizes, sizes[1:])):
            raise ValueError(f"ladder_shape equal_value needs each level larger than "
                             f"the one before, not {sizes}")
        self.equal_value_k = k if by_value else 0.0
        for i in range(levels):
            self.offset_ticks[i], self.level_lots[i] = offsets[i], sizes[i]
        return levels

    cdef bint run(self, View view, QuoteSheet sheet) noexcept:
        self._fill(view, sheet)
        return True

    def quote(self, View view not None, QuoteSheet sheet not None):
        """Write this calculator's wish on the sheet.

        A subclass may call it from its own ``quote`` and add to what it wrote.
        """
        self._fill(view, sheet)

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept:
        return False

    cdef void _fill(self, View view, QuoteSheet sheet) noexcept:
        cdef price_t best_bid = view.own_book.best(BID)
        cdef price_t best_ask = view.own_book.best(ASK)
        cdef double fair_ticks, centre_ticks, half_ticks
        cdef Inner inner
        if self.levels == 0 or best_bid == NO_PRICE or best_ask == NO_PRICE:
            return
        fair_ticks = (weighted_mid_of(view.own_book) if self.fair_is_micro
                      else mid_of(view.own_book))
        if not self.is_plain:
            self._fill_asked(view, sheet, fair_ticks)
            return
        if not self._aim(view, fair_ticks, &inner):
            return
        centre_ticks = 0.5 * (inner.bid_ticks + inner.ask_ticks)
        half_ticks = 0.5 * (inner.ask_ticks - inner.bid_ticks)
        half_ticks = larger(half_ticks, larger((
            sheet.row.maker_fee * fabs(fair_ticks) + self.min_edge_ticks), 0.5))
        if not isfinite(centre_ticks) or not isfinite(half_ticks):
            return
        fill_side(sheet, BID,
                  -larger(half_ticks - centre_ticks, -<double>(best_ask - 1)),
                  self.levels, self.offset_ticks, self.level_lots)
        fill_side(sheet, ASK,
                  larger(centre_ticks + half_ticks, <double>(best_bid + 1)),
                  self.levels, self.offset_ticks, self.level_lots)

    cdef void _fill_asked(self, View view, QuoteSheet sheet, double fair_ticks
                          ) noexcept:
        cdef const Instrument* row = sheet.row
        cdef price_t best_bid = view.own_book.best(BID)
        cdef price_t best_ask = view.own_book.best(ASK)
        cdef qty_t[2][LEVELS_MAX] lots
        cdef double[LEVELS_MAX] offset_ticks
        cdef double centre_ticks, half_ticks, cost_ticks, edge_ticks
        cdef Inner inner
        cdef First first
        if self.obligation is not None:
            self.obligation.begin(view.now_ns)
        if self.fair_signal is not None:
            if not self.fair_signal.is_ready:
                return
            fair_ticks = self.fair_signal.value
        if not self._aim(view, fair_ticks, &inner):
            return
        cost_ticks = self._cost(row, fair_ticks)
        centre_ticks = 0.5 * (inner.bid_ticks + inner.ask_ticks)
        half_ticks = self._widened(view, 0.5 * (inner.ask_ticks - inner.bid_ticks))
        edge_ticks = larger(cost_ticks + self.min_edge_ticks, 0.5)
        half_ticks = larger(half_ticks, edge_ticks)
        if not isfinite(centre_ticks) or not isfinite(half_ticks):
            return
        cut_sizes(self, view, BID, lots[<int>BID])
        cut_sizes(self, view, ASK, lots[<int>ASK])
        first.bid_ticks = -larger(half_ticks - centre_ticks, -<double>(best_ask - 1))
        first.ask_ticks = larger(centre_ticks + half_ticks, <double>(best_bid + 1))
        if self.obligation is not None:
            first.lots[<int>BID] = lots[<int>BID][0]
            first.lots[<int>ASK] = lots[<int>ASK][0]
            self.obligation.fit(view, row, centre_ticks, edge_ticks, fair_ticks,
                                self.stop_lots, &first)
            lots[<int>BID][0] = first.lots[<int>BID]
            lots[<int>ASK][0] = first.lots[<int>ASK]
        if self.equal_value_k > 0.0:
            edge_ticks = 0.5 * (first.ask_ticks - first.bid_ticks) - cost_ticks
            self._spread_out(edge_ticks, offset_ticks)
        else:
            memcpy(offset_ticks, self.offset_ticks, sizeof(offset_ticks))
        fill_side(sheet, BID, first.bid_ticks, self.levels, offset_ticks,
                  lots[<int>BID])
        fill_side(sheet, ASK, first.ask_ticks, self.levels, offset_ticks,
                  lots[<int>ASK])

    cdef double _cost(self, const Instrument* row, double fair_ticks) noexcept:
        """Return what a fill costs: fee, adverse move, its share of hedges; ticks."""
        cdef double adverse_ticks = self.adverse_ticks
        if self.adverse is not None and self.adverse.is_ready:
            # A market that moves our way after a fill is luck, no income to count on.
            adverse_ticks = larger(self.adverse.value, 0.0)
        return adverse_ticks + fabs(fair_ticks) * (
            row.maker_fee + 1e-4 * self.hedge_cost_bps * self.hedge_share)

    cdef double _widened(self, View view, double half_ticks) noexcept:
        cdef double sigma_ticks
        if self.toxicity is not None and self.toxicity.is_ready:
            half_ticks *= 1.0 + self.widen_per_toxicity * larger(
                self.toxicity.value, 0.0)
        if self.widen_per_sigma > 0.0:
            sigma_ticks = self._sigma(view)
            # Not known yet: infinitely wide, which is no quote.
            half_ticks += (self.widen_per_sigma * sigma_ticks if sigma_ticks >= 0.0
                           else INFINITY)
        return half_ticks

    cdef void _spread_out(self, double edge_ticks, double* offset_ticks) noexcept:
        """Find distances of equal value for levels by their full, uncut size."""
        cdef int i
        offset_ticks[0] = 0.0
        for i in range(1, self.levels):
            offset_ticks[i] = equal_value_behind(
                edge_ticks, self.equal_value_k,
                <double>self.level_lots[i] / <double>self.level_lots[0])
