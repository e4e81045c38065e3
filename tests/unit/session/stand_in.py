"""A recording stand-in for the core and a scripted venue, to drive a session by hand.

`Desk` owns both and a clock that only moves when told. The venue answers every request
from a table of functions, which a test may replace, hold back or silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from engine import Strategy
from engine._core.base.instrument import InstrumentTable
from engine.session.credits import Credits
from engine.session.machine import QuotePlan, Session, SessionSettings

SECOND = 1_000_000_000
WALL_MS = 1_767_978_363_485
RUN_ID = 0xABCD1234

ROWS: dict[str, dict[str, Any]] = {
    "BTC-PERPETUAL": {
        "instrument_name": "BTC-PERPETUAL",
        "kind": "future",
        "instrument_type": "reversed",
        "settlement_period": "perpetual",
        "settlement_currency": "BTC",
        "price_index": "btc_usd",
        "tick_size": 0.5,
        "tick_size_steps": [],
        "contract_size": 10.0,
        "min_trade_amount": 10.0,
        "maker_commission": 0.00015,
        "taker_commission": 0.00035,
        "expiration_timestamp": 32503708800000,
        "state": "open",
        "is_active": True,
    },
    "ETH-PERPETUAL": {
        "instrument_name": "ETH-PERPETUAL",
        "kind": "future",
        "instrument_type": "reversed",
        "settlement_period": "perpetual",
        "settlement_currency": "ETH",
        "price_index": "eth_usd",
        "tick_size": 0.05,
        "tick_size_steps": [],
        "contract_size": 1.0,
        "min_trade_amount": 1.0,
        "maker_commission": 0.00015,
        "taker_commission": 0.00035,
        "expiration_timestamp": 32503708800000,
        "state": "open",
        "is_active": True,
    },
}


class Refusal(Exception):  # noqa: N818
    """What a venue function raises to answer with an error."""

    def __init__(self, code: int, message: str = "refused", **data: str) -> None:
        self.code, self.message, self.data = code, message, data
        super().__init__(message)


class Nothing(Exception):  # noqa: N818
    """What a venue function raises to leave a request unanswered."""


class CoreStandIn:
    """Records what the session tells the core, and answers like one."""

    def __init__(self) -> None:
        self.run_id = RUN_ID
        self.table = InstrumentTable()
        self.sent: list[tuple[int, dict[str, Any]]] = []
        self.closed: list[tuple[int, str]] = []
        self.noted: list[tuple[str, str, str]] = []
        self.bound: dict[int, dict[str, Any]] = {}
        self.quoting: list[tuple[bool, str]] = []
        self.told_vitals: dict[str, Any] = {}
        self.stances: dict[int, tuple[str, str]] = {}
        self.holds: dict[int, str] = {}
        self.limits: dict[str, tuple[float, float]] = {}
        self.routes: dict[int, tuple[str, str]] = {}
        self.flying: dict[tuple[str, str], int] = {}
        self.venue_offset_ns: int | None = None
        self.credits = 1_000
        self.expected: list[int] = []
        self.book_states: dict[int, str] = {}
        self.turnover: dict[str, list[float]] = {}
        self.attributed: dict[str, dict[str, int]] = {}
        self.positions: dict[int, tuple[int, float]] = {}
        self.slots: dict[int, dict[str, Any]] = {}
        self.resolved: list[tuple[int, Mapping[str, Any] | None]] = []
        self.adopted: list[Mapping[str, Any]] = []
        self.adopts = True
        self.trades: dict[str, Mapping[str, Any]] = {}
        self.fills = 0
        self.halted = ""
        self.errands: list[str] = []
        self.kills: list[str] = []
        self.tickets: dict[tuple[int, str], int] = {}
        self.ticket_room = 1_000

    @property
    def may_quote(self) -> bool:
        return bool(self.quoting) and self.quoting[-1][0]

    def send(self, conn: int, frame: bytes) -> None:
        assert b"\n" not in frame
        self.sent.append((conn, orjson.loads(frame)))

    def close(self, conn: int, reason: str) -> None:
        self.closed.append((conn, reason))

    def errand(self, name: str) -> None:
        self.errands.append(name)

    def kill_orders(self, reason: str) -> None:
        self.kills.append(reason)

    def note(self, level: str, kind: str, text: str) -> None:
        self.noted.append((level, kind, text))

    def add_instrument(self, row: Mapping[str, Any]) -> int:
        index = self.table.add(row)
        self.book_states[index] = "empty"
        self.positions[index] = (0, 0.0)
        return index

    def bind(self, index: int, strategy: Any, limits: Mapping[str, Any]) -> None:
        assert index not in self.bound, "an instrument is bound once"
        self.bound[index] = {"strategy": strategy, **limits}

    def set_quoting(self, allowed: bool, reason: str) -> None:
        self.quoting.append((allowed, reason))

    def set_stance(self, stance: str, reason: str, index: int = -1) -> None:
        self.stances[index] = (stance, reason)

    def set_hold(self, index: int, reason: str) -> None:
        self.holds[index] = reason

    def set_venue_clock(self, offset_ns: int) -> None:
        self.venue_offset_ns = offset_ns

    def set_credit_limits(self, limits: Mapping[str, tuple[float, float]]) -> None:
        self.limits = {**self.limits, **limits}

    def route_credits(self, index: int, first: str, second: str = "") -> None:
        assert first in self.limits
        self.routes[index] = (first, second)

    def credit_answered(self, sent_ns: int, first: str, second: str = "") -> None:
        self.flying[first, second] -= 1

    def take_credit(self, first: str, second: str = "") -> bool:
        assert first in self.limits
        if self.credits > 1:
            self.flying[first, second] = self.flying.get((first, second), 0) + 1
        self.credits -= self.credits > 0
        return self.credits > 0

    def reserve_ticket(self, index: int, side: str, lots: int) -> bool:
        at = (index, side)
        if self.tickets.get(at, 0) + lots > self.ticket_room:
            return False
        self.tickets[at] = self.tickets.get(at, 0) + lots
        return True

    def release_ticket(self, index: int, side: str, lots: int) -> None:
        assert 0 <= lots <= self.tickets[index, side]
        self.tickets[index, side] -= lots

    def expect_snapshot(self, index: int) -> None:
        self.expected.append(index)
        self.book_states[index] = "empty"

    def is_readable(self, index: int) -> bool:
        return self.book_states[index] == "readable"

    def set_position(self, index: int, size_lots: int, average_price: float) -> None:
        self.positions[index] = (size_lots, average_price)

    def dump_position(self, index: int) -> dict[str, int | float]:
        lots, average_price = self.positions[index]
        return {"size_lots": lots, "average_price": average_price}

    def load_position(self, index: int, found: Mapping[str, Any]) -> None:
        self.positions[index] = (int(found["size_lots"]), found["average_price"])

    def attribution(self) -> dict[str, dict[str, int]]:
        return {name: dict(row) for name, row in self.attributed.items()}

    def dump_attribution(self) -> dict[str, Any]:
        return self.attribution()

    def load_attribution(self, found: Mapping[str, Any]) -> None:
        self.attributed.update(found)

    def dump_turnover(self) -> dict[str, list[float]]:
        return dict(self.turnover)

    def load_turnover(self, found: Mapping[str, Any]) -> None:
        self.turnover.update(found)

    def remember_trade(self, index: int, trade_id: str) -> None:
        self.trades[trade_id] = {"instrument": index}

    def vitals(self) -> dict[str, Any]:
        markets = {index: {"refusals": 0} for index in self.bound}
        return {"heard_ns": 0, "refusals": 0, "markets": markets, **self.told_vitals}

    def mark_prices(self) -> dict[str, tuple[float, float]]:
        return dict.fromkeys(self.table.names(), (0.0, 0.0))

    def fills_booked(self) -> int:
        return self.fills

    def open_slots(self) -> list[dict[str, Any]]:
        return [dict(slot) for slot in self.slots.values()]

    def adopt(self, row: Mapping[str, Any]) -> bool:
        if self.adopts:
            self.adopted.append(row)
        return self.adopts

    def resolve(
        self, slot: int, row: Mapping[str, Any] | None, label: str | None = None
    ) -> None:
        known = self.slots.get(slot)
        if known and known["state"] == "unknown" and known["label"] == label:
            self.resolved.append((slot, row))
            del self.slots[slot]

    def doubt(self, slot: int, label: str) -> bool:
        known = self.slots.get(slot)
        if not known or known["label"] != label or known["state"] == "unknown":
            return False
        known["state"] = "unknown"
        return True

    def trade(self, row: Mapping[str, Any]) -> bool:
        if row["trade_id"] in self.trades:
            return False
        self.trades[row["trade_id"]] = row
        self.fills += 1
        return True

    def halt(self, reason: str) -> None:
        self.halted = reason

    def snapshot(self) -> dict[str, Any]:
        return {
            "instruments": {
                name: {
                    "book_state": self.book_states[i],
                    "position": self.positions[i][0]
                    * float(self.table.facts(i)["lot_size"]),
                }
                for i, name in enumerate(self.table.names())
            }
        }


class Venue:
    """Answers requests; open orders, positions and trades are plain lists to fill."""

    def __init__(self) -> None:
        self.rows = {name: dict(row) for name, row in ROWS.items()}
        self.scope = "connection mainaccount account:read_write trade:read_write"
        self.expires_in = 900
        self.cod = {"scope": "connection", "enabled": True}
        self.limits: Any = {
            "limits_per_currency": False,
            "matching_engine": {"trading": {"total": {"rate": 10, "burst": 30}}},
        }
        self.orders: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.positions: list[dict[str, Any]] = []
        self.trades: list[dict[str, Any]] = []
        self.recent_since_ms = 0
        self.account_id: Any = 7
        self.summaries = [{"currency": "BTC", "balance": 5.0}]
        self.log: list[dict[str, Any]] = []
        self.refused_channels: list[str] = []
        self.locked: Any = {"locked": "false"}
        self.answer: dict[str, Callable[[dict[str, Any]], Any]] = {
            "public/auth": self._auth,
            "public/set_heartbeat": lambda p: "ok",
            "public/test": lambda p: {"version": "1.2.26"},
            "public/status": lambda p: self.locked,
            "public/get_instrument": self._instrument,
            "public/subscribe": self._subscribe,
            "private/subscribe": self._subscribe,
            "public/unsubscribe": lambda p: p["channels"],
            "private/enable_cancel_on_disconnect": lambda p: "ok",
            "private/get_cancel_on_disconnect": lambda p: self.cod,
            "private/get_account_summary": self._summary,
            "private/get_open_orders": lambda p: list(self.orders),
            "private/get_order_state_by_label": self._by_label,
            "private/get_user_trades_by_instrument": self._trades,
            "private/get_positions": self._positions,
            "private/get_account_summaries": lambda p: {"summaries": self.summaries},
            "private/get_transaction_log": self._log,
            "private/cancel": self._cancel,
            "private/cancel_all_by_instrument": self._cancel_instrument,
        }

    def _auth(self, params: dict[str, Any]) -> Any:
        return {
            "access_token": "$ACCESS_TOKEN",
            "refresh_token": "$REFRESH_TOKEN",
            "token_type": "bearer",
            "expires_in": self.expires_in,
            "scope": self.scope,
        }

    def _instrument(self, params: dict[str, Any]) -> Any:
        name = params["instrument_name"]
        if name not in self.rows:
            raise Refusal(13020, "not_found")
        return self.rows[name]

    def _subscribe(self, params: dict[str, Any]) -> Any:
        return [c for c in params["channels"] if c not in self.refused_channels]

    def _summary(self, params: dict[str, Any]) -> Any:
        assert params["extended"] is True
        return {
            "id": self.account_id,
            "currency": params["currency"],
            "equity": 5.5,
            "limits": self.limits,
        }

    def _by_label(self, params: dict[str, Any]) -> Any:
        assert params["currency"] in ("BTC", "ETH")
        return [row for row in self.history if row["label"] == params["label"]]

    def _log(self, params: dict[str, Any]) -> Any:
        below = params.get("continuation", 1 << 60)
        rows = [
            row
            for row in self.log
            if row["currency"] == params["currency"]
            and params["start_timestamp"] <= row["timestamp"] <= params["end_timestamp"]
            and row["user_seq"] < below
        ]
        rows.sort(key=lambda row: -row["user_seq"])
        page = rows[: params["count"]]
        more = page[-1]["user_seq"] if len(rows) > len(page) else None
        return {"logs": page, "continuation": more}

    def _trades(self, params: dict[str, Any]) -> Any:
        assert params["sorting"] == "asc"
        rows = [
            row
            for row in self.trades
            if row["instrument_name"] == params["instrument_name"]
            and row["timestamp"] >= params.get("start_timestamp", 0)
            and row["trade_seq"] >= params.get("start_seq", 0)
            and (row["timestamp"] < self.recent_since_ms)
            == params.get("historical", False)
        ]
        count = params["count"]
        return {"trades": rows[:count], "has_more": len(rows) > count}

    def _positions(self, params: dict[str, Any]) -> Any:
        currency = params["currency"]
        if currency == "any":
            return list(self.positions)
        return [p for p in self.positions if p["instrument_name"].startswith(currency)]

    def _cancel(self, params: dict[str, Any]) -> Any:
        for row in self.orders:
            if row["order_id"] == params["order_id"]:
                self.orders.remove(row)
                return {**row, "order_state": "cancelled"}
        raise Refusal(11044, "not_open_order")

    def _cancel_instrument(self, params: dict[str, Any]) -> Any:
        name = params["instrument_name"]
        gone = [row for row in self.orders if row["instrument_name"] == name]
        self.orders = [row for row in self.orders if row not in gone]
        return len(gone)


def idle_for_long(credits: Credits) -> Credits:
    """Let every pool be full: a run begins with little."""
    for pool in (credits.requests, credits.subscribes, credits.log):
        pool.left(-3_600 * SECOND)
    return credits


class Desk:
    """A session between its core and its venue, under a clock moved by hand."""

    def __init__(self, *names: str, budget: str = "", **settings: Any) -> None:
        self.core = CoreStandIn()
        self.venue = Venue()
        names = names or ("BTC-PERPETUAL",)
        self.plans = [replace(plan(name), budget=budget) for name in names]
        self.settings = SessionSettings(**{"tie_out_ns": 0, **settings})
        self.session = Session(self.core, self.settings, self.plans)
        idle_for_long(self.session._ctx.credits)
        self.now_ns = 5 * SECOND
        self.read = 0
        self.books_come = True

    # -- what the shell does

    def command(self, name: str, **params: Any) -> None:
        self.session.on_command(self.now_ns, {"cmd": name, **params})

    def entropy(self) -> None:
        wall_ms = WALL_MS + self.now_ns // 1_000_000
        self.command("entropy", wall_ms=wall_ms, nonce=f"n{self.now_ns}")

    def connect(self, conn: int = 0) -> None:
        self.entropy()
        self.session.on_connected(conn, self.now_ns)

    def lose(self, conn: int = 0) -> None:
        self.session.on_lost(conn, self.now_ns)

    def frame(self, message: Any, conn: int = 0) -> None:
        text = message if isinstance(message, bytes) else orjson.dumps(message)
        self.session.on_control(conn, self.now_ns, text)

    def notify(self, channel: str, data: Any, conn: int = 0) -> None:
        params = {"channel": channel, "data": data}
        self.frame({"jsonrpc": "2.0", "method": "subscription", "params": params}, conn)

    # -- time and answers

    def unread(self) -> list[tuple[int, dict[str, Any]]]:
        """Return the frames the venue has not answered yet, and count them so."""
        frames = self.core.sent[self.read :]
        self.read = len(self.core.sent)
        return frames

    def respond(self, conn: int, frame: dict[str, Any]) -> None:
        """Answer one request as the venue does."""
        us = (WALL_MS + self.now_ns // 1_000_000) * 1_000
        reply = {"jsonrpc": "2.0", "id": frame["id"], "usIn": us, "usOut": us}
        try:
            reply["result"] = self.venue.answer[frame["method"]](frame["params"])
        except Refusal as refusal:
            reply["error"] = {"code": refusal.code, "message": refusal.message}
            if refusal.data:
                reply["error"]["data"] = refusal.data
        except Nothing:
            return
        self.frame(reply, conn)
        if self.books_come and frame["method"] == "public/subscribe":
            for channel in frame["params"]["channels"]:
                kind, name = channel.split(".")[:2] if "." in channel else ("", "")
                if kind == "book":
                    self.core.book_states[self.core.table.index_of(name)] = "readable"

    def talk(self) -> None:
        """Answer until nothing is left to answer; no time passes."""
        while frames := self.unread():
            for conn, frame in frames:
                self.respond(conn, frame)

    def until(self, seconds: float) -> None:
        """Let time pass, firing timers and answering as it goes."""
        end_ns = self.now_ns + int(seconds * SECOND)
        self.talk()
        for _ in range(100_000):
            due_ns = self.session.next_timer_ns()
            if not due_ns or due_ns > end_ns:
                self.now_ns = end_ns
                return
            self.now_ns = max(self.now_ns, due_ns)
            self.session.on_timer(self.now_ns)
            self.talk()
        raise AssertionError("the session never lets time pass")

    def go(self) -> Desk:
        """Connect everything and run until the session quotes."""
        for conn in range(self.settings.connections):
            self.connect(conn)
        self.until(1)
        assert self.state == "quoting", self.core.noted
        return self

    # -- what to look at

    @property
    def state(self) -> str:
        return str(self.session.snapshot()["state"])

    @property
    def requests(self) -> list[tuple[int, str, dict[str, Any]]]:
        """Connection, method and params of everything asked so far."""
        return [(c, frame["method"], frame["params"]) for c, frame in self.core.sent]

    def methods(self) -> list[str]:
        """Return the methods asked so far."""
        return [method for _, method, _ in self.requests]

    def params(self, method: str) -> list[dict[str, Any]]:
        """Return the params of every request of a method."""
        return [params for _, name, params in self.requests if name == method]

    def noted(self, level: str) -> str:
        """Return the texts of all notes of a level."""
        return "\n".join(text for its, _, text in self.core.noted if its == level)


def plan(name: str, **changes: Any) -> QuotePlan:
    values: dict[str, Any] = {
        "instrument": name,
        "strategy": Strategy(),
        "position_max": 1000,
        "order_max": 100,
        "collar_bps": 50.0,
        "stale_ns": SECOND,
    }
    return QuotePlan(**{**values, **changes})


def order(order_id: str, label: str, name: str = "BTC-PERPETUAL", **more: Any) -> Any:
    """Return an open order row."""
    return {
        "order_id": order_id,
        "label": label,
        "instrument_name": name,
        "order_state": "open",
        "direction": "buy",
        "price": 60000.0,
        "amount": 10.0,
        "filled_amount": 0.0,
        "last_update_timestamp": WALL_MS,
        **more,
    }


def unknown_slot(
    slot: int, label: str, state: str = "unknown", valid_until_ms: int = 0
) -> dict[str, Any]:
    """Return a slot row as the core lists it."""
    return {
        "slot": slot,
        "instrument": 0,
        "name": "BTC-PERPETUAL",
        "side": "bid",
        "level": 0,
        "state": state,
        "order_id": "",
        "label": label,
        "price_ticks": 120000,
        "amount_lots": 1,
        "filled_lots": 0,
        "sent_ns": 0,
        "valid_until_ms": valid_until_ms,
    }


def trade(
    seq: int, timestamp_ms: int, name: str = "BTC-PERPETUAL", **more: Any
) -> dict[str, Any]:
    """Return a row of the trade history."""
    return {
        "trade_id": f"{name}-{seq}",
        "trade_seq": seq,
        "timestamp": timestamp_ms,
        "instrument_name": name,
        "price": 60000.0,
        "amount": 10.0,
        "direction": "buy",
        "label": "",
        **more,
    }


def wall_ms(desk: Desk) -> int:
    """Return the venue's clock now, ms since epoch."""
    return WALL_MS + desk.now_ns // 1_000_000
