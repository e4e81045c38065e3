"""Quote formulas in long decimals, straight from the papers."""

from decimal import Decimal, localcontext

DIGITS = 60


def avellaneda_stoikov(
    fair: float,
    inventory: float,
    *,
    sigma: float,
    gamma: float,
    k: float,
    horizon: float,
    unit: float = 1.0,
) -> tuple[float, float]:
    """Return bid and ask of Avellaneda and Stoikov 2008, eq. (29) and (30).

    The paper's inventory counts orders of one unit: with orders of ``unit`` lots it is
    ``inventory / unit`` and risk aversion per unit is ``gamma * unit``.
    """
    with localcontext() as context:
        context.prec = DIGITS
        s, sig, t = Decimal(fair), Decimal(sigma), Decimal(horizon)
        q = Decimal(inventory) / Decimal(unit)
        g = Decimal(gamma) * Decimal(unit)
        reservation = s - q * g * sig**2 * t
        spread = g * sig**2 * t + 2 / g * (1 + g / Decimal(k)).ln()
        return float(reservation - spread / 2), float(reservation + spread / 2)


def glft(
    *, gamma: float, xi: float, k: float, a: float, delta: float
) -> tuple[float, float]:
    """Return c1 and c2 of Gueant 2017, eq. (4.6) and (4.7); xi = 0 by its limit."""
    with localcontext() as context:
        # 1 + x must keep its x, down to the smallest double, 5e-324.
        context.prec = DIGITS if xi == 0 or xi > 1e-31 else 400
        g, x, kk, aa, d = (Decimal(v) for v in (gamma, xi, k, a, delta))
        if x == 0:
            c1, power = 1 / kk, Decimal(1).exp()
        else:
            base = 1 + x * d / kk
            c1 = base.ln() / (x * d)
            power = ((kk / (x * d) + 1) * base.ln()).exp()
        return float(c1), float((g / (2 * aa * d * kk) * power).sqrt())
