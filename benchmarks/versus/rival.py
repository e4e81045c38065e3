"""What every candidate is, and the check that they agree before they are timed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Touch = tuple[float, float]


class Follower(Protocol):
    """Follows one book from its frames; made from the snapshot."""

    def play(self, frames: list[bytes]) -> None:
        """Take every frame and read the touch after each."""

    def touch(self) -> Touch:
        """Return best bid and ask."""


class Quoter(Protocol):
    """Turns one frame into two order requests, as bytes."""

    def one(self, frame: bytes) -> object:
        """Take a frame; return the requests."""

    def touch(self) -> Touch:
        """Return best bid and ask."""


class GapError(RuntimeError):
    """A frame of the chain was missed."""


class DisagreementError(RuntimeError):
    """Candidates that saw the same frames do not end on the same touch."""


Makes = dict[str, Callable[[bytes], Follower]]


def touch_of_all(made: Makes, frames: list[bytes]) -> Touch:
    """Let everybody follow the same frames; return the touch all of them end on.

    Raises: DisagreementError naming who ended where.
    """
    ends = {}
    for name, make in made.items():
        follower = make(frames[0])
        follower.play(frames[1:])
        ends[name] = tuple(float(price) for price in follower.touch())
    if len(set(ends.values())) != 1:
        raise DisagreementError(f"not the same touch: {ends}")
    bid, ask = next(iter(ends.values()))
    return bid, ask
