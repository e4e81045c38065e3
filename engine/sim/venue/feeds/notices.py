"""Private notices: things that happen to an account and are told as they are.

``user.mmp_trigger.{index or any}``: protection was triggered. Nothing is sent to begin
with; a notice goes out with the turn that gave rise to it.
Source: docs.deribit.com, private subscriptions, 2026-08-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.feeds.channels import Channel, Feed

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.exchange import Exchange


class NoticeFeed(Feed):
    """One message for every notice."""

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._rows: list[dict[str, Any]] = []

    def take(self, row: dict[str, Any]) -> None:
        """Gather one notice."""
        self._rows.append(row)

    def flush(self) -> None:
        """Send the gathered notices."""
        rows, self._rows = self._rows, []
        for row in rows:
            self.send(row)
