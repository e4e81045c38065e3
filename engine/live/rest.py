"""The second road to the venue: HTTP, with connections and an allowance of its own.

It is there for the hour in which the first road is not: a WebSocket that hangs, an
engine that hangs, an endpoint that refuses connections. So it needs no event loop and
no session, every call has an end, and one call shares nothing with another but the
allowance. Calls block; call from a thread that may wait.

The venue counts HTTP and WebSocket requests of an account together. The allowance here
is small enough to fit into what the session keeps back for itself, and cancels do not
draw on what reading uses up.

Source: docs.deribit.com, JSON-RPC overview and rate limits, seen 2026-08-22.
"""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import orjson
import urllib3

from engine.config import is_loopback
from engine.errors import ProtocolError, RequestRejected, VenueError
from engine.live.secrets import Signer
from engine.session.credits import BESIDE, BESIDE_PER_S, REQUEST_COST, Pool
from engine.session.verdict import as_rows

ANSWER_BYTES_MAX: Final = 1 << 25
"""The largest answer that is read: a thousand orders are less than 1 MiB."""

CHUNK_BYTES: Final = 1 << 16
CONNECTIONS_MAX: Final = 2

READS_BURST, READS_PER_S = BESIDE // REQUEST_COST, BESIDE_PER_S // REQUEST_COST
"""Requests that only read: what the session of an engine leaves to this road."""

CANCELS_BURST, CANCELS_PER_S = 6, 2
"""Requests that cancel: three rounds of ``cancel_all`` with ``cancel_quotes``."""

_NS: Final = 1_000_000_000


class Rest:
    """HTTP calls with one key. Safe to use from several threads."""

    def __init__(
        self, urls: Sequence[str], signer: Signer, *, timeout_s: float = 5.0
    ) -> None:
        """Prepare calls to the first of ``urls``; after a failure the next is used.

        ``signer`` is this road's own, shared with no other.
        """
        self._urls = tuple(urls)
        self._at = 0
        self._signer = signer
        self.timeout_s = timeout_s
        self._ids = itertools.count(1)
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._lock = threading.Lock()
        self._reads = Pool(READS_BURST, READS_PER_S)
        self._cancels = Pool(CANCELS_BURST, CANCELS_PER_S)

    @property
    def url(self) -> str:
        """The endpoint the next call goes to."""
        return self._urls[self._at % len(self._urls)]

    def call(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Any:
        """Send one request and return its result.

        Units: timeout_s in seconds, for waiting, sending and the whole answer; finding
        the host's address is not covered. Empty: None, the road's own.
        Raises: RequestRejected for an error answer, ProtocolError for none in time or
        one that is none, VenueError when the venue cannot be reached.
        """
        limit_s = self.timeout_s if timeout_s is None else timeout_s
        deadline_s = time.monotonic() + limit_s
        pool = self._wait_for_credit(method, deadline_s)
        at, url = self._at, self.url
        try:
            answer = self._exchange(url, method, params or {}, deadline_s)
        except urllib3.exceptions.HTTPError as error:
            self._at = at + 1
            raise _failure(error, url, method, limit_s) from None
        except VenueError:
            self._at = at + 1
            raise
        finally:
            with self._lock:
                pool.answered(1, time.monotonic_ns())
        refused = answer.get("error")
        if refused is not None:
            code, message = _code_and_text(refused)
            raise RequestRejected(method, code, message)
        return answer.get("result")

    def rows(
        self, method: str, params: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Call a method whose result is a list of objects.

        Raises: as `call`; ProtocolError when the result is something else.
        """
        return as_rows(method, self.call(method, params))

    def close(self) -> None:
        """Close the connections; a call in another thread ends with an error."""
        with self._lock:
            for pool in self._pools.values():
                pool.clear()

    def _exchange(
        self, url: str, method: str, params: Mapping[str, Any], deadline_s: float
    ) -> dict[str, Any]:
        request = {
            "jsonrpc": "2.0",
            "id": next(self._ids),
            "method": method,
            "params": dict(params),
        }
        body = orjson.dumps(request)
        headers = {"Content-Type": "application/json"}
        if method.startswith("private/"):
            headers["Authorization"] = self._signer.authorization(
                "POST",
                f"{urlsplit(url).path}/{method}",
                body,
                time.time_ns() // 1_000_000,
                secrets.token_hex(12),
            )
        response = self._pool(url).request(
            "POST",
            f"{url}/{method}",
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(total=max(0.001, deadline_s - time.monotonic())),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            payload = _read(response, method, deadline_s)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return _answer(self._signer.inbound(0, payload), method, response.status)

    def _pool(self, url: str) -> urllib3.PoolManager:
        with self._lock:
            pool = self._pools.get(url)
            if pool is None:
                pool = self._pools[url] = _pool_for(url)
            return pool

    def _wait_for_credit(self, method: str, deadline_s: float) -> Pool:
        """Wait until the allowance has one for this call; return what paid for it.

        Raises: VenueError when that is past the deadline.
        """
        pool = self._cancels if method.startswith("private/cancel") else self._reads
        while True:  # ends at the deadline
            with self._lock:
                now_ns = time.monotonic_ns()
                if pool.take(1, 0, now_ns):
                    return pool
                wait_s = (pool.ready_ns(1, 0, now_ns) - now_ns) / _NS
            if time.monotonic() + wait_s > deadline_s:
                raise VenueError(f"{method}: too many HTTP requests of ours; later")
            time.sleep(wait_s)


def _pool_for(url: str) -> urllib3.PoolManager:
    """Return the connections to one endpoint, by way of a proxy where one is set."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = getproxies().get(parts.scheme)
    if proxy and not is_loopback(host) and not proxy_bypass(host):
        return urllib3.ProxyManager(proxy, num_pools=1, maxsize=CONNECTIONS_MAX)
    return urllib3.PoolManager(num_pools=1, maxsize=CONNECTIONS_MAX)


def _failure(
    error: urllib3.exceptions.HTTPError, url: str, method: str, limit_s: float
) -> VenueError:
    """Return in our words why no answer came."""
    is_late = isinstance(error, urllib3.exceptions.TimeoutError)
    if is_late and not isinstance(error, urllib3.exceptions.NewConnectionError):
        return ProtocolError(f"{method}: no answer from {url} within {limit_s:g} s")
    cause = error.__cause__ or error
    reason = getattr(cause, "strerror", None) or str(cause)
    return VenueError(f"{url} cannot be reached: {reason}")


def _read(response: urllib3.BaseHTTPResponse, method: str, deadline_s: float) -> bytes:
    """Read an answer to its end; not past the deadline, not more than there may be."""
    taken = bytearray()
    for chunk in response.stream(CHUNK_BYTES):
        taken += chunk
        if len(taken) > ANSWER_BYTES_MAX:
            raise ProtocolError(f"{method}: an answer of over {ANSWER_BYTES_MAX} bytes")
        if time.monotonic() > deadline_s:
            raise ProtocolError(f"{method}: the answer did not end in time")
    return bytes(taken)


def _answer(payload: bytes, method: str, status: int) -> dict[str, Any]:
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
        raise ProtocolError(f"{method}: HTTP {status} without a JSON-RPC answer")
    return answer


def _code_and_text(error: Any) -> tuple[int, str]:
    if not isinstance(error, dict):
        return 0, str(error)
    code = error.get("code")
    return (code if isinstance(code, int) else 0), str(error.get("message", ""))
