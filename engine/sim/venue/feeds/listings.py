"""Instruments as they come, change state and go."""

from __future__ import annotations

from engine.sim.venue.feeds.feed import ListFeed


class StateFeed(ListFeed):
    """``instrument.state.{kind}.{currency}``: new instruments and changes of state."""

    hears = ("state",)

    def flush(self) -> None:
        """Send one message for each change."""
        for market in self.taken():
            self.send(
                {
                    "timestamp": self.exchange.now_ms,
                    "state": market.state,
                    "instrument_name": market.instrument.name,
                }
            )


class CreationFeed(ListFeed):
    """``instrument.creation.{kind}.{currency}``: the row of each new instrument."""

    hears = ("created",)

    def flush(self) -> None:
        """Send one message for each new instrument."""
        for market in self.taken():
            row = market.instrument.row(market.state)
            self.send(row | {"timestamp": self.exchange.now_ms})
