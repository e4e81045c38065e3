"""Channels: what we want on each connection, against what the venue says it sends.

The venue drops channels it does not like from its answer without an error, so the
answer is compared with the question, and whatever is missing is named.

Source: docs.deribit.com, public/subscribe and private/subscribe, seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import ProtocolError
from engine.session.context import Context, Listing
from engine.session.flow import Ask, Script
from engine.session.link import Link
from engine.session.verdict import RAW_NEEDS_LOGIN, Reconnect, rejection, short

CHANNELS_PER_CALL_MAX = 500
BYTES_PER_CALL_MAX = 30_000
"""The venue takes frames up to 32 kB; the rest is the envelope."""

NAMED_MAX = 5
"""Channels named in one note; the others are counted."""

USER_CHANGES = "user.changes.any.any.raw"
PLATFORM_STATE = "platform_state"
INSTRUMENT_STATE = "instrument.state.any.any"
USER_PORTFOLIO = "user.portfolio."


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: its name, whether it is private, whether we can do without it.

    One of a closed instrument is asked for and not expected; it is asked for again when
    the instrument opens.
    """

    name: str
    is_private: bool
    is_vital: bool
    is_expected: bool = True


def book_channel(ctx: Context, one: Listing) -> str:
    """Return the name of an instrument's book channel."""
    return f"book.{one.name}.{ctx.settings.book_interval}"


def ticker_channel(ctx: Context, one: Listing) -> str:
    """Return the name of an instrument's ticker channel."""
    interval = "raw" if ctx.settings.book_interval == "raw" else "100ms"
    return f"ticker.{one.name}.{interval}"


def trades_channel(ctx: Context, one: Listing) -> str:
    """Return the name of an instrument's channel of trades."""
    return f"trades.{one.name}.{ctx.settings.book_interval}"


def wanted(ctx: Context, link: Link) -> list[Channel]:
    """Return the channels one connection should carry, private ones first."""
    channels = []
    if link is ctx.orders_link:
        channels.append(Channel(USER_CHANGES, True, True))
        channels += [
            Channel(USER_PORTFOLIO + currency.lower(), True, False)
            for currency in ctx.currencies()
        ]
    if link is ctx.market_link:
        channels.append(Channel(PLATFORM_STATE, False, False))
        channels.append(Channel(INSTRUMENT_STATE, False, False))
        for one in ctx.subscribed():
            is_open = not one.hold
            is_vital = one.plan is not None and is_open
            channels.append(Channel(book_channel(ctx, one), False, is_vital, is_open))
            channels.append(Channel(ticker_channel(ctx, one), False, False, is_open))
            if ctx.settings.hears_trades:
                name = trades_channel(ctx, one)
                channels.append(Channel(name, False, False, is_open))
    return channels


def subscribe_missing(ctx: Context) -> Script[None]:
    """Make every connection carry what it should, by asking for the difference.

    Raises: Reconnect when a vital channel cannot be had.
    """
    for link in ctx.links:
        channels = wanted(ctx, link)
        names = {channel.name for channel in channels}
        superfluous = [name for name in link.confirmed if name not in names]
        yield from unsubscribe(ctx, link, superfluous)
        missing = [one for one in channels if one.name not in link.confirmed]
        for is_private in (True, False):
            some = [one for one in missing if one.is_private is is_private]
            yield from _subscribe(ctx, link, some, is_private)


def _subscribe(
    ctx: Context, link: Link, channels: Sequence[Channel], is_private: bool
) -> Script[None]:
    """Subscribe channels on one connection and check what the venue confirmed."""
    if not channels:
        return
    asked = {channel.name: channel for channel in channels}
    for one in ctx.subscribed():
        if book_channel(ctx, one) in asked:
            ctx.core.expect_snapshot(one.index)
    lost = yield from subscribe(ctx, link, list(asked), is_private)
    lost = [name for name in lost if asked[name].is_expected]
    if not lost:
        return
    more = f" and {len(lost) - NAMED_MAX} more" if len(lost) > NAMED_MAX else ""
    text = f"not subscribed: {', '.join(lost[:NAMED_MAX])}{more}"
    if any(asked[name].is_vital for name in lost):
        raise Reconnect(link.conn, text, level="critical")
    ctx.note("error", "subscribe", text)


def subscribe(
    ctx: Context, link: Link, names: Sequence[str], is_private: bool = False
) -> Script[list[str]]:
    """Subscribe; return the names the venue did not confirm.

    Raises: Reconnect when the connection is not logged in or the venue refuses.
    """
    if not link.is_logged_in:
        raise Reconnect(link.conn, "channels asked for before the login")
    method = "private/subscribe" if is_private else "public/subscribe"
    lost: list[str] = []
    for part in chunks(names):
        confirmed = yield from _call(ctx, link, method, part)
        for name in part:
            if name in confirmed:
                link.confirmed[name] = None
            else:
                lost.append(name)
    return lost


def unsubscribe(ctx: Context, link: Link, names: Sequence[str]) -> Script[None]:
    """Unsubscribe public channels; one that was not subscribed is no error."""
    for part in chunks(names):
        yield from _call(ctx, link, "public/unsubscribe", part)
        for name in part:
            link.confirmed.pop(name, None)


def _call(
    ctx: Context, link: Link, method: str, names: list[str]
) -> Script[dict[str, None]]:
    """Make one call; return the channels in its answer."""
    (reply,) = yield from ctx.ask_all((Ask(link.conn, method, {"channels": names}),))
    if reply.code == RAW_NEEDS_LOGIN:
        text = f"raw channels need a login the venue does not see here: {names[0]}"
        raise Reconnect(link.conn, text)
    if reply.code:
        raise rejection(method, reply.code, reply.message)
    return _names(method, reply.result)


def _names(method: str, result: Any) -> dict[str, None]:
    if not isinstance(result, list):
        text = f"{method}: a list of channels was expected, not {short(result)}"
        raise ProtocolError(text)
    return {name: None for name in result if isinstance(name, str)}


def chunks(names: Sequence[str]) -> Iterator[list[str]]:
    """Split channel names into calls the venue accepts."""
    part: list[str] = []
    size = 0
    for name in names:
        cost = len(name) + 3
        full = len(part) == CHANNELS_PER_CALL_MAX or size + cost > BYTES_PER_CALL_MAX
        if part and full:
            yield part
            part, size = [], 0
        part.append(name)
        size += cost
    if part:
        yield part
