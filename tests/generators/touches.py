"""Random streams of books for signals: touches, cuts between them, and their times."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from engine._core.signals.signal import Signal
from engine._core.state.book import Book

SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class Touch:
    """One book: its best prices in ticks, sizes in lots, and its time."""

    bid: int
    ask: int
    bid_lots: int
    ask_lots: int
    now_ns: int


@dataclass(frozen=True)
class Cut:
    """The book is lost, crossed, one-sided or emptied, at a time."""

    how: str
    now_ns: int


@st.composite
def streams(draw: st.DrawFn, *, size: int = 30, cuts: bool = True) -> list[Touch | Cut]:
    """Draw a stream with moves of few ticks, and times that may stand still."""
    events: list[Touch | Cut] = []
    bid, now_ns = draw(st.integers(100, 10**6)), 0
    for _ in range(draw(st.integers(1, size))):
        now_ns += draw(st.sampled_from([0, 1, 1_000_000, 40_000_000, SECOND_NS]))
        if cuts and draw(st.integers(0, 7)) == 0:
            how = draw(st.sampled_from(["lost", "crossed", "one-sided", "emptied"]))
            events.append(Cut(how, now_ns))
            continue
        bid += draw(st.integers(-2, 2))
        spread = draw(st.integers(1, 3))
        lots = st.integers(1, 50)
        events.append(Touch(bid, bid + spread, draw(lots), draw(lots), now_ns))
    return events


def show(signal: Signal, book: Book, event: Touch | Cut) -> None:
    """Show a signal what happened, as the engine does."""
    if isinstance(event, Touch):
        levels = [
            ("bid", event.bid, event.bid_lots),
            ("ask", event.ask, event.ask_lots),
        ]
        set_book(book, levels)
    elif event.how == "lost":
        book.mark_lost()
    elif event.how == "emptied":
        book.forget()
    elif event.how == "crossed":
        set_book(book, [("bid", 500, 1), ("ask", 500, 1)])
    else:
        set_book(book, [("bid", 500, 1)])
    signal.observe_book(book, event.now_ns)


def set_book(book: Book, levels: list[tuple[str, int, int]]) -> None:
    """Replace a book."""
    book.apply_rows(levels, change_id=1, is_snapshot=True)  # type: ignore[arg-type]
