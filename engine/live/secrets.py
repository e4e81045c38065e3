"""Credentials and the signer: the only code that ever holds a secret.

The core writes ``public/auth`` frames with placeholders. On the way out the signer
puts the real values in; on the way back it takes the tokens out of the answer, so
that neither the core nor the journal, and hence no log, metric or report, sees one.

Placeholders: ``$CLIENT_ID`` ``$SIGNATURE`` ``$CLIENT_SECRET`` ``$REFRESH_TOKEN``
outbound, ``$ACCESS_TOKEN`` ``$REFRESH_TOKEN`` inbound.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any, NoReturn, Protocol

import orjson

from engine.errors import NO_VALUE, ConfigError

SECRET_LENGTH_MIN = 8
"""Shorter texts are not hunted for in payloads: they would hit prices and ids."""

TOKENS_MAX = 16
"""Tokens remembered for scrubbing, over all connections; the oldest go first."""

PENDING_MAX = 8
"""Unanswered auth requests remembered per connection; the oldest go first."""

_AUTH = b"public/auth"
_TOKEN_KEYS = {"access_token": "$ACCESS_TOKEN", "refresh_token": "$REFRESH_TOKEN"}
# For an answer that is no whole JSON text: cut the value out, closed or not.
_TOKEN_TEXT = re.compile(rb'("(access|refresh)_token"\s*:\s*")[^"]*')


class CredentialSettings(Protocol):
    """What `Credentials.load` needs of the configuration's ``[credentials]``."""

    @property
    def id_env(self) -> str:
        """Name of the environment variable with the client id."""

    @property
    def secret_env(self) -> str:
        """Name of the environment variable with the secret."""

    @property
    def file(self) -> Path | None:
        """Path of a TOML file with both. Empty: None, the environment has them."""


class Credentials:
    """One API key: a client id and its secret. No text form shows the secret."""

    __slots__ = ("_secret", "client_id")

    def __init__(self, client_id: str, secret: str) -> None:
        self.client_id = client_id
        self._secret = secret

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r}, secret=hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials cannot be pickled or copied")

    def reveal(self) -> str:
        """Return the secret itself; only the signer asks."""
        return self._secret

    @classmethod
    def load(cls, settings: CredentialSettings) -> Credentials:
        """Read the key from the configured file, else from the environment.

        Raises: ConfigError when either half is missing or others can read the file.
        """
        if settings.file is not None:
            return cls.from_file(settings.file)
        return cls.from_environment(settings.id_env, settings.secret_env)

    @classmethod
    def from_environment(cls, id_env: str, secret_env: str) -> Credentials:
        """Read the key from two environment variables.

        Raises: ConfigError naming the variable that is missing or empty.
        """
        values = []
        for key, name in (("id_env", id_env), ("secret_env", secret_env)):
            value = os.environ.get(name, "")
            if not value:
                raise ConfigError(
                    "environment",
                    f"credentials.{key}",
                    name,
                    "this variable must hold a value, or set credentials.file",
                )
            values.append(value)
        return cls(*values)

    @classmethod
    def from_file(cls, path: Path) -> Credentials:
        """Read the key from a TOML file with ``client_id`` and ``client_secret``.

        Raises: ConfigError when the file is missing, open to others or malformed.
        """
        try:
            with path.open("rb") as stream:
                mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
                if mode & 0o077:
                    raise ConfigError(
                        path,
                        "mode",
                        f"{mode:04o}",
                        "group and others must have no access; chmod 600",
                    )
                table = tomllib.load(stream)
        except OSError as error:
            raise ConfigError(
                path, "credentials.file", NO_VALUE, f"cannot be read: {error.strerror}"
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            # The parser's own message may quote the line, and with it the secret.
            raise ConfigError(
                path, "credentials.file", NO_VALUE, "must be a TOML file"
            ) from None
        for key in ("client_id", "client_secret"):
            if not isinstance(table.get(key), str) or not table[key]:
                raise ConfigError(path, key, NO_VALUE, "must be a non-empty text")
        extra = sorted(set(table) - {"client_id", "client_secret"})
        if extra:
            raise ConfigError(
                path, extra[0], NO_VALUE, "only client_id and client_secret"
            )
        return cls(table["client_id"], table["client_secret"])


def sign(secret: str, timestamp_ms: int, nonce: str, data: str = "") -> str:
    """Return the ``client_signature`` of one auth request, lower-case hex.

    Source: docs.deribit.com public/auth, seen 2026-08-22.
    """
    text = f"{timestamp_ms}\n{nonce}\n{data}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


class Signer:
    """Puts secrets into outbound auth frames, takes tokens out of inbound ones."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._pending: dict[int, list[Any]] = {}
        self._refresh: dict[int, str] = {}
        self._known: dict[bytes, bytes] = {}
        self._secret = credentials.reveal().encode()
        if len(self._secret) < SECRET_LENGTH_MIN:
            self._secret = b""

    def __repr__(self) -> str:
        return f"Signer({self._credentials!r})"

    def forget(self, conn: int) -> None:
        """Drop what waits for an answer on a connection that is gone.

        The refresh token stays: a token with a session scope outlives its socket.
        """
        self._pending.pop(conn, None)

    def is_waiting(self) -> bool:
        """Return whether the answer of an auth request is outstanding anywhere."""
        return any(self._pending.values())

    def outbound(self, conn: int, frame: bytes) -> bytes:
        """Return the frame to write: placeholders filled, if it is an auth request.

        A refresh request without a known refresh token goes out as it is; the venue
        refuses it and the session authenticates anew.
        Cost: one substring search for every other frame.
        """
        if _AUTH not in frame:
            return frame
        request = _parse(frame)
        params = request.get("params")
        if request.get("method") != _AUTH.decode() or not isinstance(params, dict):
            return frame
        values = {
            "$CLIENT_ID": self._credentials.client_id,
            "$CLIENT_SECRET": self._credentials.reveal(),
        }
        if conn in self._refresh:
            values["$REFRESH_TOKEN"] = self._refresh[conn]
        if params.get("signature") == "$SIGNATURE":
            values["$SIGNATURE"] = sign(
                self._credentials.reveal(),
                params.get("timestamp", 0),
                params.get("nonce", ""),
                params.get("data", ""),
            )
        for key, value in params.items():
            if isinstance(value, str):
                params[key] = values.get(value, value)
        pending = self._pending.setdefault(conn, [])
        pending.append(request.get("id"))
        del pending[:-PENDING_MAX]
        return orjson.dumps(request)

    def authorization(
        self, method: str, target: str, body: bytes, timestamp_ms: int, nonce: str
    ) -> str:
        """Return the ``Authorization`` header of one HTTP request.

        ``target`` is path and query. The secret signs the request and stays here.
        Source: docs.deribit.com, authentication, deri-hmac-sha256, seen 2026-08-22.
        """
        data = f"{method}\n{target}\n{body.decode()}\n"
        signature = sign(self._credentials.reveal(), timestamp_ms, nonce, data)
        return (
            f"deri-hmac-sha256 id={self._credentials.client_id},ts={timestamp_ms},"
            f"nonce={nonce},sig={signature}"
        )

    def inbound(self, conn: int, payload: bytes) -> bytes:
        """Return the payload without a token or secret in it, for core and journal.

        While an auth answer is awaited every payload is parsed; otherwise the cost is
        one substring search for each known secret text.
        """
        if self._pending.get(conn):
            payload = self._take_tokens(conn, payload)
        if self._secret and self._secret in payload:
            payload = payload.replace(self._secret, b"$CLIENT_SECRET")
        for token, placeholder in self._known.items():
            if token in payload:
                payload = payload.replace(token, placeholder)
        return payload

    def _take_tokens(self, conn: int, payload: bytes) -> bytes:
        """Swap the tokens of an auth answer for placeholders and remember them."""
        answer = _parse(payload)
        if not answer:
            return _TOKEN_TEXT.sub(rb"\g<1>$REDACTED", payload)
        pending = self._pending[conn]
        if answer.get("id") in pending:
            pending.remove(answer.get("id"))
        result = answer.get("result")
        if not isinstance(result, dict) or not _TOKEN_KEYS.keys() & result.keys():
            return payload
        for key, placeholder in _TOKEN_KEYS.items():
            value = result.get(key)
            if isinstance(value, str):
                result[key] = placeholder
                self._remember(value, placeholder)
                if key == "refresh_token":
                    self._refresh[conn] = value
        return orjson.dumps(answer)

    def _remember(self, token: str, placeholder: str) -> None:
        if len(token) < SECRET_LENGTH_MIN:
            return
        self._known.pop(token.encode(), None)
        self._known[token.encode()] = placeholder.encode()
        while len(self._known) > TOKENS_MAX:
            del self._known[next(iter(self._known))]


def _parse(text: bytes) -> dict[str, Any]:
    """Return the JSON object in ``text``. Empty: it is none."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
