"""Quotes in several correlated instruments, in the closed form of the quadratic limit.

    bid depth of i = c1_i + (D_i/2) G_ii + (G q)_i
    ask depth of i = c1_i + (D_i/2) G_ii - (G q)_i
    G = sqrt(gamma) H^-1/2 (H^1/2 S H^1/2)^1/2 H^-1/2
    H = diag( 2 D_i A_i k_i (1 + x_i)^-(1/x_i + 1) ),  x_i = xi D_i/k_i
    c1_i = 1/(xi D_i) ln(1 + x_i)

The trader pays gamma/2 q'Sq a second for the inventory q, S being the covariance of
the instruments' values: what is held in one moves the quotes of all it goes along with,
and a long perpetual against a short future of the same size costs next to nothing. H is
the curvature of what the fills earn: the more an instrument trades, the less each of
its quotes has to lean. The form comes from replacing that earning by its parabola
around zero, which makes the value of an inventory -q'Gq/2 far from the end of trading.
With one instrument it is Gueant-Lehalle-Fernandez-Tapia's, term by term.

Depths are ticks of each instrument's own. Because a lot and a tick are worth different
money in each, gamma and xi are in 1/money here (US dollars, say), and tick_value is the
money that one lot gains when its price rises by one tick: lot_size * tick_size for a
linear contract, lot_size * tick_size / price for an inverse one in US dollars. In the
equations above price is money per lot: sigma_i and depths times tick_value, k_i divided
by it. With tick_value 1 everything is as in :mod:`glft`, gamma in 1/(tick * lot).

Source: P. Bergault, D. Evangelista, O. Gueant, D. Vieira, Closed-form approximations in
multi-asset market making, Applied Mathematical Finance 28(2), 2021 (arXiv 1810.04383):
the Riccati equation of the quadratic approximation and its long-run limit. The model
and its HJB equation: O. Gueant, Optimal market making, 2017 (arXiv 1605.01862), on
several assets. The tests solve that equation numerically in one and two instruments.
"""

from libc.math cimport exp, frexp, isfinite, ldexp, log1p, rint, sqrt

from engine._core.base.types cimport clip
from engine._core.quote.models.glft cimport glft_c1, log_ratio
from engine._core.quote.models.matrix cimport ASSETS_MAX, CELLS_MAX, square_root
from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.quote.strategy cimport View
from engine._core.signals.touch cimport mid_of

from engine._core.base.param import number
from engine._core.quote.models.matrix import eigenvalues

ASSET_KEYS = ("name", "k_per_tick", "a_per_s", "qty_lots", "cold_sigma_ticks")

cdef double LOWEST_EIGENVALUE = -1e-9      # rounding of a correlation of rank below n


cdef bint solve(Basket* basket) noexcept nogil:
    cdef int n = basket.n, i, j
    cdef double[ASSETS_MAX] scale          # square root of H, prices as money per lot
    cdef double[ASSETS_MAX] sigma          # money per lot and square root of a second
    cdef double[CELLS_MAX] inner
    cdef double[CELLS_MAX] root
    cdef double xi, x, both, value
    for i in range(n):
        value = basket.tick_value[i]
        # In ticks, as the single-asset formulas have it: xi of money times value.
        xi = basket.xi * value
        x = xi * basket.qty_lots[i] / basket.k_per_tick[i]
        basket.c1_ticks[i] = glft_c1(xi, basket.k_per_tick[i], basket.qty_lots[i])
        scale[i] = sqrt(2.0 * basket.qty_lots[i] * basket.a_per_s[i]
                        * basket.k_per_tick[i] / value) * exp(
                            -0.5 * (log_ratio(x) + log1p(x)))
        sigma[i] = basket.sigma_ticks[i] * value
        if not (isfinite(scale[i]) and scale[i] > 0.0 and value > 0.0):
            return False
    for i in range(n):
        for j in range(n):
            inner[i * n + j] = (scale[i] * sigma[i] * basket.correlation[i * n + j]
                                * sigma[j] * scale[j])
    if not square_root(n, inner, root):
        return False
    both = sqrt(basket.gamma)
    for i in range(n):
        for j in range(n):
            basket.slope[i * n + j] = (both * root[i * n + j] / (scale[i] * scale[j])
                                       / basket.tick_value[i])
    return True


def correlations(rows, int n):
    """Return a correlation matrix, from itself or from one number for every pair.

    Raises:
        ValueError: wrong size, not symmetric, a diagonal that is not 1, or no
            correlation at all (an eigenvalue below 0); names what was given.
    """
    if isinstance(rows, (int, float)) and not isinstance(rows, bool):
        rows = [[1.0 if i == j else float(rows) for j in range(n)] for i in range(n)]
    what = (f"correlation must be one number or {n} rows of {n} numbers in [-1, 1], "
            f"symmetric, 1 on the diagonal, not {rows!r}")
    if not isinstance(rows, (list, tuple)) or len(rows) != n or not all(
            isinstance(row, (list, tuple)) and len(row) == n for row in rows):
        raise ValueError(what)
    numbers = all(isinstance(cell, (int, float)) and not isinstance(cell, bool)
                  and -1 <= cell <= 1 for row in rows for cell in row)
    if not numbers or any(rows[i][i] != 1 for i in range(n)) or any(
            rows[i][j] != rows[j][i] for i in range(n) for j in range(i)):
        raise ValueError(what)
    rows = [[float(cell) for cell in row] for row in rows]
    lowest = eigenvalues(rows)[0]
    if lowest < LOWEST_EIGENVALUE:
        raise ValueError(f"correlation {rows!r} cannot be: some portfolio would have "
                         f"a variance below 0 (eigenvalue {lowest:g})")
    return rows


cdef int fill(Basket* basket, gamma, xi, k_per_tick, a_per_s, qty_lots, sigma_ticks,
              correlation, tick_value) except -1:
    cdef int n = len(k_per_tick), i, j
    rows = correlations(correlation, n)
    if tick_value is None:
        tick_value = [1.0] * n
    columns = (a_per_s, qty_lots, sigma_ticks, tick_value)
    if any(len(column) != n for column in columns):
        raise ValueError(f"each instrument needs one number of each kind: {n} of them")
    basket.n, basket.gamma, basket.xi = n, gamma, xi
    for i in range(n):
        basket.k_per_tick[i], basket.a_per_s[i] = k_per_tick[i], a_per_s[i]
        basket.qty_lots[i], basket.sigma_ticks[i] = qty_lots[i], sigma_ticks[i]
        basket.tick_value[i] = tick_value[i]
        for j in range(n):
            basket.correlation[i * n + j] = rows[i][j]
    if not solve(basket):
        raise ValueError("the quotes are not finite: k_per_tick, a_per_s, qty_lots and "
                         "tick_value must be above 0, everything else not below")
    return 0


def multi_asset_coefficients(*, gamma, xi, k_per_tick, a_per_s, qty_lots, sigma_ticks,
                             correlation, tick_value=None):
    """Return ``(c1, G)``: depths without risk, and the slope by inventory.

    Units: gamma and xi in 1/money; by instrument: k_per_tick in 1/tick, a_per_s in 1/s,
        qty_lots in lots, sigma_ticks in ticks per square root of a second, tick_value
        in money (default 1: gamma is then in 1/(tick * lot)); correlation a matrix, or
        one number for every pair. c1 in ticks; G[i][j] in ticks of i per lot of j.
    Raises: ValueError for sizes that differ or a matrix that is no correlation.
    Source: see the module.
    """
    cdef Basket basket
    cdef int n, i, j
    fill(&basket, gamma, xi, k_per_tick, a_per_s, qty_lots, sigma_ticks, correlation,
         tick_value)
    n = basket.n
    return ([basket.c1_ticks[i] for i in range(n)],
            [[basket.slope[i * n + j] for j in range(n)] for i in range(n)])


def multi_asset_quotes(fair_ticks, inventory_lots, *, gamma, xi, k_per_tick, a_per_s,
                       qty_lots, sigma_ticks, correlation, tick_value=None):
    """Return ``[(bid_ticks, ask_ticks), ...]`` of the first levels, unrounded.

    Units: fair_ticks in ticks and inventory_lots in lots, by instrument; the rest as in
        :func:`multi_asset_coefficients`.
    Raises: ValueError for sizes that differ or a matrix that is no correlation.
    Source: see the module.
    """
    cdef Basket basket
    cdef double[ASSETS_MAX] inventory
    cdef double centre_ticks, half_ticks
    cdef int i
    fill(&basket, gamma, xi, k_per_tick, a_per_s, qty_lots, sigma_ticks, correlation,
         tick_value)
    if len(fair_ticks) != basket.n or len(inventory_lots) != basket.n:
        raise ValueError(f"each instrument needs a fair price and an inventory: "
                         f"{basket.n} of them")
    for i in range(basket.n):
        inventory[i] = inventory_lots[i]
    quotes = []
    for i in range(basket.n):
        centre_ticks = fair_ticks[i] - skew_of(&basket, i, inventory)
        half_ticks = half_of(&basket, i)
        quotes.append((centre_ticks - half_ticks, centre_ticks + half_ticks))
    return quotes


cdef inline double rounded(double price) noexcept nogil:
    """A price to one part in a thousand: a tick's value changes with it, but slowly."""
    cdef int exponent
    cdef double mantissa = frexp(price, &exponent)
    return ldexp(rint(mantissa * 1024.0), exponent - 10)


cdef class MultiAssetQuoter(Quoter):
    """Quote one of several instruments, leaning by what is held in all of them.

    The same parameters serve each of the instruments: one strategy object quotes the
    perpetual, another one each future, and every one of them reads the positions of the
    rest. They are watched: a quote moves when another instrument's touch or position
    does. Blank until the volatility of each is warm or a cold one is given, and until
    each has had a two-sided book.

    A lot's tick is worth lot_size * tick_size, over the price for inverse contracts:
    US dollars for those, the quote currency for linear ones. All instruments have to
    be of one such kind of money. Options priced in coin are not meant.

    Units: gamma and xi (gamma unless given) in 1/money; of each of the assets its name,
        k_per_tick in 1/tick, a_per_s in fills of qty_lots a second at depth 0, qty_lots
        in lots, cold_sigma_ticks in ticks per square root of a second; correlation of
        the prices, a matrix or one number for every pair; the shape as in
        :class:`Quoter`.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Cost: G is computed anew when a volatility or a price (by a thousandth) moved:
        0.3 us for two instruments, 0.2 us without (one core, 2026-11).
    """

    def __init__(self, *, assets, gamma, correlation, xi=None, **shape):
        cdef int n, i, j
        if not isinstance(assets, (list, tuple)) or not 1 <= len(assets) <= ASSETS_MAX:
            raise ValueError(
                f"assets must be a list of 1 to {ASSETS_MAX} tables, not {assets!r}")
        n = len(assets)
        self.basket.n = n
        self.basket.gamma = number("gamma", gamma, 0, 1e9, open_low=True)
        self.basket.xi = self.basket.gamma if xi is None else number("xi", xi, 0, 1e9)
        for i, asset in enumerate(assets):
            self._asset(i, asset)
        self.names = tuple(asset["name"] for asset in assets)
        if len(dict.fromkeys(self.names)) != n:
            raise ValueError(f"assets must be different instruments, not {self.names}")
        rows = correlations(correlation, n)
        for i in range(n):
            for j in range(n):
                self.basket.correlation[i * n + j] = rows[i][j]
        for name in self.names:
            self.watch(name, needed=False)  # what is held there counts, not its touch
        self._shape(**shape)

    def _asset(self, int i, asset):
        """Read the parameters of one instrument."""
        if not isinstance(asset, dict) or not isinstance(asset.get("name"), str):
            raise ValueError(
                f"each of assets must be a table with a name, not {asset!r}")
        unknown = [key for key in asset if key not in ASSET_KEYS]
        missing = [key for key in ASSET_KEYS[:4] if key not in asset]
        if unknown or missing:
            raise ValueError(f"asset {asset['name']}: unknown {unknown}, "
                             f"missing {missing}; it takes {ASSET_KEYS}")
        self.basket.k_per_tick[i] = number("k_per_tick", asset["k_per_tick"], 1e-9, 1e6)
        self.basket.a_per_s[i] = number("a_per_s", asset["a_per_s"], 1e-9, 1e9)
        self.basket.qty_lots[i] = number("qty_lots", asset["qty_lots"], 1, 1e12)
        self.cold_sigmas_ticks[i] = number(
            "cold_sigma_ticks", asset.get("cold_sigma_ticks", 0.0), 0, 1e9)

    cdef int _own(self, View view) noexcept:
        cdef int i
        for i in range(self.basket.n):
            if self.names[i] == view.name:
                return i
        return -1

    cdef bint run(self, View view, QuoteSheet sheet) noexcept:
        if self._own(view) < 0:
            self.error = f"{view.name} is none of the assets {self.names}"
            return False
        return Quoter.run(self, view, sheet)

    cdef bint _refresh(self, View view, double* inventory_lots) noexcept:
        cdef Basket* basket = &self.basket
        cdef View other
        cdef double price
        cdef int i
        for i in range(basket.n):
            other = view if self.names[i] == view.name else view.books.get(
                self.names[i])
            if other is None:
                return False
            inventory_lots[i] = <double>other.position.size_lots
            basket.sigma_ticks[i] = (
                other.volatility.value if other.volatility.is_warm
                else self.cold_sigmas_ticks[i])
            if not other.volatility.is_warm and self.cold_sigmas_ticks[i] == 0.0:
                return False
            basket.tick_value[i] = other.row.lot_size * other.row.tick_size
            if other.row.inverse:
                # While its book is away the mark will do: it only scales.
                price = rounded(mid_of(other.own_book) * other.row.tick_size
                                if other.own_book.has_touch() else other.mark_price)
                if not price > 0.0:
                    return False
                basket.tick_value[i] /= price
            if (basket.sigma_ticks[i] != self.solved_sigma[i]
                    or basket.tick_value[i] != self.solved_value[i]):
                self.is_solved = False
            self.solved_sigma[i] = basket.sigma_ticks[i]
            self.solved_value[i] = basket.tick_value[i]
        if not self.is_solved:
            self.is_solved = solve(basket)
        return self.is_solved

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept:
        cdef double[ASSETS_MAX] inventory_lots
        cdef double centre_ticks, half_ticks
        cdef int own = self._own(view)
        if own < 0 or not self._refresh(view, inventory_lots):
            return False
        centre_ticks = fair_ticks - clip(
            skew_of(&self.basket, own, inventory_lots), self.skew_max_ticks)
        half_ticks = half_of(&self.basket, own)
        inner.bid_ticks = centre_ticks - half_ticks
        inner.ask_ticks = centre_ticks + half_ticks
        return True
