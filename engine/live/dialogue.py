"""A plain request-and-answer connection to the venue, beside the engine.

For the panic button and for the demo's last look: one login, a few requests, no core.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import orjson

from engine.errors import ProtocolError, RequestRejected, VenueError
from engine.live.ingress import Link, open_link
from engine.live.secrets import Signer

PENDING_MAX = 64
"""Requests that may wait for an answer at once."""


class Dialogue:
    """One authenticated connection. Use it as an asynchronous context manager."""

    def __init__(
        self,
        url: str,
        signer: Signer,
        *,
        grant: str = "client_signature",
        timeout_s: float = 5.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = url
        self._signer = signer
        self._grant = grant
        self._timeout_s = timeout_s
        self._tls = tls
        self._link: Link | None = None
        self._last_id = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def __aenter__(self) -> Self:
        """Connect and log in.

        Raises: VenueError when the venue cannot be reached or refuses.
        """
        try:
            self._link = await open_link(self._url, self._tls)
        except Exception as error:
            reason = str(error) or type(error).__name__
            raise VenueError(f"{self._url} cannot be reached: {reason}") from None
        self._link.attach(self._on_payloads, self._on_lost)
        try:
            await self.call("public/auth", self._auth())
        except BaseException:
            self._link.cut("login failed")
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        if self._link is not None:
            self._link.hang_up("done")
            try:
                await self._link.wait_closed()
            except asyncio.CancelledError:
                self._link.cut("not waited for")
                raise

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """Send one request and return its result.

        Raises: RequestRejected for an error answer, VenueError for a lost line,
        ProtocolError when no answer came in time.
        """
        link = self._link
        if link is None or len(self._waiting) >= PENDING_MAX:
            raise VenueError(f"{method}: not connected, or too many requests at once")
        self._last_id += 1
        request_id = self._last_id
        frame = orjson.dumps(
            {
                "jsonrpc": "2.0",
                "id": request_id,
                "method": method,
                "params": dict(params or {}),
            }
        )
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answered
        try:
            if not link.write_turn(self._signer.outbound(0, frame) + b"\n"):
                raise VenueError(f"{method}: the connection to {self._url} is gone")
            async with asyncio.timeout(self._timeout_s):
                answer = await answered
        except TimeoutError:
            raise ProtocolError(
                f"{method}: no answer within {self._timeout_s:g} s"
            ) from None
        finally:
            del self._waiting[request_id]
        error = answer.get("error")
        if isinstance(error, dict):
            raise RequestRejected(
                method, int(error.get("code", 0)), str(error.get("message", ""))
            )
        return answer.get("result")

    def _auth(self) -> dict[str, Any]:
        params: dict[str, Any] = {
            "grant_type": self._grant,
            "client_id": "$CLIENT_ID",
        }
        if self._grant == "client_signature":
            params |= {
                "timestamp": time.time_ns() // 1_000_000,
                "nonce": secrets.token_hex(12),
                "data": "",
                "signature": "$SIGNATURE",
            }
        else:
            params["client_secret"] = "$CLIENT_SECRET"
        return params

    def _on_payloads(self, payloads: list[bytes]) -> None:
        for payload in payloads:
            try:
                answer = orjson.loads(self._signer.inbound(0, payload))
            except orjson.JSONDecodeError:
                continue
            if isinstance(answer, dict):
                waiting = self._waiting.get(answer.get("id", 0))
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)

    def _on_lost(self, reason: str) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(VenueError(f"{self._url}: {reason}"))
