"""Faults of the traffic: what each does to a request or to a frame.

Each is a set of conditions, the same for all, and an act. Where the venue's
documentation promises an order it is kept: a delayed reply or message holds back the
later ones of the same method or channel, and only ``reorder`` turns frames round.
Replies of different methods may overtake each other, as the venue's do.
Source: docs.deribit.com, order management (concurrency), 2026-08-22.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, ClassVar

from engine.sim.venue.api.connection import NO_HANDSHAKE
from engine.sim.venue.api.wire import dumps, shuffled
from engine.sim.venue.errors import NAMES, Reject
from engine.sim.venue.faults.dice import Dice
from engine.sim.venue.faults.fault import Fault, FaultError, fault, option, time_ms
from engine.sim.venue.faults.passage import (
    HEARTBEAT,
    NOTIFICATION,
    REPLY,
    REQUEST,
    Passage,
)

MILLISECOND_NS = 1_000_000
COPIES_MAX = 100
BEHIND_MAX = 100
ANYTHING = "*"
SENT = (REPLY, NOTIFICATION, HEARTBEAT)
HANG_UP = (NO_HANDSHAKE, "fault")
WHAT = "what it concerns"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficFault(Fault, ABC):
    """A fault of some frames or requests, and of which.

    A ``method`` leaves only requests and their replies, a ``channel`` only
    notifications, both together leave both; heartbeats have neither.
    Empty: ``account`` "" and ``connection`` 0 = anybody's; ``count`` 0 = always.
    """

    account: str = option("", 'client id; "" = of any, and who is not logged in')
    connection: int = option(0, "number of the connection; 0 = any")
    method: str = option(ANYTHING, "pattern of the method of requests and replies")
    channel: str = option(ANYTHING, "pattern of the channel of notifications")
    probability: float = option(1.0, "how likely it is each time", high=1)
    skip: int = option(0, "how many pass on each connection before the first time")
    count: int = option(0, "how often it happens in all; 0 = no limit")

    def concerns(self, passage: Passage) -> bool:
        """Say whether the conditions hold, those of number and chance left aside."""
        connection = passage.connection
        owner = connection.account.name if connection.account is not None else ""
        return (
            passage.of in self.wanted
            and (not self.connection or self.connection == connection.number)
            and (not self.account or self.account == owner)
            and self._is_named(passage)
            and self.fits(passage)
        )

    def _is_named(self, passage: Passage) -> bool:
        if self.method == self.channel == ANYTHING:
            return True
        if passage.of == HEARTBEAT:
            return False
        pattern, other = self.method, self.channel
        if passage.of == NOTIFICATION:
            pattern, other = other, pattern
        if pattern == ANYTHING:
            return other == ANYTHING
        return fnmatchcase(passage.name, pattern)

    @property
    @abstractmethod
    def wanted(self) -> tuple[str, ...]:
        """Return what the fault concerns: requests, replies, notifications ..."""

    def fits(self, passage: Passage) -> bool:
        """Say whether a frame is of the sort the fault is about; any by default."""
        return True

    @abstractmethod
    def act(self, passage: Passage, dice: Dice) -> None:
        """Write on the passage what is to become of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFault(TrafficFault, ABC):
    """A fault of what the venue sends."""

    of: str = option("any", WHAT, choices=(*SENT, "any"))

    @property
    def wanted(self) -> tuple[str, ...]:
        """Return what was chosen."""
        return SENT if self.of == "any" else (self.of,)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyFault(TrafficFault, ABC):
    """A fault of what the venue sends, or of requests."""

    of: str = option("any", WHAT, choices=(REQUEST, *SENT, "any"))

    @property
    def wanted(self) -> tuple[str, ...]:
        """Return what was chosen; requests only when they are named."""
        return SENT if self.of == "any" else (self.of,)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookFault(TrafficFault, ABC):
    """A fault of the messages of ungrouped book channels."""

    about: ClassVar[str]

    @property
    def wanted(self) -> tuple[str, ...]:
        """Return notifications."""
        return (NOTIFICATION,)

    def fits(self, passage: Passage) -> bool:
        """Say whether this is a book's snapshot, or a change, as wanted."""
        if not passage.name.startswith("book."):
            return False
        data = passage.frame["params"]["data"]
        kind: object = data.get("type")
        return kind == self.about


# Delivery.


@fault("drop")
@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(AnyFault):
    """It never arrives. A dropped request is not executed."""

    def act(self, passage: Passage, dice: Dice) -> None:
        """Let nothing arrive."""
        passage.copies = 0


@fault("delay")
@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(AnyFault):
    """It arrives late, and what follows of the same method or channel not earlier."""

    delay_ms: int = time_ms(100, "how late")
    jitter_ms: int = time_ms(0, "how much later still, at most")

    def act(self, passage: Passage, dice: Dice) -> None:
        """Add to the delay."""
        late_ms = self.delay_ms + dice.below(self.jitter_ms + 1)
        passage.delay_ns += late_ms * MILLISECOND_NS


@fault("duplicate")
@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate(SentFault):
    """It arrives several times."""

    copies: int = option(2, "how often it arrives", low=2, high=COPIES_MAX)

    def act(self, passage: Passage, dice: Dice) -> None:
        """Send more of it."""
        passage.copies *= self.copies


@fault("reorder")
@dataclass(frozen=True, slots=True, kw_only=True)
class Reorder(SentFault):
    """It arrives behind later frames of its kind, or when the wait for them is over."""

    behind: int = option(1, "behind how many", low=1, high=BEHIND_MAX)
    wait_ms: int = time_ms(1_000, "how long it waits for them at most")

    def act(self, passage: Passage, dice: Dice) -> None:
        """Put it behind others."""
        passage.behind += self.behind
        passage.wait_ns = max(passage.wait_ns, self.wait_ms * MILLISECOND_NS)


@fault("gap")
@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(BookFault):
    """A change of a book is swallowed: the next one's prev_change_id is unknown."""

    about: ClassVar[str] = "change"

    def act(self, passage: Passage, dice: Dice) -> None:
        """Let nothing arrive."""
        passage.copies = 0


@fault("stale_book")
@dataclass(frozen=True, slots=True, kw_only=True)
class StaleBook(BookFault):
    """After a snapshot come changes that are older than it and must be passed over.

    Each says twice the amount at the best bid and the best ask, so that who applies
    one has a wrong book.
    Source: docs.deribit.com, changelog 10.11.20.
    """

    about: ClassVar[str] = "snapshot"
    events: int = option(1, "how many", low=1, high=COPIES_MAX)

    def act(self, passage: Passage, dice: Dice) -> None:
        """Send old changes after the snapshot."""
        data = passage.frame["params"]["data"]
        newest = data["change_id"]
        for age in range(self.events, 0, -1):
            sides = {
                side: [["change", price, 2 * amount] for _, price, amount in rows[:1]]
                for side in ("bids", "asks")
                for rows in (data[side],)
            }
            change = {
                **data,  # whatever another fault has left of it
                "type": "change",
                "change_id": newest - age + 1,
                **sides,
                "prev_change_id": newest - age,
            }
            params = {**passage.frame["params"], "data": change}
            passage.following.append(dumps({**passage.frame, "params": params}))


# Spelling.


@fault("shuffle_keys")
@dataclass(frozen=True, slots=True, kw_only=True)
class ShuffleKeys(SentFault):
    """The members of every object come in a random order."""

    def act(self, passage: Passage, dice: Dice) -> None:
        """Shuffle."""
        passage.text = shuffled(passage.text, dice.below(1 << 32))


@fault("params_first")
@dataclass(frozen=True, slots=True, kw_only=True)
class ParamsFirst(TrafficFault):
    """``params`` stands before ``method`` in notifications."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """Return notifications and heartbeats."""
        return (NOTIFICATION, HEARTBEAT)

    def act(self, passage: Passage, dice: Dice) -> None:
        """Turn the two round."""
        frame = passage.frame
        order = ("jsonrpc", "params", "method")
        passage.say({key: frame[key] for key in order})


@fault("scientific")
@dataclass(frozen=True, slots=True, kw_only=True)
class Scientific(SentFault):
    """Every number that is no integer is spelled like ``8.0e4``."""

    def act(self, passage: Passage, dice: Dice) -> None:
        """Respell when it is sent."""
        passage.scientific = True


@fault("omit_fields")
@dataclass(frozen=True, slots=True, kw_only=True)
class OmitFields(SentFault):
    """Members of the result or of the data are missing, at any depth."""

    fields: tuple[str, ...] = option((), "names, or patterns, of what is missing")

    def act(self, passage: Passage, dice: Dice) -> None:
        """Leave them out."""
        frame = passage.frame
        if "params" in frame:
            params = frame["params"]
            if "data" in params:
                params = {**params, "data": self._without(params["data"])}
            passage.say({**frame, "params": params})
        elif "result" in frame:
            passage.say({**frame, "result": self._without(frame["result"])})

    def _without(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: self._without(item)
                for key, item in value.items()
                if not any(fnmatchcase(key, name) for name in self.fields)
            }
        if isinstance(value, list):
            return [self._without(item) for item in value]
        return value


# Endings.


@fault("truncate")
@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate(SentFault):
    """Only the first part of a frame arrives; then the connection is gone."""

    keep_bytes: int = option(20, "how much arrives", "bytes")

    def act(self, passage: Passage, dice: Dice) -> None:
        """Cut the frame, then the line."""
        passage.keep_bytes, passage.end = self.keep_bytes, HANG_UP


@fault("cut")
@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(AnyFault):
    """The connection is gone: without executing the request, or instead of the frame.

    ``of = "reply"`` cuts between the execution of a request and its answer.
    """

    code: int = option(
        NO_HANDSHAKE, "close code; 1006 = without a close frame", low=1_000, high=4_999
    )
    reason: str = option("fault", "close reason")

    def act(self, passage: Passage, dice: Dice) -> None:
        """Cut the line."""
        passage.copies, passage.end = 0, (self.code, self.reason)


@fault("too_slow")
@dataclass(frozen=True, slots=True, kw_only=True)
class TooSlow(SentFault):
    """The venue closes with ``connection_too_slow``, as for one that does not read."""

    def act(self, passage: Passage, dice: Dice) -> None:
        """Close."""
        passage.copies, passage.end = 0, (1008, "connection_too_slow")


@fault("half_open")
@dataclass(frozen=True, slots=True, kw_only=True)
class HalfOpen(AnyFault):
    """The venue falls silent: it sends and reads nothing more, and does not close.

    Its own timers go on: a heartbeat it cannot hear the answer to ends the session,
    cancel-on-disconnect included, without the client hearing of it.
    """

    def act(self, passage: Passage, dice: Dice) -> None:
        """Fall silent."""
        passage.copies, passage.silence = 0, True


# Errors.


@fault("error")
@dataclass(frozen=True, slots=True, kw_only=True)
class Error(TrafficFault):
    """A request is answered with an error: ``before`` means it was not executed.

    ``after`` means it was, and the answer lies; so can 10001, 11094, 13028 and 10050,
    whose outcome the documentation calls unknown. 10028 ends the session as well.
    """

    code: int = option(11094, "error code", low=-32_700, high=13_999)
    detail: str = option("", "what is added to the message")
    when: str = option(
        "before", "whether the request is executed first", choices=("before", "after")
    )

    def __post_init__(self) -> None:
        if self.code not in NAMES:
            raise FaultError("code", "must be a code of the documentation")

    @property
    def wanted(self) -> tuple[str, ...]:
        """Return requests, or replies when they are to be executed first."""
        return (REQUEST,) if self.when == "before" else (REPLY,)

    def act(self, passage: Passage, dice: Dice) -> None:
        """Refuse."""
        passage.refusal = Reject.of_code(self.code, self.detail)
