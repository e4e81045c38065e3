"""What must hold after every event, checked from outside.

``Shelf`` follows the chain of a book's frames by itself, so that it can say whether a
quote that goes out could have been priced; ``Watch`` has the rest. Checks are made when
something they depend on has changed, not after every event.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from engine.sim.links import Links
from engine.sim.venue.errors import Reject

MILLISECOND_NS = 1_000_000
TRACE_MAX = 4_000
PRICED = ("private/buy", "private/sell", "private/edit")
BUY, SELL = "bid", "ask"


class Broken(AssertionError):  # noqa: N818 -- what happened, not a kind of error
    """Something that must always hold does not."""


class Shelf:
    """Whether the book of one instrument can be read, by its frames alone.

    ``ids`` are the change ids a correct reader may stand at: a snapshot that comes late
    may be taken or passed over, so there can be several.
    """

    def __init__(self) -> None:
        self.ids: set[int] = set()

    def take(self, data: Mapping[str, Any]) -> None:
        """Read one frame of the book's channel."""
        change_id = data["change_id"]
        if data["type"] == "snapshot":
            self.ids.add(change_id)
            return
        before = data.get("prev_change_id")
        linked = {change_id} if before in self.ids else set()
        self.ids = linked | {known for known in self.ids if known >= change_id}

    def forget(self) -> None:
        """Take note that the line is gone."""
        self.ids.clear()


class Watch:
    """Follows one engine and its account at the venue.

    Units: ``limits`` in lots by instrument, ``stale_ns`` the age of the last word about
    a book from which on no quote may be priced. ``forbids`` says by what latched step
    an instrument may not be quoted at all, "" when it may.
    """

    def __init__(
        self,
        links: Links,
        venue: Any,
        account: str,
        limits: dict[str, int],
        stale_ns: dict[str, int],
        forbids: Callable[[str], str],
    ) -> None:
        self.links, self.venue = links, venue
        self.limits, self._stale_ns = limits, stale_ns
        self._forbids = forbids
        self.account = venue.exchange.accounts[account]
        self.trace: deque[tuple[int, str, str | bytes]] = deque(maxlen=TRACE_MAX)
        self.shelves = {name: Shelf() for name in limits}
        self.heard_ns = dict.fromkeys(limits, -1)
        self.priced = self.worst = 0
        self._has_priced = False  # this process: before, it may not know its position
        self._most: dict[str, int] = {}  # what a position may be; {} = anything
        self._moved = self._spoke = False
        self._labels: set[str] = set()
        self._instruments: dict[str, str] = {}
        links.on_frame, links.on_event = self.on_frame, self.on_event
        self._listen()

    def _listen(self) -> None:
        """Hear of every order and position that changes, and of every refusal."""
        exchange, credits = self.venue.exchange, self.account.credits
        note_order, note_position = exchange.note_order, exchange.note_position

        def order_changed(order: Any) -> None:
            self._moved = True
            note_order(order)

        def position_changed(account: Any, position: Any) -> None:
            self._moved = True
            note_position(account, position)

        def refused(cost: str, now_ns: int) -> Reject:
            raise Broken(f"the credits are exhausted: {cost}")

        exchange.note_order, exchange.note_position = order_changed, position_changed
        credits.refusal = refused

    def process_began(self) -> None:
        """Take note that another process stands where the last one stood."""
        self._has_priced = False

    def may_not_grow(self, is_so: bool) -> None:
        """Forbid any position to grow from here on, or allow it again."""
        self._most = (
            {name: self.position_lots(name) for name in self.limits} if is_so else {}
        )

    def say(self, kind: str, text: str) -> None:
        """Write a line into the trace."""
        self.trace.append((self.links.now_ns, kind, text))

    # Frames.

    def on_frame(self, direction: str, conn: int, frame: bytes) -> None:
        """Look at a frame the core writes or is about to read."""
        self.trace.append((self.links.now_ns, f"{direction} {conn}", frame))
        if direction == "up":
            self._spoke = True
            if b"private/" in frame:
                self._look_at_request(frame)
        elif direction == "lost":
            if conn == len(self.links.links) - 1:
                for shelf in self.shelves.values():
                    shelf.forget()
        else:
            self._spoke = True
            if b'"book.' in frame or b'"ticker.' in frame:
                self._look_at_market(frame)

    def _look_at_market(self, frame: bytes) -> None:
        try:
            said = orjson.loads(frame)
        except orjson.JSONDecodeError:
            return  # cut short; the line is gone with it
        params = said.get("params")
        if not isinstance(params, dict) or "channel" not in params:
            return
        data, channel = params["data"], params["channel"]
        name = channel.split(".")[1]
        if name not in self.shelves:
            return
        self.heard_ns[name] = self.links.now_ns
        if channel.startswith("book."):
            self.shelves[name].take(data)

    def _look_at_request(self, frame: bytes) -> None:
        said = orjson.loads(frame)
        if said["method"] not in PRICED:
            return
        self.priced += 1
        self._has_priced = True
        params = said["params"]
        name = params.get("instrument_name")
        label = params.get("label")
        if label is not None:
            if label in self._labels:
                raise Broken(f"the label {label} is used twice")
            self._labels.add(label)
            if "-t-" in label:
                return  # a ticket is priced by whoever asked for it
        if name is None:
            order = self.venue.exchange.orders.get(params.get("order_id"))
            if order is None:
                raise Broken(f"an order is edited that never was: {params}")
            name = order.instrument.name
        if (step := self._forbids(name)) and "post_only" in params:
            raise Broken(f"{name} is quoted after {step}")
        age_ns = self.links.now_ns - self.heard_ns[name]
        if not self.shelves[name].ids:
            raise Broken(f"{name} is quoted, and its book cannot be read")
        if age_ns > self._stale_ns[name]:
            raise Broken(
                f"{name} is quoted from a word {age_ns // MILLISECOND_NS} ms old"
            )

    # Events.

    def on_event(self) -> None:
        """Check what the event may have broken."""
        if self.links.notes:
            self._read_notes()
        if self._moved:
            self._moved = False
            self._check_venue()
        if self._spoke:
            self._spoke = False
            if self._has_priced:
                self._check_core()

    def _read_notes(self) -> None:
        for _, level, kind, text in self.links.notes:
            self.say(level, f"{kind}: {text}")
            if kind == "halt":
                raise Broken(f"{kind}: {text}")
            if kind in ("position", "strategy", "session") and level == "error":
                raise Broken(f"{kind}: {text}")
        self.links.notes.clear()

    def position_lots(self, name: str) -> int:
        """Return the position the venue has."""
        position = self.account.positions.get(name)
        return position.size if position is not None else 0

    def _check_venue(self) -> None:
        """Judge exposure and slots by what the venue knows."""
        open_lots: dict[tuple[str, int], int] = {}
        slots: dict[str, str] = {}
        for order in self.account.open_orders.values():
            key = (order.instrument.name, order.side)
            if not order.reduce_only:
                open_lots[key] = open_lots.get(key, 0) + order.open_lots
            slot = order.label.split("-")[2]
            if slot == "t":
                continue  # a ticket has no slot
            other = slots.setdefault(slot, order.label)
            if other is not order.label:
                raise Broken(f"two orders of one slot: {other}, {order.label}")
        self._check_growth()
        for name, limit in self.limits.items():
            held = self.position_lots(name)
            long = held + open_lots.get((name, 1), 0)
            short = open_lots.get((name, -1), 0) - held
            self._within(name, max(long, short), limit, "the venue")

    def _check_growth(self) -> None:
        """Let positions come nearer to nothing only, while they may not grow."""
        for name, most in self._most.items():
            held = self.position_lots(name)
            if not min(0, most) <= held <= max(0, most):
                raise Broken(f"{name}: reduce, and {most} lots became {held}")
            self._most[name] = held

    def _check_core(self) -> None:
        """Judge exposure by what the core believes."""
        core: Any = self.links.core
        worst: dict[tuple[str, str], int] = {}
        for slot in core.open_slots():
            key = (slot["name"], slot["side"])
            worst[key] = worst.get(key, 0) + slot["worst_lots"]
            self._instruments.setdefault(slot["name"], slot["instrument"])
        for name, index in self._instruments.items():
            try:
                held = core.market(index).position.size_lots
            except IndexError:
                continue  # a new core, not yet told what is listed
            long = held + worst.get((name, BUY), 0)
            short = worst.get((name, SELL), 0) - held
            self._within(name, max(long, short), self.limits[name], "the engine")

    def _within(self, name: str, exposure: int, limit: int, who: str) -> None:
        self.worst = max(self.worst, exposure)
        if exposure > limit:
            raise Broken(f"{name}: exposure {exposure} lots above {limit}, says {who}")
