"""Market making as the control problem it comes from, solved by brute numbers.

``hamiltonian`` is the definition, maximised in long decimals; ``long_run_depths``
solves the HJB equation on a grid of inventories. Neither knows a closed form of the
quotes.
"""

from collections.abc import Sequence

import mpmath
import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import eigh_tridiagonal


def hamiltonian(p: object, *, xi: float, k: float, a: float, delta: float) -> tuple:
    """Return the best depth for a fill worth ``p`` less than fair, and what it earns.

    H(p) = max over d of A exp(-k d) (1 - exp(-xi D (d - p)))/(xi D), in Gueant 2017;
    for xi = 0 the last factor is d - p.
    """
    k, a, x = mpmath.mpf(k), mpmath.mpf(a), mpmath.mpf(xi) * mpmath.mpf(delta)
    beyond = mpmath.mpf(0)
    # Newton on the derivative, which falls and is convex: it never overshoots.
    for _ in range(500):
        left = mpmath.exp(-x * beyond)
        gain = -mpmath.expm1(-x * beyond) / x if x else beyond
        step = (left - k * gain) / ((x + k) * left)
        beyond += step
        if abs(step) <= abs(beyond) * mpmath.eps * 4:
            break
    else:
        raise ArithmeticError(f"no maximum found for xi D = {x}, k = {k}")
    return p + beyond, a * mpmath.exp(-k * (p + beyond)) * gain


def glft_from_control(
    *, gamma: float, xi: float, k: float, a: float, delta: float, digits: int = 40
) -> tuple[float, float]:
    """Return c1 and c2 by their meaning.

    c1 is the best depth when a fill costs no risk; c2 sigma the slope of the depth by
    inventory when H is replaced by its parabola: sqrt(gamma / (2 D H''(0))) sigma.
    """
    with mpmath.workdps(digits):
        c1, _ = hamiltonian(mpmath.mpf(0), xi=xi, k=k, a=a, delta=delta)

        def earned(p):
            return hamiltonian(p, xi=xi, k=k, a=a, delta=delta)[1]

        step = mpmath.mpf(10) ** (-digits // 4) / k
        curve = (earned(step) - 2 * earned(mpmath.mpf(0)) + earned(-step)) / step**2
        return float(c1), float(mpmath.sqrt(gamma / (2 * delta * curve)))


def multi_asset(
    *,
    gamma: float,
    xi: float,
    k: Sequence[float],
    a: Sequence[float],
    delta: Sequence[float],
    covariance: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return c1 and G with scipy's matrix square root, in the paper's own order.

    A = sqrt(gamma)/2 D^-1/2 (D^1/2 S D^1/2)^1/2 D^-1/2 and G = 2 A, with D = diag(2 H''
    z) from the definition of H.
    """
    from scipy.linalg import sqrtm

    curves, depths = [], []
    for ki, ai, zi in zip(k, a, delta, strict=True):
        c1, c2 = glft_from_control(gamma=1.0, xi=xi, k=ki, a=ai, delta=zi)
        depths.append(c1)
        curves.append(1 / c2**2)
    root = np.diag(np.sqrt(curves))
    back = np.linalg.inv(root)
    inner = np.real(sqrtm(root @ covariance @ root))
    return np.array(depths), np.sqrt(gamma) * back @ inner @ back


def long_run_depths(
    *,
    gamma: float,
    xi: float,
    k: Sequence[float],
    a: Sequence[float],
    covariance: np.ndarray,
    limit: int,
    seconds: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return bid and ask depths by instrument and inventory, far from the end.

    Orders are of one lot; inventories run from -limit to limit in each instrument, and
    what would pass the limit is not quoted (infinite depth). The HJB equation

        v' = gamma/2 q'Sq - sum over i and sides of H_i(v(q) - v(q +/- e_i))

    is integrated backwards from 0 for so many seconds.
    """
    n = len(k)
    side = np.arange(-limit, limit + 1)
    grid = np.stack(np.meshgrid(*[side] * n, indexing="ij"))
    penalty = gamma / 2 * np.einsum("i...,ij,j...->...", grid, covariance, grid)
    extra = [np.log1p(xi / ki) / xi if xi else 1 / ki for ki in k]
    level = [
        ai / (ki + xi) * np.exp(-ki * ei)
        for ai, ki, ei in zip(a, k, extra, strict=True)
    ]

    def worse(value: np.ndarray, i: int, way: int) -> np.ndarray:
        """Return v(q) - v(q + way e_i), infinite past the limit."""
        moved = np.roll(value, -way, axis=i)
        edge = [slice(None)] * n
        edge[i] = slice(-1, None) if way > 0 else slice(0, 1)
        moved[tuple(edge)] = -np.inf
        return value - moved

    def earned(_: float, flat: np.ndarray) -> np.ndarray:
        value = flat.reshape(penalty.shape)
        total = -penalty
        for i in range(n):
            for way in (1, -1):
                total = total + level[i] * np.exp(-k[i] * worse(value, i, way))
        return total.ravel()

    found = solve_ivp(
        earned,
        (0, seconds),
        np.zeros(penalty.size),
        method="RK45",
        rtol=1e-7,
        atol=1e-8,
    )
    value = found.y[:, -1].reshape(penalty.shape)
    bids = np.stack([extra[i] + worse(value, i, 1) for i in range(n)])
    asks = np.stack([extra[i] + worse(value, i, -1) for i in range(n)])
    return bids, asks


def glft_eigenvector(
    *, gamma: float, k: float, a: float, sigma: float, limit: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact long-run bid and ask depths, from -limit + 1 to limit - 1.

    Orders of one lot, xi = gamma. The value is the eigenvector of the smallest
    eigenvalue of the tridiagonal matrix of Gueant, Lehalle and Fernandez-Tapia 2013,
    section 4: alpha q^2 on the diagonal, -eta beside it.
    """
    q = np.arange(-limit, limit + 1)
    alpha = k / 2 * gamma * sigma**2
    eta = a * (1 + gamma / k) ** -(1 + k / gamma)
    _, vectors = eigh_tridiagonal(
        alpha * q**2.0, np.full(2 * limit, -eta), select="i", select_range=(0, 0)
    )
    f = np.log(np.abs(vectors[:, 0]))
    fixed = np.log1p(gamma / k) / gamma
    return fixed + (f[1:-1] - f[2:]) / k, fixed + (f[1:-1] - f[:-2]) / k
