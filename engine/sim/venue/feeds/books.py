"""Books as they are told: every level and its changes, or grouped pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.feeds.feed import MarketFeed
from engine.sim.venue.markets.matching import BUY, SELL
from engine.sim.venue.units import fraction

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.feeds.channels import Channel


Levels = dict[int, int]


class BookFeed(MarketFeed):
    """``book.{instrument}.{interval}``: a snapshot, then a chain of changes.

    The chain is the channel's own: ``prev_change_id`` is the id of its last message.
    ``_before`` holds what the subscribers last saw at every price changed since; a late
    subscriber gets that older picture, so the one chain fits all.
    """

    hears = ("book",)

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self.change_id = self.market.change_id
        self._before: dict[tuple[int, int], int] = {}

    def take(self, touched: dict[tuple[int, int], int]) -> None:
        """Note prices that changed and what stood there before."""
        if not self._before:
            self._before.update(touched)
            return
        for key, lots in touched.items():
            self._before.setdefault(key, lots)

    def greet(self, connection: Connection) -> None:
        """Send the snapshot of what the channel has published so far."""
        self.send_one(
            connection,
            {
                "type": "snapshot",
                "timestamp": self.exchange.now_ms,
                "instrument_name": self.channel.target,
                "change_id": self.change_id,
                "bids": self._snapshot(BUY),
                "asks": self._snapshot(SELL),
            },
        )

    def flush(self) -> None:
        """Send every level that differs from what was last published."""
        i, book = self.market.instrument, self.market.book
        bids: list[list[Any]] = []
        asks: list[list[Any]] = []
        for (side, ticks), before in self._before.items():
            lots = book.lots_at(side, ticks)
            if lots == before:
                continue
            action = ("change" if before else "new") if lots else "delete"
            level = [action, i.price(ticks), i.amount(lots)]
            (bids if side == BUY else asks).append(level)
        self._before.clear()
        if not bids and not asks:
            return
        previous, self.change_id = self.change_id, self.market.change_id
        self.send(
            {
                "timestamp": self.exchange.now_ms,
                "type": "change",
                "change_id": self.change_id,
                "instrument_name": self.channel.target,
                "bids": bids,
                "asks": asks,
                "prev_change_id": previous,
            }
        )

    def _snapshot(self, side: int) -> list[list[Any]]:
        i = self.market.instrument
        levels = dict(self.market.book.levels(side))
        for (changed_side, ticks), before in self._before.items():
            if changed_side == side:
                levels[ticks] = before
        prices = sorted(levels, reverse=side == BUY)
        return [
            ["new", i.price(ticks), i.amount(levels[ticks])]
            for ticks in prices
            if levels[ticks]
        ]


class GroupedBookFeed(MarketFeed):
    """``book.{instrument}.{group}.{depth}.{interval}``: whole pictures, no chain.

    Group steps are in quote currency for BTC and in hundredths of it for ETH.
    """

    hears = ("book",)

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self.depth = int(channel.depth)
        i = self.market.instrument
        self.step_ticks = 1
        if channel.group != "none":
            numerator, denominator = fraction(channel.group)
            denominator *= 100 if i.base == "ETH" else 1
            step = numerator * i.tick_den // (denominator * i.tick_num)
            self.step_ticks = max(step, 1)
        self._sent = self._levels()

    def greet(self, connection: Connection) -> None:
        """Send the picture of now."""
        self.send_one(connection, self._picture(self._levels()))

    def flush(self) -> None:
        """Send the picture of now if it differs from the last one."""
        levels = self._levels()
        if levels != self._sent:
            self._sent = levels
            self.send(self._picture(levels))

    def _picture(self, levels: tuple[Levels, Levels]) -> dict[str, Any]:
        i = self.market.instrument
        bids, asks = (
            [[i.price(ticks), i.amount(lots)] for ticks, lots in side.items()]
            for side in levels
        )
        return {
            "timestamp": self.exchange.now_ms,
            "instrument_name": self.channel.target,
            "change_id": self.market.change_id,
            "bids": bids,
            "asks": asks,
        }

    def _levels(self) -> tuple[Levels, Levels]:
        return self._side(BUY), self._side(SELL)

    def _side(self, side: int) -> Levels:
        """Return lots by price of the group, best first; a price away from the touch.

        Cost: O(levels within the depth).
        """
        step = self.step_ticks
        grouped: Levels = {}
        for ticks, lots in self.market.book.levels(side):
            group = ticks // step * step if side == BUY else -(-ticks // step) * step
            if group not in grouped and len(grouped) == self.depth:
                break
            grouped[group] = grouped.get(group, 0) + lots
        return grouped
