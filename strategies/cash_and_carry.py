"""Hold a dated future against the perpetual to delivery when the carry pays."""

from engine import CarryTaker


class CashAndCarry(CarryTaker):
    """Sell a dear future and buy the perpetual (or the reverse); keep both to the end.

    Idea: both end at one price, so what is locked in is ln(future / perpetual) less the
    funding the perpetual pays until then. It must beat all fees, those of the end too,
    and a hurdle for the time. docs/strategies/cash_and_carry.md has the equations.

    Parameters (all by name; the same ones on both legs):
        future, perpetual: the instruments. The future leads, the perpetual follows.
        hurdle_rate: what the position has to earn beyond all costs, a fraction a year.
        funding_8h: mean funding rate expected until delivery, a fraction for 8 hours.
            Default 0.
        funding_half_life_s: the rate of now goes back to it so. Default at once.
        delivery_fee: of the future, a fraction of its value. Default 0.00025.
        edge_bps: least profit beyond the hurdle of opening, bps. Default 0.
        clip_lots, exit_bps, reach_ticks, leg_timeout_s, stop_s: as in
            strategies/basis_arbitrage.py; exit_bps is the least profit of leaving early
            against holding on.

    What kills it: funding that is not its mean, margin calls on one leg while the other
    gains (both are in one account, but not at one price), and a wide exit.
    """
