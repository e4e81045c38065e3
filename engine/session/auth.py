"""Logging in, and keeping the login alive.

The engine never holds a secret: frames carry placeholders, which the shell's signer
fills on the way out, and tokens in the answers are swapped for placeholders on the way
in. Requests after the login carry no token, the socket itself is logged in.

Source: docs.deribit.com, public/auth and access scopes, seen 2026-08-22.
"""

from __future__ import annotations

from typing import Any

from engine.errors import ProtocolError, RequestRejected
from engine.session.context import Context
from engine.session.flow import Ask, Script, ask_one
from engine.session.link import Link, Stage
from engine.session.verdict import (
    LoginRefused,
    Reconnect,
    Verdict,
    as_object,
    verdict_of,
)

SCOPES_NEEDED = ("trade:read_write", "account:read_write")
"""Without the first no order, without the second no cancel-on-disconnect."""

REFRESH_PERCENT = 80
"""A token is refreshed after this part of its life."""

LIFE_MAX_S = 31_536_000
"""A longer life is counted as this long: one year."""

UNAUTHORIZED = (10000, 13009)
"""The venue does not know the key, or does not like it."""

_METHOD = "public/auth"
_NS = 1_000_000_000


class Nonce:
    """The latest nonce from the shell; each is used once."""

    def __init__(self) -> None:
        self._value = ""

    def put(self, value: str) -> None:
        """Take a fresh nonce; it replaces one that was not used."""
        self._value = value

    def take(self) -> str:
        """Return the nonce and forget it. Empty: "", there is none."""
        value, self._value = self._value, ""
        return value


def log_in(ctx: Context, link: Link, nonce: str) -> Script[None]:
    """Log one connection in and check what the venue granted.

    Raises: Reconnect when no nonce is there or the scope was narrowed; LoginRefused
        when the venue refuses the key.
    """
    params = _params(ctx, link, nonce)
    # A nonce that the venue may have seen is not shown again: it would refuse the key.
    ask = Ask(link.conn, _METHOD, params, once="nonce" in params)
    try:
        result = yield from ask_one(ask, ctx.note, ctx.backoff_ns)
    except RequestRejected as error:
        is_wrong = verdict_of(error.code) is Verdict.REFUSED
        # A key that worked in this run may be refused for a moment; one that never
        # worked is wrong, and knocking again would only get the address banned.
        if is_wrong or (error.code in UNAUTHORIZED and not ctx.has_recovered):
            raise LoginRefused(f"the venue refuses the login: {error}") from error
        raise
    _take_grant(ctx, link, result)
    link.stage = Stage.LOGGED_IN


def refresh(ctx: Context, link: Link) -> Script[None]:
    """Exchange the refresh token for a new one before the old one ends.

    Raises: Reconnect when the venue refuses it; a new connection logs in from scratch.
    """
    params = {"grant_type": "refresh_token", "refresh_token": "$REFRESH_TOKEN"}
    (reply,) = yield from ctx.ask_all((Ask(link.conn, _METHOD, params),))
    if reply.code:
        raise Reconnect(
            link.conn, f"token refresh was refused: {reply.code} {reply.message}"
        )
    _take_grant(ctx, link, reply.result)


def _params(ctx: Context, link: Link, nonce: str) -> dict[str, Any]:
    """Return the login request; the signer fills what starts with a dollar sign."""
    grant = ctx.settings.grant
    params: dict[str, Any] = {"grant_type": grant, "client_id": "$CLIENT_ID"}
    if grant == "client_signature":
        wall_ms = ctx.clock.wall_ms(ctx.now_ns)
        if wall_ms is None or not nonce:
            raise Reconnect(link.conn, "no nonce or wall clock came before the login")
        params |= {
            "timestamp": wall_ms,
            "nonce": nonce,
            "data": "",
            "signature": "$SIGNATURE",
        }
    else:
        params["client_secret"] = "$CLIENT_SECRET"
    scope = scope_for(ctx, link)
    if scope:
        params["scope"] = scope
    return params


def scope_for(ctx: Context, link: Link) -> str:
    """Return the scope to ask for on one connection.

    The market-data connection gets a session name of its own: the login of one
    connection must not touch the token of the other.
    """
    scope = ctx.settings.scope
    if link is ctx.orders_link:
        return scope
    words = scope.split()
    return " ".join(w + "-md" if w.startswith("session:") else w for w in words)


def _take_grant(ctx: Context, link: Link, result: Any) -> None:
    """Read the answer to a login: the scope that was granted and how long it lasts."""
    grant = as_object(_METHOD, result)
    granted = grant.get("scope")
    if not isinstance(granted, str):
        raise ProtocolError(f"{_METHOD}: the answer names no scope")
    if link is ctx.orders_link:
        missing = [word for word in SCOPES_NEEDED if word not in granted.split()]
        if missing:
            text = f"the key was granted {granted!r}; missing: {', '.join(missing)}"
            raise Reconnect(link.conn, text, level="critical")
    life_s = grant.get("expires_in")
    if not isinstance(life_s, int | float) or life_s <= 0:
        ctx.note("warning", "token", f"{_METHOD}: no expires_in, so no refresh")
        link.refresh_ns = link.expires_ns = 0
        return
    life_ns = int(min(life_s, LIFE_MAX_S) * _NS)
    link.refresh_ns = ctx.now_ns + life_ns * REFRESH_PERCENT // 100
    link.expires_ns = ctx.now_ns + life_ns
