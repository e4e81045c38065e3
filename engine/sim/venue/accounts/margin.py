"""Margin in the standard model, each currency on its own (``segregated_sm``).

Futures: value at the mark times a rate that grows with the position,

    initial      1 / max_leverage      + factor * position in coins
    maintenance  1 / max_leverage / 2  + factor * position in coins

with a factor of 0.005 % for BTC, 0.0004 % for ETH, 0.0005 % for others.

Options: a long one needs nothing beside its premium; a short one, per coin,

    call  initial max(0.15 - out of the money / underlying, 0.1) + mark
          maintenance 0.075 + mark
    put   initial the same, at least its maintenance
          maintenance max(0.075, 0.075 * mark) + mark

in coins; linear ones the same times the index, in USDC. The option's own value is no
collateral (margin balance = equity - options value), so its mark stands in the margin.

Open orders: the worst of no fill, all buys and all sells; buys of options also pay
their premium, sells get no credit for it. A combo counts in its legs. Spot orders
reserve what they would pay. Positions are never liquidated here: an account below its
maintenance margin can only not add to its risk.

Source: support.deribit.com, inverse and linear perpetual, seen 2026-09; margin changes
of 2022-01-11 (factors of BTC and ETH); standard margin of options as restated by
doc.tslab.pro, seen 2026-09. The factor of other coins is that of SOL. Simplifications:
no netting between instruments, and no credit for a spread's defined risk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sim.venue.units import ATTO, REF, divide

if TYPE_CHECKING:
    from engine.sim.venue.accounts.position import Position

FACTORS = {"BTC": 50_000, "ETH": 4_000}  # per coin, in 1e-9
FACTOR = 5_000
FACTOR_UNIT = 10**9
SHORT_OPTION = 15 * ATTO // 100
SHORT_OPTION_MIN = ATTO // 10
SHORT_OPTION_KEPT = 75 * ATTO // 1_000


def initial(position: Position) -> int:
    """Return the initial margin of a position and its open orders, in atto."""
    size = position.size
    if position.instrument.is_option:
        bought = _option(position, size + position.buy_lots, False)
        return max(
            _option(position, size, False),
            bought + position.buy_value,
            _option(position, size - position.sell_lots, False),
        )
    worst = max(abs(size + position.buy_lots), abs(size - position.sell_lots))
    return _future(position, max(worst, abs(size)), 1)


def of_position(position: Position) -> int:
    """Return the initial margin of a position without its orders, in atto."""
    if position.instrument.is_option:
        return _option(position, position.size, False)
    return _future(position, abs(position.size), 1)


def maintenance(position: Position) -> int:
    """Return the maintenance margin of a position, in atto."""
    if position.instrument.is_option:
        return _option(position, position.size, True)
    return _future(position, abs(position.size), 2)


def leverage(position: Position) -> int:
    """Return the leverage a future's size still allows, whole, at least 1."""
    size = abs(position.size)
    margin = _future(position, size, 1) if size else 0
    if not margin:
        return position.instrument.max_leverage
    value = position.instrument.value_at_ref(size, position.market.mark_ref)
    return max(value // margin, 1)


def _future(position: Position, lots: int, share: int) -> int:
    """Return the margin of some lots of a future; ``share`` 2 halves the base rate."""
    if not lots:
        return 0
    instrument, mark_ref = position.instrument, position.market.mark_ref
    value = instrument.value_at_ref(lots, mark_ref)
    size = value if instrument.inverse else instrument.units(lots)
    factor = FACTORS.get(instrument.base, FACTOR)
    base = divide(value, share * instrument.max_leverage)
    return base + divide(value * size * factor, ATTO * FACTOR_UNIT)


def _option(position: Position, size: int, kept: bool) -> int:
    """Return the margin of some lots of an option; ``kept`` = to keep a position."""
    if size >= 0:
        return 0
    instrument, market = position.instrument, position.market
    under = market.underlying
    under_ref = market.index.ref if under is None else under.mark_ref
    # Per coin: of the coin where the option is paid in it, else of the index price.
    scale = REF if instrument.reversed else market.index.ref
    mark = divide(market.mark_ref * ATTO, scale)
    is_call = instrument.contract.option_type == "call"
    keep = SHORT_OPTION_KEPT if is_call else _put_kept(mark)
    rate = keep + mark
    if not kept:
        out = (instrument.strike_ref - under_ref) * (1 if is_call else -1)
        need = SHORT_OPTION - divide(max(out, 0) * ATTO, under_ref)
        need = max(need, SHORT_OPTION_MIN) + mark
        rate = need if is_call else max(need, rate)
    units = instrument.units(-size)
    return divide(units * rate * scale, ATTO * REF)


def _put_kept(mark: int) -> int:
    return max(SHORT_OPTION_KEPT, divide(SHORT_OPTION_KEPT * mark, ATTO))
