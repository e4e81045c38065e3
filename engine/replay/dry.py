"""A core without a venue: recorded frames go in, books come out, nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine._core.base.instrument import decimal_parts
from engine._core.core import Core
from engine.recording import Frame
from engine.replay.infer import Facts

if TYPE_CHECKING:
    from engine._core.quote.market import Market

FRAME_NS = 1_000_000
"""How far apart frames without a receive time are taken to be."""
NOTES_MAX = 1000
"""Notes of the core that are kept; it notes each kind of oddity once."""
CONN = 0


class SilentSession:
    """A session that asks for nothing and answers nothing."""

    def __init__(self) -> None:
        self.controls = 0

    def on_connected(self, conn: int, t_ns: int) -> None:
        """Say nothing."""

    def on_lost(self, conn: int, t_ns: int) -> None:
        """Say nothing."""

    def on_control(self, conn: int, t_ns: int, payload: bytes) -> None:
        """Count what a session would have read."""
        self.controls += 1

    def on_command(self, t_ns: int, cmd: dict[str, Any]) -> None:
        """Do nothing."""

    def on_timer(self, t_ns: int) -> None:
        """Do nothing."""

    def next_timer_ns(self) -> int:
        """Return 0: no timer is wanted."""
        return 0

    def on_gap(self, index: int, t_ns: int) -> None:
        """Do nothing: the recording has the next snapshot, or has none."""

    def on_unknown(self, slot: int, t_ns: int) -> None:
        """Do nothing."""

    def on_refused(self, index: int, code: int, t_ns: int) -> None:
        """Nothing: nobody answers here."""

    def on_stray(self, order: dict[str, Any]) -> None:
        """Do nothing."""

    def on_fill(self, fill: dict[str, Any]) -> None:
        """Do nothing."""

    def on_halt(self, t_ns: int, reason: str) -> None:
        """Do nothing."""

    def snapshot(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def checkpoint(self) -> dict[str, Any]:
        """Return nothing."""
        return {}


class DryRun:
    """A core over the instruments of one recording."""

    def __init__(self, facts: Facts) -> None:
        self.core = Core(0)
        self.session = SilentSession()
        self.core.attach(self.session)
        self.indices: dict[str, int] = {}
        self.notes: list[str] = []
        self.answers = 0
        """Payloads that were made here, not recorded: answers to our own requests."""
        self.first_ns = 0
        self.now_ns = 0
        self.is_open = False
        for name in facts.rows:
            self._add(name, facts)

    def _add(self, name: str, facts: Facts) -> None:
        """Add one instrument; a row the core cannot hold gives way to inference."""
        try:
            self.indices[name] = self.core.add_instrument(facts.rows[name])
            return
        except (ValueError, OverflowError) as error:
            problem = str(error)
        try:
            self.indices[name] = self.core.add_instrument(facts.inferred[name])
            facts.messages.append(f"{problem}: facts are inferred")
            facts.sources[name] = "inferred"
        except (ValueError, OverflowError) as error:
            facts.messages.append(f"{error}: its frames cannot be read")
            facts.sources[name] = "unusable"

    def feed(self, frame: Frame) -> None:
        """Hand one received frame to the core."""
        wanted_ns = self.now_ns + FRAME_NS if frame.t_ns is None else frame.t_ns
        self.now_ns = max(self.now_ns, wanted_ns)
        if not self.is_open:
            self.is_open = True
            self.first_ns = self.now_ns
            self.core.connection_made(CONN, self.now_ns)
            self.opened()
        self.core.receive_data(CONN, self.now_ns, frame.payload)
        self.turn()

    def opened(self) -> None:
        """Do what is due once, when the connection stands."""

    def turn(self) -> None:
        """Do what a shell does after a verb: take what the core says."""
        self.core.data_to_send(CONN)
        self.core.connections_to_close()
        self.core.errands()
        for _, _, _, text in self.core.notes():
            if len(self.notes) < NOTES_MAX:
                self.notes.append(text)

    def report(self) -> dict[str, Any]:
        """Return what else there is to say about the run."""
        return {}

    def markets(self) -> dict[str, Market]:
        """Return the markets that saw a book frame, by name."""
        found = {name: self.core.market(index) for name, index in self.indices.items()}
        return {
            name: market
            for name, market in found.items()
            if market.book.change_id or market.book.state_name != "empty"
        }

    def levels(self, name: str, side: str) -> list[list[float]]:
        """Return ``[price, amount]`` of every level, best first, as the venue wrote it.

        Integer ticks times an exact decimal tick, converted once: the float is the one
        nearest to the venue's decimal, which is what its JSON number reads as.
        """
        index = self.indices[name]
        facts = self.core.table.facts(index)
        tick = scale(facts["tick_size"])
        lot = scale(facts["lot_size"])
        return [
            [ticks * tick[0] / tick[1], lots * lot[0] / lot[1]]
            for ticks, lots in self.core.book_levels(index, side)
        ]

    def books(self) -> dict[str, dict[str, Any]]:
        """Return every book at full depth."""
        return {
            name: {
                "change_id": market.book.change_id,
                "state": market.book.state_name,
                "bids": self.levels(name, "bid"),
                "asks": self.levels(name, "ask"),
            }
            for name, market in self.markets().items()
        }


def scale(size: float) -> tuple[int, int]:
    """Return a tick or lot as an exact fraction (numerator, power of ten)."""
    numerator, decimals = decimal_parts(size)
    return numerator, 10**decimals
