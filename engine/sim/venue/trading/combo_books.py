"""Books of combos: opened when somebody asks for one, closed when nobody trades it.

Asking for a combo that is there returns it; one that went inactive opens again. When
``OPTION_COMBOS_SOFT`` option combos are open, each new one closes the one that has
traded least in two hours, as long as that is nothing; at ``OPTION_COMBOS_MAX`` no more
are opened (13035).
Source: support.deribit.com, combo books, seen 2026-11 (soft and hard limit, two hours);
docs.deribit.com, private/create_combo, 2026-08-22. The numbers are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sim.venue.errors import Reject
from engine.sim.venue.products.combos import Combo, combo_of

if TYPE_CHECKING:
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market

OPTION_COMBOS_SOFT, OPTION_COMBOS_MAX = 300, 600
QUIET_MS = 2 * 3_600_000
INACTIVE = "inactive"
GONE = (INACTIVE, "delivered", "archivized")


def is_active(market: Market) -> bool:
    """Say whether a combo is active as opposed to inactive."""
    return market.state not in GONE


def find(legs: list[tuple[Market, int]]) -> Combo | None:
    """Return the combo of markets with signed ratios, None when there is none."""
    return combo_of([(leg.instrument.contract, ratio) for leg, ratio in legs])


def open_book(exchange: Exchange, combo: Combo) -> Market:
    """Return the open book of a combo, the one that is there or a new one.

    Raises:
        Reject: 13035, too many are open.
    """
    market = exchange.markets.get(combo.name)
    if market is None:
        _make_room(exchange)
        family = combo.name.partition("-")[0]
        perpetual = exchange.markets.get(f"{family}-PERPETUAL")
        is_spread = combo.legs[0][0].kind == "future"
        tick = None
        if is_spread and perpetual is not None:
            tick = perpetual.instrument.contract.tick_size
        created_ms = exchange.now_ms // 1_000 * 1_000
        market = exchange.list_more(combo.contract(0, created_ms, tick))
    elif market.state == INACTIVE:
        _make_room(exchange)
        exchange.set_state(combo.name, "open")
    return market


def _make_room(exchange: Exchange) -> None:
    """Close the quietest option combo when there are many."""
    exchange.check_room()
    active = [
        market
        for market in exchange.markets.values()
        if market.instrument.kind == "option_combo" and is_active(market)
    ]
    if len(active) < OPTION_COMBOS_SOFT:
        return
    since_ms = exchange.now_ms - QUIET_MS
    quiet = [
        market
        for market in active
        if not market.tape or market.tape[-1].time_ms < since_ms
    ]
    if quiet:
        oldest = min(quiet, key=lambda market: market.state_ms)
        exchange.close_market(oldest, INACTIVE)
    elif len(active) >= OPTION_COMBOS_MAX:
        raise Reject("active_combo_limit_reached")
