"""The vol surfaces of the venue, drawn once a second as one smile for each expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sim.venue.products.pricing import years_left
from engine.sim.venue.products.surface import Smile, volatility_index
from engine.sim.venue.units import ref_price

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market


class Smiles:
    """One surface for each index, one smile for each expiry that has a future."""

    def __init__(self) -> None:
        self.futures: dict[str, dict[int, Market]] = {}
        self._smiles: dict[str, dict[int, Smile]] = {}

    def follow(self, future: Market, now_ms: int) -> None:
        """Draw a smile around a dated future from now on."""
        i = future.instrument
        self.futures.setdefault(i.index_name, {})[i.expiry_ms] = future
        self._draw(future, now_ms)

    def forget(self, future: Market) -> None:
        """Stop drawing the smile of an expired future."""
        i = future.instrument
        self.futures.get(i.index_name, {}).pop(i.expiry_ms, None)
        self._smiles.get(i.index_name, {}).pop(i.expiry_ms, None)

    def underlying(self, index_name: str, expiry_ms: int) -> Market:
        """Return the future that an option is written on.

        Raises:
            KeyError: no future expires then.
        """
        return self.futures[index_name][expiry_ms]

    def smile(self, index_name: str, expiry_ms: int) -> Smile:
        """Return the smile of an expiry as last drawn."""
        return self._smiles[index_name][expiry_ms]

    def redraw(self, now_ms: int) -> None:
        """Draw every smile around its future's mark.

        Cost: about a microsecond for each expiry.
        """
        for futures in self.futures.values():
            for future in futures.values():
                self._draw(future, now_ms)

    def volatility_index(self, index_name: str) -> float:
        """Return the 30-day volatility index in percent.

        Empty: 0 when no expiry is listed.
        """
        return volatility_index(list(self._smiles.get(index_name, {}).values()))

    def _draw(self, future: Market, now_ms: int) -> None:
        i = future.instrument
        smiles = self._smiles.setdefault(i.index_name, {})
        smiles[i.expiry_ms] = Smile(
            future.index.surface,
            ref_price(future.mark_ref),
            years_left(i.expiry_ms, now_ms),
        )
