"""Login: grants, tokens, scopes.

Tokens are texts of an HMAC over a counter under the venue's seed: the same venue gives
the same tokens, and nobody without the seed can guess one. ``connection`` scope ties a
token to its socket; ``session:NAME`` survives it, 16 sessions per account at most.
Source: docs.deribit.com, public/auth, authentication, access scope, 2026-08-22.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.sim.venue.api.scopes import (
    LEVELS,
    Network,
    Wish,
    lower,
    reaches,
    read_scope,
    scope_text,
)
from engine.sim.venue.errors import Reject, bad_param

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.exchange import Exchange

SECOND_NS = 1_000_000_000
SIGNATURE_WINDOW_MS = 60_000
SESSIONS_MAX = 16
LOGINS_MAX = 32
NONCES_MAX = 100_000


@dataclass(eq=False, slots=True)
class Token:
    """One login. Empty: session "" = connection scope, serial 0 = any socket.

    ``slot`` is the session it takes up: its own name or, without one, a made-up one.
    ``key`` is the account whose key it was granted to, which an exchange leaves as it
    is; ``network`` is where it may be used from, None = anywhere.
    """

    account: Account
    key: Account
    scopes: dict[str, str]
    session: str
    serial: int
    network: Network | None = None
    slot: str = ""
    access: str = ""
    refresh: str = ""
    expires_ns: int = 0
    lifetime_s: int = 0
    valid: bool = True

    def allows(self, scope: str) -> bool:
        """Say whether the token grants e.g. ``trade:read_write``."""
        category, _, level = scope.partition(":")
        granted = self.scopes.get(category, "none")
        return LEVELS[granted] >= LEVELS[level]

    def scope_text(self) -> str:
        """Return the granted scopes as the answer shows them."""
        is_main = not self.account.main
        return scope_text(self.scopes, self.session, self.network, is_main)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a client signed: ``text`` is its data, or the whole HTTP request."""

    client_id: str
    timestamp_ms: int
    nonce: str
    text: str
    signature: str


def sign(secret: str, timestamp_ms: int, nonce: str, text: str) -> str:
    """Return the signature of a client over its data or its HTTP request.

    Source: docs.deribit.com, authentication: lower-case hex of HMAC-SHA256 under the
    client secret over timestamp, nonce and text, joined by line feeds.
    """
    message = f"{timestamp_ms}\n{nonce}\n{text}".encode(errors="surrogateescape")
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


class Authority:
    """Grants, renews, checks and withdraws tokens."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._seed = hashlib.sha256(b"halfspread %d" % exchange.config.seed).digest()
        self._count = 0
        self._by_access: dict[str, Token] = {}
        self._by_refresh: dict[str, Token] = {}
        self._sessions: dict[str, dict[str, list[Token]]] = {}
        self._nonces: dict[tuple[str, str], int] = {}
        self._nonce_order: deque[tuple[str, str]] = deque()

    def authenticate(self, params: Mapping[str, Any], connection: Connection) -> Token:
        """Answer one ``public/auth`` and return the token it grants.

        Raises:
            Reject: 13004 wrong credentials or signature, 13009 bad refresh token.
        """
        grant = params["grant_type"]
        if grant == "refresh_token":
            return self._renew(_need(params, "refresh_token"), connection)
        account = self._account(_need(params, "client_id"))
        if grant == "client_credentials":
            self._check_secret(account, _need(params, "client_secret"), connection)
        else:
            self._check_signature(account, params, connection)
        self._exchange.note_login(account, connection.peer, "success")
        wish = read_scope(str(params.get("scope", "")))
        return self._grant(account, wish, connection)

    def fork(self, refresh_token: str, session: str) -> Token:
        """Return a login of another session with the same scopes.

        Raises:
            Reject: 13009 bad refresh token, 11050 not that of a session.
        """
        token = self._refreshable(refresh_token, None)
        if not token.slot:
            raise Reject("bad_request", data={"reason": "not a session token"})
        forked = replace(token, scopes=dict(token.scopes), session=session)
        return self._open(forked, session)

    def exchange(
        self, refresh_token: str, user_id: int, scope: str, connection: Connection
    ) -> Token:
        """Return a login of another account of the same family.

        A main account's key reaches its subaccounts, and from there each other and
        back. With a session of its own in the scope the login is one more, without
        one it takes the place of the old.

        Raises:
            Reject: 13009 bad refresh token, 13021 not an account of the family.
        """
        token = self._refreshable(refresh_token, connection)
        account = self._relative(token.key, user_id)
        wish = read_scope(scope)
        granted = wish.granted(token.scopes)
        own = _scopes(account)
        granted = {c: lower(level, own[c]) for c, level in granted.items() if c in own}
        new = replace(
            token,
            account=account,
            scopes=granted,
            network=wish.network or token.network,
            lifetime_s=_lifetime(wish, token.lifetime_s),
        )
        if wish.session:
            new.session, new.serial = wish.session, 0
            return self._open(new, wish.session)
        self.withdraw(token)
        if token.slot:
            return self._open(new, token.slot)
        self._stamp(new)
        return new

    def admit(self, client_id: str, secret: str, connection: Connection) -> Token:
        """Return a token for one request that brought the key itself.

        Raises:
            Reject: 13004 wrong credentials.
        """
        account = self._account(client_id)
        self._check_secret(account, secret, connection)
        return self._for_one_request(account, connection)

    def admit_signed(self, signed: Signed, connection: Connection) -> Token:
        """Return a token for one request that brought a signature of itself.

        Raises:
            Reject: 13004 wrong signature, old timestamp, nonce used before.
        """
        account = self._account(signed.client_id)
        self._check_signed(account, signed, connection)
        return self._for_one_request(account, connection)

    def verify(self, access_token: str, connection: Connection) -> Token:
        """Return the token of an access token that travels with a request.

        Raises:
            Reject: 13009 unknown, expired or another socket's.
        """
        token = self._by_access.get(access_token)
        if token is None or not self.usable(token, connection):
            raise Reject("unauthorized", data={"reason": "invalid_token"})
        return token

    def usable(self, token: Token, connection: Connection) -> bool:
        """Say whether a token still opens doors on a connection."""
        if not token.valid or token.expires_ns <= self._exchange.now_ns:
            return False
        if not reaches(token.network, connection.peer):
            return False
        return not token.serial or token.serial == connection.serial

    def row(self, token: Token, state: str | None) -> dict[str, Any]:
        """Return the answer of ``public/auth``."""
        row: dict[str, Any] = {
            "access_token": token.access,
            "enabled_features": [],
            "expires_in": token.lifetime_s,
            "google_login": False,
            "mandatory_tfa_status": "disabled",
            "refresh_token": token.refresh,
            "scope": token.scope_text(),
            "sid": token.refresh[-12:],
            "token_type": "bearer",
        }
        if state is not None:
            row["state"] = state
        return row

    def token_row(self, token: Token) -> dict[str, Any]:
        """Return the answer of ``public/fork_token`` and ``exchange_token``."""
        row = self.row(token, None)
        names = ("access_token", "expires_in", "refresh_token", "scope", "sid")
        return {name: row[name] for name in (*names, "token_type")}

    def withdraw(self, token: Token) -> None:
        """End a token for good."""
        token.valid = False
        self._by_access.pop(token.access, None)
        self._by_refresh.pop(token.refresh, None)
        sessions = self._sessions.get(token.key.name, {})
        if token in sessions.get(token.slot, ()):
            sessions[token.slot].remove(token)
            if not sessions[token.slot]:
                del sessions[token.slot]

    def connection_ended(self, connection: Connection) -> None:
        """Withdraw a token that lives only as long as its socket."""
        token = connection.token
        if token is not None and token.serial == connection.serial:
            self.withdraw(token)

    # Grants.

    def _account(self, client_id: str) -> Account:
        account = self._exchange.accounts.get(client_id)
        if account is None or account.internal:
            raise Reject("invalid_credentials")
        return account

    def _check_secret(
        self, account: Account, secret: str, connection: Connection
    ) -> None:
        if not hmac.compare_digest(_secret(account).encode(), secret.encode()):
            self._refuse(account, connection, "wrong_secret")

    def _refuse(self, account: Account, connection: Connection, reason: str) -> None:
        """Refuse a login, of which its account is told."""
        self._exchange.note_login(account, connection.peer, "failure")
        raise Reject("invalid_credentials", data={"reason": reason})

    def _check_signature(
        self, account: Account, params: Mapping[str, Any], connection: Connection
    ) -> None:
        signed = Signed(
            account.name,
            _need(params, "timestamp"),
            params.get("nonce", ""),
            params.get("data", ""),
            str(_need(params, "signature")),
        )
        self._check_signed(account, signed, connection)

    def _check_signed(
        self, account: Account, signed: Signed, connection: Connection
    ) -> None:
        now_ms = self._exchange.now_ms
        expected = sign(
            _secret(account), signed.timestamp_ms, signed.nonce, signed.text
        )
        if not hmac.compare_digest(expected.encode(), signed.signature.encode()):
            self._refuse(account, connection, "bad_signature")
        if abs(now_ms - signed.timestamp_ms) > SIGNATURE_WINDOW_MS:
            self._refuse(account, connection, "bad_timestamp")
        if not self._use_nonce((account.name, signed.nonce), now_ms):
            self._refuse(account, connection, "bad_nonce")

    def _use_nonce(self, key: tuple[str, str], now_ms: int) -> bool:
        """Take a nonce; False when it was used within the last two windows."""
        keep_ms = now_ms - 2 * SIGNATURE_WINDOW_MS
        while self._nonce_order and (
            self._nonces[self._nonce_order[0]] < keep_ms
            or len(self._nonces) >= NONCES_MAX
        ):
            del self._nonces[self._nonce_order.popleft()]
        if key in self._nonces:
            return False
        self._nonces[key] = now_ms
        self._nonce_order.append(key)
        return True

    def _relative(self, key: Account, user_id: int) -> Account:
        """Return the account of a number that a key reaches."""
        for account in self._exchange.accounts.values():
            if account.user_id == user_id and not account.internal:
                if account is key or account.main == key.name:
                    return account
                break
        raise Reject("forbidden", data={"reason": "no such subaccount"})

    def _grant(self, account: Account, wish: Wish, connection: Connection) -> Token:
        token = Token(
            account,
            account,
            wish.granted(_scopes(account)),
            wish.session,
            0,
            wish.network,
            lifetime_s=_lifetime(wish, self._exchange.config.expires_in_s),
        )
        if wish.session or connection.http:
            # A login over HTTP has no socket to die with: it is a session as well.
            return self._open(token, wish.session or f"unnamed {self._count}")
        token.serial = connection.serial
        self._stamp(token)
        return token

    def _open(self, token: Token, slot: str) -> Token:
        """Let a token begin as a login of a session."""
        token.slot, token.valid = slot, True
        self._open_session(token)
        self._stamp(token)
        return token

    def _for_one_request(self, account: Account, connection: Connection) -> Token:
        """Return a token nobody else will ever see; it ends with the connection."""
        token = Token(account, account, _scopes(account), "", connection.serial)
        lifetime_ns = self._exchange.config.expires_in_s * SECOND_NS
        token.expires_ns = self._exchange.now_ns + lifetime_ns
        return token

    def _open_session(self, token: Token) -> None:
        """Register a login of a session; the oldest session gives way to a new one.

        A session may have a login per socket; of those too the oldest gives way.
        """
        sessions = self._sessions.setdefault(token.key.name, {})
        if token.slot not in sessions and len(sessions) >= SESSIONS_MAX:
            for old in list(next(iter(sessions.values()))):
                self.withdraw(old)
        logins = sessions.setdefault(token.slot, [])
        logins.append(token)
        if len(logins) > LOGINS_MAX:
            self.withdraw(logins[0])

    def _refreshable(self, refresh_token: str, connection: Connection | None) -> Token:
        """Return the token of a refresh token; None = wherever it is bound to.

        Raises:
            Reject: 13009 unknown, or another socket's.
        """
        token = self._by_refresh.get(refresh_token)
        if token is not None and (
            connection is None or token.serial in (0, connection.serial)
        ):
            return token
        raise Reject("unauthorized", data={"reason": "invalid_token"})

    def _renew(self, refresh_token: str, connection: Connection) -> Token:
        token = self._refreshable(refresh_token, connection)
        self._by_access.pop(token.access, None)
        self._by_refresh.pop(token.refresh, None)
        self._stamp(token)
        return token

    def _stamp(self, token: Token) -> None:
        """Give a token its texts and its end."""
        token.access, token.refresh = self._text(), self._text()
        lifetime_ns = token.lifetime_s * SECOND_NS
        token.expires_ns = self._exchange.now_ns + lifetime_ns
        self._by_access[token.access] = token
        self._by_refresh[token.refresh] = token

    def _text(self) -> str:
        self._count += 1
        count = self._count.to_bytes(8, "big")
        digest = hmac.new(self._seed, count, hashlib.sha512).digest()
        text = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return f"{self._exchange.now_ms}.{text[:8]}.{text[8:]}"


def _secret(account: Account) -> str:
    assert account.config is not None, "internal accounts have no secret"
    return account.config.client_secret


def _scopes(account: Account) -> dict[str, str]:
    """Return everything the key of an account may be granted."""
    assert account.config is not None, "internal accounts cannot log in"
    return dict(one.split(":", 1) for one in account.config.scopes)


def _lifetime(wish: Wish, most_s: int) -> int:
    """Return how long a token lives: what was asked for, within what is given."""
    return most_s if wish.expires_s is None else max(min(wish.expires_s, most_s), 1)


def _need(params: Mapping[str, Any], name: str) -> Any:
    """Return a parameter the chosen grant cannot do without."""
    if name not in params:
        raise bad_param(name, "value required")
    return params[name]
