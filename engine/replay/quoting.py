"""What strategies would have wished for over recorded data, without a venue.

Every request is accepted at once and never filled: the recording cannot say what our
orders would have done to the market. This shows where and how often a strategy quotes
and how many requests that costs; it says nothing about fills or profit.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from engine.recording import Frame
from engine.replay.dry import CONN, DryRun, scale
from engine.replay.infer import Facts

ROUNDS_MAX = 64
"""Answers to answers within one turn; the engine needs two or three."""
CREDIT_RATE_PER_S = 1e6
CREDIT_BURST = 1000.0
"""Ample: a dry run asks what is wished for, not what an account may send."""

NS_PER_MS = 1_000_000


class AcceptingVenue:
    """Answers order requests as a venue would that accepts all and trades nothing.

    Source: docs.deribit.com, private/buy, private/edit, private/cancel, seen
    2026-08-22.
    """

    def __init__(self) -> None:
        self._orders: dict[str, dict[str, Any]] = {}
        self._made = 0

    def answer(self, frame: bytes, t_ns: int) -> bytes:
        """Return the answer to one request."""
        message = orjson.loads(frame)
        method, params = message["method"], message["params"]
        result: object
        if method in ("private/buy", "private/sell"):
            result = {"order": self._new(method[8:], params, t_ns), "trades": []}
        elif method == "private/edit":
            result = {"order": self._edit(params, t_ns), "trades": []}
        elif method == "private/cancel":
            result = self._end(params["order_id"], t_ns)
        else:
            result = len(self._orders)
            self._orders.clear()
        return orjson.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _new(self, side: str, params: dict[str, Any], t_ns: int) -> dict[str, Any]:
        self._made += 1
        is_take = params.get("time_in_force") == "immediate_or_cancel"
        order = {
            "order_id": f"DRY-{self._made}",
            "label": params["label"],
            "instrument_name": params["instrument_name"],
            "direction": side,
            "price": params["price"],
            "amount": params["amount"],
            "filled_amount": 0.0,
            "average_price": 0.0,
            "order_type": "limit",
            "order_state": "cancelled" if is_take else "open",
            "time_in_force": params.get("time_in_force", "good_til_cancelled"),
            "post_only": params.get("post_only", False),
            "creation_timestamp": t_ns // NS_PER_MS,
            "last_update_timestamp": t_ns // NS_PER_MS,
        }
        if not is_take:
            self._orders[order["order_id"]] = order
        return order

    def _edit(self, params: dict[str, Any], t_ns: int) -> dict[str, Any]:
        order = self._orders[params["order_id"]]
        order["price"], order["amount"] = params["price"], params["amount"]
        order["last_update_timestamp"] = t_ns // NS_PER_MS
        return order

    def _end(self, order_id: str, t_ns: int) -> dict[str, Any]:
        order = self._orders.pop(order_id)
        order["order_state"] = "cancelled"
        order["last_update_timestamp"] = t_ns // NS_PER_MS
        return order


class DryQuoting(DryRun):
    """A dry run in which the strategies of a configuration quote."""

    def __init__(self, facts: Facts, config_path: Path) -> None:
        """Build the strategies and bind them.

        Raises:
            ConfigError: the configuration, or a strategy of it, is not usable.
        """
        from engine.assemble import load_strategy
        from engine.config import load

        super().__init__(facts)
        self.venue = AcceptingVenue()
        self.quoted: list[str] = []
        config = load(config_path)
        self.core.set_credit_limits({"trading": (CREDIT_RATE_PER_S, CREDIT_BURST)})
        for number, quote in enumerate(config.quote):
            index = self.indices.get(quote.instrument)
            if index is None:
                facts.messages.append(f"{quote.instrument}: not in the recording")
                continue
            self.core.route_credits(index, "trading")
            lot = Decimal(str(self.core.table.facts(index)["lot_size"]))
            self.core.bind(
                index,
                load_strategy(config, number),
                {
                    "position_max_lots": int(
                        Decimal(str(quote.limits.position_max)) / lot
                    ),
                    "order_max_lots": int(Decimal(str(quote.limits.order_max)) / lot),
                    "collar_bps": quote.limits.collar_bps,
                    "stale_ns": quote.limits.stale_ms * NS_PER_MS,
                    "requote_ticks": quote.requote_ticks,
                    "requote_qty_pct": quote.requote_qty_pct,
                    "queue_ticks": quote.queue_ticks,
                },
            )
            self.quoted.append(quote.instrument)

    def feed(self, frame: Frame) -> None:
        """Let the time until this frame pass, then hand it to the core."""
        due_ns = self.core.next_timer_ns()
        until_ns = self.now_ns if frame.t_ns is None else frame.t_ns
        if self.is_open and due_ns and due_ns <= until_ns:
            # A quiet stretch is one step: nothing happens in it but quotes going stale.
            self.now_ns = max(self.now_ns, until_ns)
            self.core.handle_timer(self.now_ns)
            self.turn()
        super().feed(frame)

    def opened(self) -> None:
        """Allow quoting as soon as the connection stands."""
        self.core.set_quoting(True, "dry run")

    def turn(self) -> None:
        """Answer what the core asks until it asks nothing more."""
        for _ in range(ROUNDS_MAX):
            frames = self.core.data_to_send(CONN).splitlines()
            if not frames:
                break
            for frame in frames:
                answer = self.venue.answer(frame, self.now_ns)
                self.answers += 1
                self.core.receive_data(CONN, self.now_ns, answer)
        super().turn()

    def report(self) -> dict[str, Any]:
        """Return what was wished for and asked, by instrument."""
        snapshot = self.core.snapshot()
        quotes = {}
        for name in self.quoted:
            market = snapshot["instruments"][name]
            quotes[name] = {
                "decisions": market["wishes"],
                "strategy_errors": market["strategy_errors"],
                "why_blank": market["why_blank"],
                "bid": self._own(name, market["quotes"]["bid"]),
                "ask": self._own(name, market["quotes"]["ask"]),
            }
        return {"quotes": quotes, "requests": snapshot["requests"]}

    def _own(self, name: str, quotes: list[list[Any]]) -> list[list[float]]:
        """Return our orders of a side as ``[price, amount]``, numbers as the venue's.

        The snapshot multiplies ticks by a float tick; the ticks are found again here.
        """
        facts = self.core.table.facts(self.indices[name])
        scales = (scale(facts["tick_size"]), scale(facts["lot_size"]))
        return [
            [
                round(value / size[0] * size[1]) * size[0] / size[1]
                for value, size in zip(quote[:2], scales, strict=True)
            ]
            for quote in quotes
        ]
