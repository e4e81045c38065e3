"""Dialogues with the venue, written top to bottom.

A `Script` is a generator: it yields what it wants next, an `Ask`, a tuple of them, or a
`Sleep`, and is resumed with the `Reply`, the replies in the order asked, or None. It
does no IO and sees no clock; whoever runs it decides when it goes on, and drops it when
one of the connections it stands on is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from engine.session.verdict import (
    ASK_AGAIN,
    Verdict,
    rejection,
    short,
    verdict_of,
)

WINDOW = 64
"""Requests of one script on their way at the same time."""

ATTEMPTS_MAX = 8
"""How often a request is asked before its connection is given up."""

PAUSE_NS = 100_000_000
PAUSE_MAX_NS = 5_000_000_000
PAUSE_WAIT_NS = 2_000_000_000
"""First pause when the venue is closed or under maintenance."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to send; ``urgent`` ones never wait for credits.

    ``once`` is for what may not be said twice: when its outcome is unknown it is not
    repeated, and whoever asked has failed.
    """

    conn: int
    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
    urgent: bool = False
    once: bool = False


@dataclass(frozen=True, slots=True)
class Sleep:
    """Go on after this many nanoseconds."""

    ns: int


@dataclass(frozen=True, slots=True)
class Reply:
    """The venue's answer to one request.

    Units: sent_ns and got_ns on the core's clock; us_in and us_out are the venue's
    microseconds since epoch, 0 = not said. Empty: code 0 is no error.
    """

    method: str
    result: Any = None
    code: int = 0
    message: str = ""
    sent_ns: int = 0
    got_ns: int = 0
    us_in: int = 0
    us_out: int = 0

    @property
    def verdict(self) -> Verdict | None:
        """What the answer means. Empty: None, it is no error."""
        return verdict_of(self.code) if self.code else None


Step: TypeAlias = Ask | tuple[Ask, ...] | Sleep
T = TypeVar("T")
Script: TypeAlias = Generator[Step, Any, T]
Say: TypeAlias = Callable[[str, str, str], None]
Backoff: TypeAlias = Callable[[int, int, int], int]


class Flow:
    """One running script, what it waits for, and what follows when it returns."""

    def __init__(
        self,
        name: str,
        conns: Sequence[int],
        script: Script[None],
        then: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.conns = tuple(conns)
        self.script = script
        self.then = then
        self.alive = True
        self.is_running = False
        self.wake_ns = 0
        self._replies: list[Reply | None] = []
        self._missing = 0
        self._single = False

    def expect(self, step: Ask | tuple[Ask, ...]) -> tuple[Ask, ...]:
        """Begin to wait for answers; return the requests to send."""
        self._single = isinstance(step, Ask)
        asks = (step,) if isinstance(step, Ask) else step
        self._replies = [None] * len(asks)
        self._missing = len(asks)
        return asks

    def deliver(self, at: int, reply: Reply) -> bool:
        """Put one answer in its place; True when it was the last."""
        if self._replies[at] is None:
            self._replies[at] = reply
            self._missing -= 1
        return self._missing == 0

    def answers(self) -> Any:
        """Return what the script is resumed with."""
        return self._replies[0] if self._single else self._replies

    def drop(self) -> None:
        """End the script; nothing of it runs again."""
        self.alive = False
        self.wake_ns = 0
        if not self.is_running:
            self.script.close()


def ask_all(asks: Sequence[Ask], say: Say, backoff: Backoff) -> Script[list[Reply]]:
    """Ask many, repeat what may be repeated, return the answers in order.

    Answers with an error that no repetition mends are returned like the others.

    Raises: RequestRejected when one stays unanswered after ATTEMPTS_MAX attempts, when
        the venue ends the session, or the outcome of what may be asked once is unknown.
    """
    done: list[Reply | None] = [None] * len(asks)
    todo = list(range(len(asks)))
    for attempt in range(ATTEMPTS_MAX):
        failed: list[Reply] = []
        again: list[int] = []
        for start in range(0, len(todo), WINDOW):
            window = todo[start : start + WINDOW]
            replies = yield tuple(asks[i] for i in window)
            for i, reply in zip(window, replies, strict=True):
                done[i] = reply
                is_final = asks[i].once and reply.verdict is Verdict.ASK
                if reply.verdict is Verdict.ENDED or is_final:
                    raise rejection(reply.method, reply.code, reply.message)
                if reply.verdict in ASK_AGAIN:
                    again.append(i)
                    failed.append(reply)
        if not again:
            break
        worst = failed[0]
        say(
            "warning",
            "again",
            f"{worst.method}: {worst.code} {short(worst.message)}; asking again",
        )
        if attempt + 1 == ATTEMPTS_MAX:
            raise rejection(worst.method, worst.code, worst.message)
        closed = any(reply.verdict is Verdict.WAIT for reply in failed)
        base_ns = PAUSE_WAIT_NS if closed else PAUSE_NS
        yield Sleep(backoff(attempt, base_ns, PAUSE_MAX_NS))
        todo = again
    return [reply for reply in done if reply is not None]


def ask_one(ask: Ask, say: Say, backoff: Backoff) -> Script[Any]:
    """Ask one thing and return its result.

    Raises: RequestRejected when the venue refuses it, or does not come round.
    """
    (reply,) = yield from ask_all((ask,), say, backoff)
    if reply.code:
        raise rejection(reply.method, reply.code, reply.message)
    return reply.result
