"""A venue in the obvious way: dicts, Decimal, one request at a time, no matching.

It does what the documentation says an order does (docs.deribit.com, order management,
seen 2026-08-22) and nothing fast. Tests decide when it works, answers and trades.
"""

import json
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
OPEN = "open"


class SlowVenue:
    """Orders by id, requests waiting, and frames not yet delivered."""

    def __init__(self, name: str, first: int = 0) -> None:
        self.name = name
        self.first = first
        """Ids of orders and trades count from here: one venue of several."""
        self.orders: dict[str, Row] = {}
        self.requests: list[Row] = []
        self.frames: list[bytes] = []
        self.trades: list[Row] = []
        self.position = Decimal(0)
        self.clock_ms = 1_000

    def receive(self, text: bytes) -> None:
        """Queue the requests of one turn.

        An edit that still waits is replaced by a newer one of the same order, and a
        cancel of an order purges its edits.
        """
        for line in text.splitlines():
            request = json.loads(line)
            reason = {"private/edit": 13777, "private/cancel": 13666}
            if request["method"] in reason:
                self._purge(request["params"]["order_id"], reason[request["method"]])
            self.requests.append(request)

    def _purge(self, order_id: str, code: int) -> None:
        for waiting in list(self.requests):
            is_edit = waiting["method"] == "private/edit"
            if is_edit and waiting["params"]["order_id"] == order_id:
                self.requests.remove(waiting)
                self._answer(waiting["id"], error=code)

    def open_orders(self) -> list[Row]:
        """Return the open orders, oldest first."""
        return [row for row in self.orders.values() if row["order_state"] == OPEN]

    def find(self, label: str) -> Row | None:
        """Return the order with a label, whatever its state."""
        for row in self.orders.values():
            if row["label"] == label:
                return dict(row)
        return None

    def work(
        self, error: int = 0, moved: float = 0.0, holds_cancel: bool = False
    ) -> Row:
        """Execute (or refuse with a code) the oldest request; answer it.

        ``moved``: the other side is near, so a post-only price goes this much away.
        ``holds_cancel``: the order is in the speed bump; a cancel leaves it open still.
        """
        request = self.requests.pop(0)
        self.clock_ms += 1
        method, params = request["method"], dict(request["params"])
        if not error and self.clock_ms > params.get("valid_until", self.clock_ms):
            error = 13888
        if error:
            if error == 11054 and method == "private/edit":
                self._pull_if_open(params["order_id"])
            self._answer(request["id"], error=error)
            return request
        if params.get("post_only") and moved:
            side = self._side_of(method, params)
            params["price"] += -moved if side == "buy" else moved
        if holds_cancel and method == "private/cancel":
            row = self.orders[params["order_id"]]
            if row["order_state"] == OPEN:
                self._answer(request["id"], result=dict(row))
                return request
        if method in ("private/buy", "private/sell"):
            self._new(request["id"], method.split("/")[1], params)
        elif method == "private/edit":
            self._edit(request["id"], params)
        elif method == "private/cancel":
            self._cancel(request["id"], params["order_id"])
        elif method == "private/cancel_all":
            gone = [self._end(row, "cancelled") for row in self.open_orders()]
            self._answer(request["id"], result=len(gone))
        elif method == "private/cancel_quotes":
            self._answer(request["id"], result=0)
        else:
            raise AssertionError(f"unexpected request {request}")
        return request

    def _side_of(self, method: str, params: Row) -> str:
        if method == "private/edit":
            return str(self.orders[params["order_id"]]["direction"])
        return method.split("/")[1]

    def _pull_if_open(self, order_id: str) -> None:
        if self.orders[order_id]["order_state"] == OPEN:
            self._end(self.orders[order_id], "cancelled")

    def _new(self, id_: int, direction: str, params: Row) -> None:
        row = {
            "order_id": f"X-{self.first + len(self.orders) + 1}",
            "order_state": OPEN,
            "order_type": "limit",
            "instrument_name": self.name,
            "direction": direction,
            "price": params["price"],
            "amount": params["amount"],
            "filled_amount": 0.0,
            "label": params["label"],
            "creation_timestamp": self.clock_ms,
            "last_update_timestamp": self.clock_ms,
        }
        self.orders[row["order_id"]] = row
        if params.get("time_in_force") == "immediate_or_cancel":
            row["order_state"] = "cancelled"
        self._answer(id_, result={"order": dict(row), "trades": []})
        self._publish(row, [])

    def _edit(self, id_: int, params: Row) -> None:
        row = self.orders[params["order_id"]]
        if row["order_state"] != OPEN:
            self._answer(id_, error=10004)
            return
        if params["amount"] <= row["filled_amount"]:
            self._end(row, "filled")
        row.update(price=params["price"], amount=params["amount"])
        row["last_update_timestamp"] = self.clock_ms
        self._answer(id_, result={"order": dict(row), "trades": []})
        self._publish(row, [])

    def _cancel(self, id_: int, order_id: str) -> None:
        row = self.orders[order_id]
        if row["order_state"] != OPEN:
            self._answer(id_, error=11044)
            return
        self._end(row, "cancelled")
        self._answer(id_, result=dict(row))

    def _end(self, row: Row, state: str) -> Row:
        row["order_state"] = state
        row["last_update_timestamp"] = self.clock_ms
        self._publish(row, [])
        return row

    def pull(self, order_id: str) -> None:
        """Cancel an order on the venue's own initiative."""
        self.clock_ms += 1
        self._end(self.orders[order_id], "cancelled")

    def trade(self, order_id: str, amount: float, apart: bool = False) -> None:
        """Fill part of an open order; `apart` sends order and trade as two frames."""
        self.clock_ms += 1
        row = self.orders[order_id]
        row["filled_amount"] += amount
        row["last_update_timestamp"] = self.clock_ms
        if row["filled_amount"] >= row["amount"]:
            row["order_state"] = "filled"
        signed = Decimal(str(amount))
        self.position += signed if row["direction"] == "buy" else -signed
        trade = {
            "trade_id": str(self.first + len(self.trades) + 1),
            "order_id": order_id,
            "instrument_name": self.name,
            "direction": row["direction"],
            "price": row["price"],
            "amount": amount,
            "fee": 1e-8,
            "fee_currency": "BTC",
            "liquidity": "M",
            "label": row["label"],
            "timestamp": self.clock_ms,
        }
        self.trades.append(trade)
        if apart:
            self._publish(row, [])
            self.frames.append(_frame("user.trades.any.any.raw", [trade]))
        else:
            self._publish(row, [trade])

    def _publish(self, row: Row, trades: list[Row]) -> None:
        data = {
            "instrument_name": self.name,
            "trades": trades,
            "orders": [dict(row)],
            "positions": [],
        }
        self.frames.append(_frame("user.changes.any.any.raw", data))

    def _answer(self, id_: int, *, result: Any = None, error: int = 0) -> None:
        body: Row = {"jsonrpc": "2.0", "id": id_}
        if error:
            body["error"] = {"code": error, "message": "refused"}
        else:
            body["result"] = result
        self.frames.append(json.dumps(body).encode())


def _frame(channel: str, data: Any) -> bytes:
    return json.dumps(
        {
            "jsonrpc": "2.0",
            "method": "subscription",
            "params": {"channel": channel, "data": data},
        }
    ).encode()
