"""What every candidate is, and the check that they agree before they are timed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

Touch = tuple[float, float]


class Follower(Protocol):
    """Follows one book from its frames; made from the snapshot."""

    def play(self, frames: list[bytes]) -> None:
        """Take every frame and read the touch after each."""

    def touch(self) -> Touch:
        """Return best bid and ask."""


class BookClient:
    """A follower over a book of its own; what takes a frame is the client's own."""

    book: Any
    frame: Callable[[bytes], None]

    def play(self, frames: list[bytes]) -> None:
        """Take every frame and read the touch after each."""
        take, best = self.frame, self.book.best
        for frame in frames:
            take(frame)
            best()

    def touch(self) -> Touch:
        """Return best bid and ask."""
        return self.book.best()


class Quoter(Protocol):
    """Turns one frame into two order requests, as bytes."""

    order_ids: tuple[str, str]
    first: list[bytes]
    """The requests for the snapshot."""

    def one(self, frame: bytes) -> list[bytes]:
        """Take a frame; return the requests."""

    def after(self) -> None:
        """Let what is not timed happen between two frames."""

    def touch(self) -> Touch:
        """Return best bid and ask."""


class GapError(RuntimeError):
    """A frame of the chain was missed."""


class DisagreementError(RuntimeError):
    """Candidates that saw the same frames do not end on the same touch."""


def load_rivals(
    modules: dict[str, str], name: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a name out of each rival's module, and why the others cannot be had.

    Both by the rival's title, as ``modules`` has it.
    """
    made, absent = {}, {}
    for title, module in modules.items():
        try:
            made[title] = getattr(import_module(f"benchmarks.versus.{module}"), name)
        except ImportError as error:
            absent[title] = f"not installed: {error}"
    return made, absent


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
