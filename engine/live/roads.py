"""Cancelling by two roads at once, until the venue itself shows that nothing is open.

One road is a WebSocket, the other HTTP. Neither waits for the other and whichever works
is enough: the account is read back on both, and the first to find it empty twice, some
time apart, ends the attempt. That a request to cancel was answered proves nothing.

Source: docs.deribit.com, private/cancel_all, private/cancel_quotes and
private/get_open_orders, seen 2026-08-22.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import RequestRejected, VenueError
from engine.live.dialogue import Dialogue
from engine.live.rest import Rest
from engine.live.secrets import Signer
from engine.session.plan import is_ours
from engine.session.verdict import as_rows

REPEAT_S = 1.0
"""While something is open the cancels are sent again this often."""

READ_BACK_S = 0.1
SURE_S = 0.3
"""The account has to be empty twice, this far apart: an order may be on its way."""

RETRY_S = 0.3
"""After a failure a road is tried again, this much later."""

HANG_UP_S = 1.0
"""So long may closing a connection take once the attempt is over."""

CANCELS_AT_ONCE = 4
"""Single cancels in one round, where not everything may go."""

HOPELESS = frozenset({13004, 13009, 13021, 13403})
"""Refusals of the key itself: asking again brings nothing.

Source: docs.deribit.com, error codes, seen 2026-08-22.
"""

Row = Mapping[str, Any]
Request = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Target:
    """What is to go. Empty ``currency`` and ``instrument``: the whole account.

    ``only_ours``: nothing but orders with a label of this engine, of any run.
    """

    currency: str = ""
    instrument: str = ""
    only_ours: bool = False

    def cancel_requests(self, rows: Sequence[Row]) -> list[Request]:
        """Return what cancels it; ``rows`` are the open orders, as far as known."""
        if self.only_ours:
            ids = [str(row.get("order_id")) for row in rows][:CANCELS_AT_ONCE]
            return [("private/cancel", {"order_id": each}) for each in ids]
        named: dict[str, Any] = {"detailed": True}
        method, kind = "private/cancel_all", "all"
        if self.instrument:
            method, kind = f"{method}_by_instrument", "instrument"
            named["instrument_name"] = self.instrument
        elif self.currency:
            method, kind = f"{method}_by_currency", "currency"
            named["currency"] = self.currency
        quotes = {"cancel_type": kind, **named}
        return [(method, named), ("private/cancel_quotes", quotes)]

    def list_request(self) -> Request:
        """Return what lists it."""
        if self.instrument:
            name = {"instrument_name": self.instrument}
            return "private/get_open_orders_by_instrument", name
        if self.currency:
            return "private/get_open_orders_by_currency", {"currency": self.currency}
        return "private/get_open_orders", {}

    def chosen(self, listing: Any) -> list[Row]:
        """Return the orders of a listing that are to go.

        Raises: ProtocolError when it is no list of objects.
        """
        rows = as_rows(self.list_request()[0], listing)
        return [row for row in rows if not self.only_ours or is_ours(row)]


class Attempt:
    """What the roads have found so far. Safe to use from several threads."""

    def __init__(
        self,
        target: Target,
        timeout_s: float,
        said: Callable[[str], None] | None = None,
    ) -> None:
        """Begin; ``said`` is told once when a road ends it, with the road's name."""
        self.target = target
        self.deadline_s = time.monotonic() + timeout_s
        self.before: dict[str, Row] = {}
        self.left: dict[str, Row] | None = None
        self.road = ""
        self.problems: dict[str, str] = {}
        self.over = threading.Event()
        self._said = said
        self._lock = threading.Lock()
        self._empty_s: dict[str, float] = {}

    @property
    def is_done(self) -> bool:
        """Whether a road has found that nothing is open."""
        return bool(self.road)

    def time_left_s(self) -> float:
        """Return how much time there is, in seconds. Empty: 0, none or no need."""
        if self.over.is_set():
            return 0.0
        return max(0.0, self.deadline_s - time.monotonic())

    def saw(self, road: str, listing: Any) -> list[Row]:
        """Take a reading of a road; return the orders that are to go.

        Raises: ProtocolError when it is no reading.
        """
        rows = self.target.chosen(listing)
        with self._lock:
            found = {str(row.get("order_id")): row for row in rows}
            self.before |= found
            if self.is_done:
                return rows
            self.left = found
            now_s = time.monotonic()
            if found:
                self._empty_s.pop(road, None)
            elif now_s - self._empty_s.setdefault(road, now_s) >= SURE_S:
                self.road = road
                self.over.set()
                if self._said is not None:
                    self._said(road)
        return rows

    def went(self, answer: Any) -> None:
        """Take the answer to a cancel: whatever orders it names were there before."""
        with self._lock:
            for row in orders_in(answer):
                self.before.setdefault(str(row["order_id"]), row)

    def note(self, road: str, error: VenueError) -> None:
        """Keep the last thing that went wrong on a road."""
        self.problems[road] = str(error)

    def failed(self, road: str, error: VenueError) -> bool:
        """Take note that a road broke; return whether to try it again."""
        self.note(road, error)
        self._empty_s.pop(road, None)
        return not (isinstance(error, RequestRejected) and error.code in HOPELESS)

    def problem(self) -> str:
        """Return what kept the roads from it, in one line."""
        return "; ".join(f"{road}: {text}" for road, text in self.problems.items())


def orders_in(answer: Any) -> list[Row]:
    """Return every order in the answer to a cancel, whatever its shape.

    A detailed answer lists one report for each book, whose ``result`` lists orders; a
    single cancel is answered with the order itself.
    """
    if isinstance(answer, dict):
        if "order_id" in answer:
            return [answer]
        answer = list(answer.values())
    if not isinstance(answer, list):
        return []
    return [row for part in answer for row in orders_in(part)]


def by_http(rest: Rest, attempt: Attempt) -> None:
    """Walk the HTTP road until the attempt is over. Blocks; raises nothing."""
    road = "http"
    while attempt.time_left_s() > 0:
        try:
            _http_round(rest, attempt, road)
        except VenueError as error:
            if attempt.problems.get(road) and attempt.time_left_s() <= 0:
                return  # it was cut short at the end: what came before says more
            if not attempt.failed(road, error):
                return
            attempt.over.wait(min(RETRY_S, attempt.time_left_s()))


def _http_round(rest: Rest, attempt: Attempt, road: str) -> None:
    """Cancel once, then read back for `REPEAT_S` or until nothing is open."""

    def ask(request: Request) -> Any:
        # Never 0: the round may outlast the attempt by one short request.
        limit_s = max(0.001, min(rest.timeout_s, attempt.time_left_s()))
        return rest.call(*request, timeout_s=limit_s)

    rows: list[Row] = []
    if attempt.target.only_ours:
        rows = attempt.saw(road, ask(attempt.target.list_request()))
    for request in attempt.target.cancel_requests(rows):
        try:
            attempt.went(ask(request))
        except RequestRejected as error:
            attempt.note(road, error)  # reading back decides, not this answer
    again_s = time.monotonic() + REPEAT_S
    while attempt.time_left_s() > 0:
        rows = attempt.saw(road, ask(attempt.target.list_request()))
        if rows and time.monotonic() >= again_s:
            return
        attempt.over.wait(min(READ_BACK_S, attempt.time_left_s()))


async def by_websocket(
    urls: Sequence[str], signer: Signer, grant: str, timeout_s: float, attempt: Attempt
) -> None:
    """Walk the WebSocket road until the attempt is over; raises nothing."""
    road = "websocket"
    turn = 0
    while attempt.time_left_s() > 0:
        url = urls[turn % len(urls)]
        turn += 1
        try:
            async with asyncio.timeout(attempt.time_left_s()):
                async with Dialogue(
                    url, signer, grant=grant, timeout_s=timeout_s
                ) as venue:
                    while attempt.time_left_s() > 0:
                        await _websocket_round(venue, attempt, road)
        except VenueError as error:
            if not attempt.failed(road, error):
                return
            await asyncio.sleep(min(RETRY_S, attempt.time_left_s()))
        except TimeoutError:
            attempt.problems.setdefault(road, "no time left")


async def _websocket_round(venue: Dialogue, attempt: Attempt, road: str) -> None:
    target = attempt.target
    rows: list[Row] = []
    if target.only_ours:
        rows = attempt.saw(road, await venue.call(*target.list_request()))
    answers = await asyncio.gather(
        *(venue.call(*each) for each in target.cancel_requests(rows)),
        return_exceptions=True,
    )
    for answer in answers:
        if isinstance(answer, RequestRejected):
            attempt.note(road, answer)  # reading back decides, not this answer
        elif isinstance(answer, BaseException):
            raise answer
        else:
            attempt.went(answer)
    again_s = time.monotonic() + REPEAT_S
    while attempt.time_left_s() > 0:
        rows = attempt.saw(road, await venue.call(*target.list_request()))
        if rows and time.monotonic() >= again_s:
            return
        await asyncio.sleep(min(READ_BACK_S, attempt.time_left_s()))


async def by_both(
    urls: Sequence[str], signer: Signer, grant: str, rest: Rest, attempt: Attempt
) -> None:
    """Walk both roads at once; return when one has ended it, or the time is over."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    def walk() -> None:
        by_http(rest, attempt)
        with contextlib.suppress(RuntimeError):  # the loop did not wait for us
            loop.call_soon_threadsafe(over.set)

    # A daemon: a call that hangs must not keep the command from ending.
    threading.Thread(target=walk, name="http road", daemon=True).start()
    first = asyncio.create_task(
        by_websocket(urls, signer, grant, rest.timeout_s, attempt)
    )
    second = asyncio.create_task(over.wait())
    try:
        await asyncio.wait(
            {first, second},
            timeout=attempt.time_left_s(),
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not attempt.is_done:  # that road has given up; the other goes on
            await asyncio.wait({first, second}, timeout=attempt.time_left_s())
    finally:
        attempt.over.set()
        await asyncio.wait({first}, timeout=HANG_UP_S)
        for task in (first, second):
            task.cancel()
        await asyncio.wait({first, second}, timeout=HANG_UP_S)
        if first.done() and not first.cancelled() and (bug := first.exception()):
            attempt.problems["bug"] = f"{type(bug).__name__}: {bug}"
