"""What an error code of the venue means for the request it answers.

Every request the session sends may be repeated without harm: queries, subscriptions,
switches and cancels. So RETRY, WAIT and ASK all end in asking again, a bounded number
of times; they differ in how long to wait and in what is said.

Source: docs.deribit.com, error codes, seen 2026-08-22.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from engine.errors import ProtocolError, RequestRejected

TOO_MANY_REQUESTS = 10028
COD_FAILED = 10049
MAINTENANCE = 11051
RAW_NEEDS_LOGIN = 13778


class Verdict(Enum):
    """What to do about an error."""

    RETRY = "retry"
    """Not now: ask again after a pause."""
    WAIT = "wait"
    """The venue is closed or locked: ask again after a longer pause."""
    ASK = "ask"
    """The outcome is unknown: ask again, never assume."""
    LOGIN = "login"
    """The token is no longer good: a new connection logs in again."""
    REFUSED = "refused"
    """It will be refused for ever: the request, the key or the account is wrong."""
    GONE = "gone"
    """The order meant is no longer there, or was never there."""
    ENDED = "ended"
    """The venue ends the session with this answer."""


_CODES: dict[Verdict, tuple[int, ...]] = {
    Verdict.RETRY: (10040, 10041, 10047, 10066, 13043, 13903),
    Verdict.WAIT: (10012, 10019, 11051, 13019, 13025, 13503, 13780),
    Verdict.LOGIN: (10000, 10048, 11045, 11052, 11056, 13009, 13778),
    Verdict.REFUSED: (
        *(-32700, -32602, -32601, -32600, -32000),
        *(10002, 10009, 10011, 10020, 10021, 10022, 10023, 10024, 10025, 10026, 10027),
        *(10029, 10030, 10031, 10032, 10033, 10039, 10045, 10046, 10049, 10072),
        *(11029, 11042, 11043, 11048, 11049, 11050, 11059, 11060, 11098),
        *(13004, 13020, 13021, 13031, 13040, 13042, 13403, 13668),
    ),
    Verdict.GONE: (10004, 10010, 11008, 11044, 13666),
    Verdict.ENDED: (TOO_MANY_REQUESTS,),
}

_VERDICTS = {code: verdict for verdict, codes in _CODES.items() for code in codes}

ASK_AGAIN = (Verdict.RETRY, Verdict.WAIT, Verdict.ASK)


def verdict_of(code: int) -> Verdict:
    """Return the verdict on an error code; one we do not know leaves all open."""
    return _VERDICTS.get(code, Verdict.ASK)


class Reconnect(Exception):  # noqa: N818 - a decision, not an error of ours
    """This connection cannot go on; a new one may."""

    def __init__(self, conn: int, reason: str, level: str = "error") -> None:
        self.conn, self.reason, self.level = conn, reason, level
        super().__init__(reason)


class Unusable(Exception):  # noqa: N818 - a decision, not an error of ours
    """No new connection will help: the configuration, the key or the account must."""


class LoginRefused(Unusable):
    """The venue does not take the key."""


def as_object(method: str, value: Any) -> dict[str, Any]:
    """Return a JSON object the venue sent.

    Raises: ProtocolError when it sent something else.
    """
    if not isinstance(value, dict):
        raise ProtocolError(f"{method}: an object was expected, not {short(value)}")
    return value


def as_rows(method: str, value: Any) -> list[dict[str, Any]]:
    """Return a JSON array of objects the venue sent.

    Raises: ProtocolError when it sent something else.
    """
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ProtocolError(f"{method}: rows were expected, not {short(value)}")
    return value


def short(value: object, size: int = 120) -> str:
    """Return a text for a note, cut to ``size`` characters."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= size else text[: size - 1] + "…"


def rejection(method: str, code: int, message: str) -> RequestRejected:
    """Return the error for a refused request, its text cut short."""
    return RequestRejected(method, code, short(message))


def is_the_end(error: Exception) -> bool:
    """Say whether a refusal means the connection, not the question."""
    return isinstance(error, RequestRejected) and (
        verdict_of(error.code) in (Verdict.ENDED, Verdict.LOGIN)
    )
