"""Usage: how many changes of the books an account makes for what it trades as maker.

A change is an insert, an amend or a cancel: each side of a mass quote, each order of a
mass cancel; an order cancelled at once (immediate-or-cancel, fill-or-kill) is two.
Cancels by market-maker protection and self-trade prevention are counted apart. Volume
is what traded against the account's resting orders, in the base coin. The venue
watches the ratio per product group and currency, and calls more than 10,000 changes
per BTC, or 1,000 per ETH, high; it does not refuse anything for it.
Source: docs.deribit.com, API usage policy, 2026-08-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.trading.exposure import quantity_of
from engine.sim.venue.trading.mmp import TRIGGER
from engine.sim.venue.units import ATTO, coins

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.products.instruments import Instrument

PROTECTIVE = (TRIGGER, "order_overlap", "order_overlap_another_sub")


class Tally:
    """The counts of one product group in one currency. Units: volume in atto."""

    __slots__ = ("changes", "protective", "volume")

    def __init__(self) -> None:
        self.changes = self.protective = self.volume = 0

    @property
    def ratio(self) -> float | None:
        """Return changes per coin of maker volume, None when nothing traded."""
        return self.changes * ATTO / self.volume if self.volume else None


class Usage:
    """The counts of one account."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], Tally] = {}

    def changed(self, instrument: Instrument) -> None:
        """Count an insert or an amend."""
        self._tally(instrument).changes += 1

    def cancelled(self, instrument: Instrument, reason: str) -> None:
        """Count a cancel."""
        tally = self._tally(instrument)
        if reason in PROTECTIVE:
            tally.protective += 1
        else:
            tally.changes += 1

    def made(self, market: Market, lots: int, ticks: int) -> None:
        """Count what traded against a resting order."""
        self._tally(market.instrument).volume += quantity_of(market, lots, ticks)

    def rows(self) -> list[dict[str, Any]]:
        """Return every count, in the order of first use."""
        return [
            {
                "product_group": group,
                "currency": currency,
                "changes": tally.changes,
                "protective_cancels": tally.protective,
                "maker_volume": coins(tally.volume),
                "order_to_volume": tally.ratio,
            }
            for (group, currency), tally in self._tallies.items()
        ]

    def _tally(self, instrument: Instrument) -> Tally:
        key = (instrument.product_group, instrument.currency)
        return self._tallies.setdefault(key, Tally())
