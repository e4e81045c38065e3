"""The two faces of the core: what a shell calls on it, and what it calls on a session.

A shell (live, replay, simulation) may hold a core or whatever records one; it needs
`Verbs` and nothing else. A session may be the real one or a silent one.
"""

from __future__ import annotations

from typing import Any, Protocol

Note = tuple[int, str, str, str]
"""(t_ns, level, kind, text); level is debug, info, warning, error or critical."""


class Verbs(Protocol):
    """What a shell calls on a core."""

    def connection_made(self, conn: int, t_ns: int) -> None:
        """Tell the core that a connection is open."""

    def receive_data(
        self, conn: int, t_ns: int, data: bytes, more_coming: bool = False
    ) -> None:
        """Hand over one payload, one JSON text."""

    def connection_lost(self, conn: int, t_ns: int) -> None:
        """Tell the core that a connection is gone."""

    def handle_timer(self, t_ns: int) -> None:
        """Tell the core what time it is."""

    def command(self, t_ns: int, cmd: bytes) -> None:
        """Hand over a command, a JSON object."""

    def data_to_send(self, conn: int) -> bytes:
        """Take the frames for one connection, each ended by a newline."""

    def connections_to_close(self) -> list[tuple[int, str]]:
        """Take the connections the core wants closed, with the reasons."""

    def errands(self) -> list[str]:
        """Take the names of what is to be done beside the connections.

        ``cancel_all``: cancel every order of the account, ``cancel_ours``: every order
        with a label of this engine, on a road that needs none of the connections. What
        is open then is told by the command ``errand_done``.
        """

    def next_timer_ns(self) -> int:
        """Return when handle_timer is wanted, 0 = never."""

    def notes(self) -> list[Note]:
        """Take the notes for the log."""

    def snapshot(self) -> dict[str, Any]:
        """Return the state for metrics and view."""

    def checkpoint(self) -> dict[str, Any]:
        """Return what a later run has to know. Empty: {}, nothing is certain yet."""


class SessionHooks(Protocol):
    """What the core calls on its session; an exception out of one halts the core."""

    def on_connected(self, conn: int, t_ns: int) -> None:
        """Take note that a connection is open."""

    def on_lost(self, conn: int, t_ns: int) -> None:
        """Take note that a connection is gone."""

    def on_control(self, conn: int, t_ns: int, payload: bytes) -> None:
        """Take a payload that decode leaves to the session."""

    def on_command(self, t_ns: int, cmd: dict[str, Any]) -> None:
        """Take an operator or shell command."""

    def on_timer(self, t_ns: int) -> None:
        """Do what is due."""

    def next_timer_ns(self) -> int:
        """Return when something is due next, 0 = never."""

    def on_gap(self, index: int, t_ns: int) -> None:
        """Get a fresh snapshot: the book of this instrument cannot be read."""

    def on_unknown(self, slot: int, t_ns: int) -> None:
        """Ask the venue: the fate of the order in this slot is unknown."""

    def on_refused(self, index: int, code: int, t_ns: int) -> None:
        """Take note that an order request of an instrument was answered by an error."""

    def on_stray(self, order: dict[str, Any]) -> None:
        """Take note of an open order that is in no slot: somebody else's, or ours.

        Keys: ``instrument`` (index, -1 = not one of ours), ``name`` ("" likewise),
        ``order_id``, ``label`` ("" = not ours), ``run`` (of the label, -1 = not ours),
        ``venue_ms``, ``now_ns``.
        """

    def on_fill(self, fill: dict[str, Any]) -> None:
        """Take note of a fill, told once, after its whole frame has been absorbed.

        Keys: ``instrument`` (index), ``name``, ``side`` ("bid" or "ask": ours),
        ``lots``, ``price_ticks`` (None off the grid), ``price`` and ``fee`` (Decimals
        as the venue wrote them), ``fee_e12`` (1e-12 of ``fee_currency``, "" = not
        sent), ``trade_id``, ``trade_seq`` (-1 = not sent), ``order_id``, ``label``,
        ``run`` and ``slot`` (of the label, -1 = not a quote of ours), ``is_maker``,
        ``venue_ms``, ``now_ns``.
        """

    def on_halt(self, t_ns: int, reason: str) -> None:
        """Take note that the core has halted and cancels everything."""

    def snapshot(self) -> dict[str, Any]:
        """Return the session's state for metrics and view."""

    def checkpoint(self) -> dict[str, Any]:
        """Return what a later run has to know. Empty: {}, nothing is certain yet."""
