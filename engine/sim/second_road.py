"""HTTP beside the links: does a core's errands under the virtual clock.

What the live shell does in a thread is done here request by request, each with a delay
of its own, at the venue's HTTP door. The road can be closed: then every request fails,
as on a host that cannot be reached, and the errand ends without an answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from typing import Any, Final

import orjson

from engine.sim.ports import SignerVerbs, VenueVerbs
from engine.sim.venue.api.rest import HttpRequest

CONN_FIRST: Final = 1_000_000_000
"""The venue's numbers of these requests: far from those of any link."""

OURS: Final = "hs-"
PAUSE_NS: Final = 500_000_000
"""Between two readings, and after a failure."""

READINGS_MAX: Final = 60
TIMEOUT_NS: Final = 5_000_000_000
"""A request without an answer for so long has failed."""

SURE_READINGS: Final = 2
"""So often in a row must the account be empty."""

Step = tuple[str, dict[str, Any]]
Errand = Generator[Step | None, Any, int | None]
"""Yields requests, or None to wait; is sent results, None for a failure."""


def errand(name: str) -> Errand:
    """Cancel, read back, again; return what is open at last, None if never read."""
    left: int | None = None
    empty = 0
    rows: Sequence[Any] = ()
    for _ in range(READINGS_MAX):
        if name == "cancel_all" and not empty:
            yield "private/cancel_all", {}
            yield "private/cancel_quotes", {"cancel_type": "all"}
        for row in rows:
            yield "private/cancel", {"order_id": row["order_id"]}
        found = yield "private/get_open_orders", {}
        if isinstance(found, list):
            if name == "cancel_ours":
                rows = found = [r for r in found if r["label"].startswith(OURS)]
            left = len(found)
            empty = empty + 1 if not found else 0
            if empty >= SURE_READINGS:
                return 0
        yield None
    return left


def _result(body: bytes) -> Any:
    """Return what a request led to. Empty: None, it was refused or is not whole."""
    try:
        return orjson.loads(body).get("result")
    except orjson.JSONDecodeError:
        return None


class SecondRoad:
    """The errands under way. ``is_closed`` fails every request from then on.

    ``at`` runs an action a number of ns from now; ``clock`` gives the venue's time and
    the engine's wall clock, both in ns; ``tell`` takes the fields of ``errand_done``.
    """

    def __init__(
        self,
        venue: VenueVerbs,
        signer: SignerVerbs,
        dice: random.Random,
        draw_ns: Callable[[random.Random], int],
        at: Callable[[int, Callable[[], None]], None],
        clock: Callable[[], tuple[int, int]],
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self.is_closed = False
        self.requests = 0
        self._venue, self._signer, self._dice = venue, signer, dice
        self._draw_ns, self._at, self._clock, self._tell = draw_ns, at, clock, tell
        self._conns: dict[str, int] = {}
        self._next_conn = CONN_FIRST
        self._under_way: dict[int, tuple[str, Errand]] = {}
        self._asked: dict[int, int] = {}  # connection -> the request that is open
        self._again: dict[str, None] = {}

    def take(self, names: Sequence[str]) -> None:
        """Begin errands; one that is under way is begun again when it is over."""
        for name in names:
            if name not in self._conns:
                self._conns[name] = self._next_conn
                self._next_conn += 1
            conn = self._conns[name]
            if conn in self._under_way:
                self._again[name] = None
            else:
                self._under_way[conn] = name, errand(name)
                self._go_on(conn, None)

    def forget(self, signer: SignerVerbs) -> None:
        """Drop every errand: the process is gone; ``signer`` is that of the next."""
        self._signer = signer
        self._conns.clear()
        self._under_way.clear()
        self._asked.clear()
        self._again.clear()

    def collect(self) -> None:
        """Carry what the venue has answered back to who asked."""
        for conn, _status, body in self._venue.responses():
            if self._asked.pop(conn, None) is not None:
                self._later(conn, _result(body), self._draw_ns(self._dice))

    def _later(self, conn: int, result: Any, wait_ns: int) -> None:
        self._at(wait_ns, lambda: self._go_on(conn, result))

    def _go_on(self, conn: int, result: Any) -> None:
        if conn not in self._under_way:
            return
        name, script = self._under_way[conn]
        try:
            step = script.send(result)
        except StopIteration as end:
            self._done(conn, name, end.value)
            return
        if step is None or self.is_closed:
            self._later(conn, None, PAUSE_NS)
        else:
            self._at(self._draw_ns(self._dice), lambda: self._ask(conn, *step))

    def _ask(self, conn: int, method: str, params: dict[str, Any]) -> None:
        if conn not in self._under_way:
            return
        venue_ns, wall_ns = self._clock()
        self.requests += 1
        target = f"/api/v2/{method}"
        body = orjson.dumps(
            {"jsonrpc": "2.0", "id": self.requests, "method": method, "params": params}
        )
        nonce = f"{self._dice.getrandbits(64):016x}"
        signed = self._signer.authorization(
            "POST", target, body, wall_ns // 1_000_000, nonce
        )
        http = HttpRequest("POST", target, {"authorization": signed}, body)
        number = self._asked[conn] = self.requests
        self._at(TIMEOUT_NS, lambda: self._give_up(conn, number))
        self._venue.request_made(conn, venue_ns, http)

    def _give_up(self, conn: int, number: int) -> None:
        if self._asked.get(conn) == number:
            del self._asked[conn]
            self._go_on(conn, None)

    def _done(self, conn: int, name: str, left: int | None) -> None:
        del self._under_way[conn]
        if name in self._again:
            del self._again[name]
            self.take([name])
        problem = "" if left is not None else "the second road is closed"
        self._tell({"errand": name, "open_orders": left, "problem": problem})
