"""The life of a ticket: the same truth rules as for quotes, in a place of its own.

A ticket is an order outside the slots: a stop, a take, a hedge, a linked order, or what
closes a position. It has a label ``hs-<run>-t-<seq>`` and one of these states:

``waiting``   not sent yet: no credit, or the engine is not connected
``sent``      on its way; no answer yet
``open``      at the venue: resting, or waiting for its trigger
``unknown``   no answer, or one that says too little; only the venue ends it
``done``      filled, cancelled or refused, says the venue; or never sent

What always holds: a ticket that is not reduce-only was counted in the exposure of its
instrument before it was sent, and stays so until the venue has spoken and its trades
are booked; without room in the position limit it is refused. Every request carries
``valid_until``: what comes too late is not carried out, and only after that time does
"there is no such order" end a ticket. A request is never repeated. A ticket does not
outlive its connection (cancel-on-disconnect), nor is it placed again after a break: who
placed it sees it ``done`` and decides.

Source: docs.deribit.com, private/buy and private/get_order_state_by_label, seen
2026-08-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from engine.session.context import Context, Listing
from engine.session.flow import Ask, Reply, Script, Sleep
from engine.session.plan import ticket_prefix
from engine.session.tickets.spec import (
    Spec,
    TicketError,
    lots_of,
    request_of,
    spec_from,
)
from engine.session.verdict import Verdict, rejection, short

OPEN_MAX = 32
"""Tickets that are not done; one more is refused."""

KEPT_MAX = 32
"""Tickets that are done and still shown."""

VALID_MS = 5_000
"""So long may a ticket take to reach the venue."""

LOOK_NS = 1_000_000_000
"""An open ticket is looked at this often; its trades are told at once, anyway."""

NO_CREDIT_NS = 100_000_000

AT_REST = ("open", "untriggered")
"""Order states that are no end."""

COMMANDS = ("ticket", "cancel_ticket", "close_position")


@dataclass(slots=True)
class Ticket:
    """One ticket.

    Units: lots as in the core; counted is what of it the core counts in the exposure,
    by side; look_ns and sent_ns on the core's clock; valid_until_ms the venue's.
    """

    label: str
    spec: Spec
    listing: Listing
    purpose: str
    counted: dict[str, int]
    lots: int
    state: str = "waiting"
    sent_ns: int = 0
    valid_until_ms: int = 0
    order_id: str = ""
    filled_lots: int = 0
    booked_lots: int = 0
    look_ns: int = 0
    is_doomed: bool = False
    why: str = ""

    def row(self) -> dict[str, Any]:
        """Return what is shown of it."""
        return {
            "label": self.label,
            "instrument": self.spec.instrument,
            "side": self.spec.side,
            "amount": str(self.spec.amount),
            "type": self.spec.type,
            "purpose": self.purpose,
            "state": self.state,
            "filled_lots": max(self.filled_lots, self.booked_lots),
            "why": self.why,
        }


def fields_in(cmd: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of a ticket: the command's own, or JSON text in ``spec``.

    Raises: TicketError when that text is no JSON object.
    """
    if "spec" not in cmd:
        return cmd
    try:
        found = orjson.loads(str(cmd["spec"]))
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or len(cmd) != 1:
        raise TicketError("ticket: spec: one JSON object, and no other field")
    return found


class Tickets:
    """All tickets of a run, and the script that carries them out."""

    def __init__(self) -> None:
        self._open: dict[str, Ticket] = {}
        self._done: dict[str, Ticket] = {}
        self._next = 1

    # What is asked of it.

    def place(self, ctx: Context, spec: Spec, purpose: str = "") -> str:
        """Take a ticket; `work` sends it. Returns: its label.

        Raises: TicketError when it cannot be sent as it stands, would pass the position
        limit, or OPEN_MAX tickets are open.
        """
        one = ctx.listings.get(spec.instrument)
        if one is None or one.is_retired or one.index < 0:
            names = ", ".join(each.name for each in ctx.quoted()) or "none yet"
            text = f"ticket: instrument = {spec.instrument!r}: one of {names}"
            raise TicketError(text)
        if len(self._open) >= OPEN_MAX:
            raise TicketError(f"ticket: {OPEN_MAX} are open, and no more may be")
        label = f"{ticket_prefix(ctx.core.run_id)}{self._next}"
        request_of(spec, ctx.core.table, one.index, label, 0)
        lots = lots_of(spec, ctx.core.table, one.index)
        ticket = Ticket(
            label, spec, one, short(purpose, 40), self._count(ctx, spec, one), lots
        )
        self._next += 1
        self._open[label] = ticket
        return label

    def cancel(self, label: str) -> None:
        """Have a ticket cancelled; one that is done stays done.

        Raises: TicketError when there is no such ticket.
        """
        if label in self._open:
            self._open[label].is_doomed = True
            self._open[label].look_ns = 0
        elif label not in self._done:
            raise TicketError(f"cancel_ticket: label = {label!r}: no such ticket")

    def close(
        self, ctx: Context, name: str, price: Decimal | None = None, purpose: str = ""
    ) -> str:
        """Close what is held by one reduce-only order, as private/close_position does.

        That method takes no label, so the order goes out as a buy or sell of ours.
        Returns: its label. Raises: TicketError, also when nothing is held.
        """
        market = ctx.core.snapshot()["instruments"].get(name)
        one = ctx.listings.get(name)
        if market is None or one is None or not market["position"]:
            raise TicketError(f"close_position: instrument = {name!r}: nothing is held")
        # A whole number of lots: the float of the amount may be off in its last digit.
        lot = ctx.core.table.facts(one.index)["lot_size"]
        held = round(market["position"] / lot) * Decimal(repr(lot))
        spec = Spec(
            instrument=name,
            side="sell" if held > 0 else "buy",
            amount=abs(held),
            type="market" if price is None else "limit",
            price=price,
            time_in_force="" if price is None else "immediate_or_cancel",
            reduce_only=True,
        )
        return self.place(ctx, spec, purpose or "close")

    def obey(self, ctx: Context, cmd: Mapping[str, Any]) -> None:
        """Carry out an operator's command, one of COMMANDS."""
        name = cmd["cmd"]
        rest = {k: v for k, v in cmd.items() if k not in ("cmd", "wait_s", "reason")}
        try:
            if name == "ticket":
                label = self.place(ctx, spec_from(fields_in(rest)), "operator")
                ctx.note("info", "ticket", f"{label}: taken")
            elif name == "cancel_ticket":
                self.cancel(str(rest.get("label", "")))
            else:
                spec = spec_from({"side": "buy", "amount": 1, **rest})
                label = self.close(ctx, spec.instrument, spec.price, "operator")
                ctx.note("info", "ticket", f"{label}: closes {spec.instrument}")
        except TicketError as error:
            ctx.note("error", "ticket", str(error))

    # What it is told.

    def on_fill(self, ctx: Context, fill: Mapping[str, Any]) -> None:
        """Take note of a booked trade: position now, no longer an open ticket."""
        ticket = self._find(str(fill.get("label", "")))
        if ticket is not None:
            ticket.booked_lots += int(fill["lots"])
            side = "bid" if fill["side"] in ("bid", "buy") else "ask"
            self._release(ctx, ticket, side, int(fill["lots"]))
            ticket.look_ns = 0

    def lost(self, ctx: Context) -> None:
        """The connection is gone: what was on its way or at the venue is unknown."""
        for ticket in list(self._open.values()):
            if ticket.state == "waiting":
                self._end(ctx, ticket, "never sent: the connection was lost")
            else:
                ticket.state = "unknown"
                ticket.look_ns = 0

    @property
    def has_work(self) -> bool:
        """Whether `work` would find something to do, now or later."""
        return bool(self._open)

    def rows(self) -> list[dict[str, Any]]:
        """Return what is shown: open tickets, then the last that are done."""
        return [one.row() for one in (*self._open.values(), *self._done.values())]

    # How it is carried out.

    def work(self, ctx: Context) -> Script[None]:
        """Send, cancel and look, until no ticket is open.

        Raises: RequestRejected when the venue ends the session or wants a new login.
        """
        while self._open:
            due = [one for one in self._open.values() if one.look_ns <= ctx.now_ns]
            for ticket in due:
                if ticket.state == "waiting":
                    yield from self._send(ctx, ticket)
                elif ticket.is_doomed and ticket.state == "open":
                    yield from self._cancel(ctx, ticket)
                else:
                    yield from self._look(ctx, ticket)
            if not due:
                next_ns = min(one.look_ns for one in self._open.values())
                yield Sleep(min(max(1, next_ns - ctx.now_ns), NO_CREDIT_NS))

    def _send(self, ctx: Context, ticket: Ticket) -> Script[None]:
        if ticket.is_doomed:
            self._end(ctx, ticket, "never sent: cancelled first")
            return
        venue_ms = ctx.clock.venue_ms(ctx.now_ns)
        pools = ctx.limits.pays(ticket.listing.name)
        if venue_ms is None or not ctx.core.take_credit(*pools):
            ticket.look_ns = ctx.now_ns + NO_CREDIT_NS
            return
        ticket.sent_ns, ticket.valid_until_ms = ctx.now_ns, venue_ms + VALID_MS
        method, params = request_of(
            ticket.spec, ctx.core.table, ticket.listing.index, ticket.label,
            ticket.valid_until_ms,
        )  # fmt: skip
        ticket.state = "sent"
        reply = yield Ask(ctx.settings.orders_conn, method, params, once=True)
        ctx.core.credit_answered(reply.sent_ns, *pools)
        if not reply.code:
            order = (
                reply.result.get("order") if isinstance(reply.result, dict) else None
            )
            self._learn(ctx, ticket, [order] if isinstance(order, dict) else [])
            return
        self._judge(ctx, ticket, reply)

    def _judge(self, ctx: Context, ticket: Ticket, reply: Reply) -> None:
        """Take a refusal: the end, or, when it says too little, a question."""
        ticket.why = f"{reply.code} {short(reply.message, 80)}"
        ticket.state, ticket.look_ns = "unknown", ctx.now_ns + LOOK_NS
        if reply.verdict in (Verdict.LOGIN, Verdict.ENDED):
            raise rejection(reply.method, reply.code, reply.message)
        if reply.verdict in (Verdict.REFUSED, Verdict.RETRY, Verdict.WAIT):
            self._end(ctx, ticket, ticket.why)

    def _cancel(self, ctx: Context, ticket: Ticket) -> Script[None]:
        pools = ctx.limits.pays(ticket.listing.name)
        ticket.look_ns = ctx.now_ns + NO_CREDIT_NS
        if not ctx.core.take_credit(*pools):
            return
        conn = ctx.settings.orders_conn
        reply = yield Ask(conn, "private/cancel_by_label", self._named(ticket))
        ctx.core.credit_answered(reply.sent_ns, *pools)
        if reply.verdict in (Verdict.LOGIN, Verdict.ENDED):
            raise rejection(reply.method, reply.code, reply.message)
        yield from self._look(ctx, ticket)

    def _look(self, ctx: Context, ticket: Ticket) -> Script[None]:
        """Ask the venue what the orders with a ticket's label have become."""
        method = "private/get_order_state_by_label"
        asked_ms = ctx.clock.venue_ms(ctx.now_ns)
        reply = yield Ask(ctx.settings.orders_conn, method, self._named(ticket))
        ticket.look_ns = ctx.now_ns + LOOK_NS
        if reply.verdict in (Verdict.LOGIN, Verdict.ENDED):
            raise rejection(reply.method, reply.code, reply.message)
        if reply.code and reply.verdict is not Verdict.GONE:
            return
        rows = reply.result if isinstance(reply.result, list) else []
        rows = [row for row in rows if isinstance(row, dict)]
        if rows:
            self._learn(ctx, ticket, rows)
        elif (
            asked_ms is not None
            and asked_ms > ticket.valid_until_ms
            and reply.sent_ns > ticket.sent_ns + VALID_MS * 1_000_000
        ):
            self._end(ctx, ticket, ticket.why or "the venue knows no such order")

    def _named(self, ticket: Ticket) -> dict[str, Any]:
        return {"currency": ticket.listing.currency, "label": ticket.label}

    def _learn(self, ctx: Context, ticket: Ticket, rows: list[dict[str, Any]]) -> None:
        """Take the venue's word on every order of a ticket."""
        ticket.look_ns = ctx.now_ns + LOOK_NS
        ticket.state = "unknown"
        states = [str(row.get("order_state", "")) for row in rows]
        if not rows:
            return
        ticket.order_id = str(rows[0].get("order_id", ticket.order_id))
        ticket.filled_lots = max(ticket.filled_lots, self._filled(ctx, ticket, rows))
        became = {row.get("trigger_order_id") for row in rows}
        if any(
            state in AT_REST
            or (state == "triggered" and row.get("order_id") not in became)
            for row, state in zip(rows, states, strict=True)
        ):
            ticket.state = "open"
            return
        reason = str(rows[-1].get("cancel_reason") or states[-1])
        self._end(ctx, ticket, reason)

    def _filled(self, ctx: Context, ticket: Ticket, rows: list[dict[str, Any]]) -> int:
        total = 0
        for row in rows:
            try:
                total += ctx.core.table.lots(
                    ticket.listing.index, row.get("filled_amount") or 0
                )
            except (TypeError, ValueError, ArithmeticError):
                ctx.warn_once("ticket", f"filled_amount of {ticket.label}: not a size")
        return total

    # The exposure.

    def _count(self, ctx: Context, spec: Spec, one: Listing) -> dict[str, int]:
        """Count a ticket and its linked orders at the worst; return lots by side.

        Raises: TicketError when the position limit has no room for it.
        """
        counted = {"bid": 0, "ask": 0}
        for each in (spec, *spec.then):
            if each.adds:
                side = "bid" if each.side == "buy" else "ask"
                counted[side] += lots_of(each, ctx.core.table, one.index)
        taken: list[tuple[str, int]] = []
        for side, lots in counted.items():
            if not lots:
                continue
            if not ctx.core.reserve_ticket(one.index, side, lots):
                for back, size in taken:
                    ctx.core.release_ticket(one.index, back, size)
                text = "no room for it in the position limit, unless reduce_only"
                raise TicketError(f"ticket {spec.instrument}: amount: {text}")
            taken.append((side, lots))
        return counted

    def _release(self, ctx: Context, ticket: Ticket, side: str, lots: int) -> None:
        lots = min(lots, ticket.counted[side])
        if lots > 0:
            ticket.counted[side] -= lots
            ctx.core.release_ticket(ticket.listing.index, side, lots)

    def _end(self, ctx: Context, ticket: Ticket, why: str) -> None:
        """A ticket is done; what filled and was not booked yet stays counted."""
        ticket.state, ticket.why = "done", short(why, 80)
        unbooked = max(0, ticket.filled_lots - ticket.booked_lots)
        for side in ("bid", "ask"):
            self._release(ctx, ticket, side, ticket.counted[side] - unbooked)
        del self._open[ticket.label]
        self._done[ticket.label] = ticket
        while len(self._done) > KEPT_MAX:
            oldest = self._done.pop(next(iter(self._done)))
            for side in ("bid", "ask"):
                self._release(ctx, oldest, side, oldest.counted[side])
        ctx.note("info", "ticket", f"{ticket.label}: done: {ticket.why}")

    def _find(self, label: str) -> Ticket | None:
        return self._open.get(label) or self._done.get(label)
