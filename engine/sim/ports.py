"""What the parts of the simulation need of each other, as protocols.

``Exchange`` is the venue as the background market sees it, ``VenueVerbs`` as a link
sees it, ``ShellVerbs`` a world as the shell drives it; ``SignerVerbs`` is the signer of
the live shell, which the simulation takes as an argument and never imports.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from engine.sim.venue.api.rest import HttpRequest
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.products.surface import SurfaceState


class PlacedOrder(Protocol):
    """What the background market reads of an order it placed."""

    @property
    def price_ticks(self) -> int:
        """Limit price after any post-only slide."""

    @property
    def amount_lots(self) -> int:
        """How much of it there is, including what has traded."""

    @property
    def filled_lots(self) -> int:
        """How much of it has traded."""

    @property
    def state(self) -> str:
        """``open`` while anything of it still rests in the book."""


class Exchange(Protocol):
    """Direct, credit-free order entry, the indices and the vol surfaces."""

    def instruments(self) -> Sequence[Instrument]:
        """Return what is listed and open."""

    def place(
        self,
        account: Any,
        instrument: str,
        direction: str,
        price: float,
        amount: float,
        *,
        post_only: bool = False,
        time_in_force: str = "good_til_cancelled",
        at_once: bool = False,
        t_ns: int,
    ) -> Any:
        """Enter one limit order; ``at_once`` spares it the speed bump.

        Returns: a ``PlacedOrder``.
        Raises: Reject when the venue does not take it.
        """

    def cancel_order(self, order: Any, t_ns: int) -> object:
        """Take one order out of its book; nothing happens when it is not open."""

    def edit_order(self, order: Any, price: float, amount: float, t_ns: int) -> None:
        """Change price and total amount of an open order.

        Raises: Reject when the venue does not take it.
        """

    def set_index(self, index_name: str, price: float, t_ns: int) -> None:
        """Publish an index price."""

    def set_surface(self, index_name: str, state: SurfaceState, t_ns: int) -> None:
        """Move the vol surface of the options on an index."""


class FlowVerbs(Protocol):
    """What moves and trades on a venue without any client: a background market."""

    def start(self, venue: Any, t_ns: int) -> None:
        """Lay out the first books and schedule what comes."""

    def next_timer_ns(self) -> int:
        """Return when something happens next, 0 for never."""

    def step(self, t_ns: int) -> None:
        """Do everything due at or before ``t_ns``."""

    def pause_until(self, last_ns: int, t_ns: int) -> None:
        """Freeze from ``last_ns`` to ``t_ns``: nothing happened between."""


class VenueVerbs(Protocol):
    """A venue's side of a connection: ``World`` or a bare ``Venue``."""

    def connection_made(self, conn: int, t_ns: int) -> None:
        """Take note of a new connection."""

    def receive_data(self, conn: int, t_ns: int, payload: bytes) -> None:
        """Take one JSON-RPC text."""

    def connection_lost(self, conn: int, t_ns: int) -> None:
        """Take note that a connection is gone."""

    def handle_timer(self, t_ns: int) -> None:
        """Do what is due."""

    def next_timer_ns(self) -> int:
        """Return when something is due next, 0 for never."""

    def data_to_send(self, conn: int) -> list[bytes]:
        """Return the payloads waiting for one connection and forget them."""

    def connections_to_close(self) -> list[tuple[int, int, str]]:
        """Return (connection, close code, reason) and forget them."""

    def request_made(self, conn: int, t_ns: int, http: HttpRequest) -> None:
        """Take one HTTP request."""

    def responses(self) -> list[tuple[int, int, bytes]]:
        """Return (connection, HTTP status, body) of every answer and forget them."""


class ShellVerbs(VenueVerbs, Protocol):
    """What the shell behind the sockets needs of a world besides."""

    now_ns: int

    def connection_made(self, conn: int, t_ns: int, peer: str = "") -> None:
        """Take note of a new WebSocket from an address."""

    def request_made(
        self, conn: int, t_ns: int, http: HttpRequest, peer: str = ""
    ) -> None:
        """Take one HTTP request of an address."""

    def skip_to(self, t_ns: int) -> None:
        """Move the clock without the market having moved."""


class SignerVerbs(Protocol):
    """The shell's signer: secrets go in on the way out, tokens out on the way in."""

    def outbound(self, conn: int, frame: bytes) -> bytes:
        """Return the frame as it goes on the wire."""

    def inbound(self, conn: int, payload: bytes) -> bytes:
        """Return the payload as the core may see it."""

    def authorization(
        self, method: str, target: str, body: bytes, timestamp_ms: int, nonce: str
    ) -> str:
        """Return the ``Authorization`` header of one HTTP request."""

    def forget(self, conn: int) -> None:
        """Drop what waits for an answer on a connection that is gone."""
