"""Notices: things that happen and are told as they are.

``user.mmp_trigger.{index or any}``: protection was triggered; ``user.lock`` and
``user.access_log`` of an account; ``platform_state``, ``announcements`` to everybody.
Nothing is sent to begin with, except by ``platform_state.public_methods_state``; a
notice goes out with the turn that gave rise to it.
Source: docs.deribit.com, subscriptions, 2026-08-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sim.venue.feeds.feed import ListFeed

if TYPE_CHECKING:
    from engine.sim.venue.api.connection import Connection


class NoticeFeed(ListFeed):
    """One message for every notice."""

    hears = ("notice",)

    def flush(self) -> None:
        """Send the gathered notices."""
        for row in self.taken():
            self.send(dict(row))


class PublicMethodsFeed(NoticeFeed):
    """``platform_state.public_methods_state``: whether one may ask without a login."""

    def greet(self, connection: Connection) -> None:
        """Say that one may."""
        self.send_one(connection, {"allow_unauthenticated_public_requests": True})
