"""Slow twin of the decoder: stdlib json, Decimal and dicts, one frame at a time.

It answers in the form of ``Decoder.read`` and knows nothing of the compiled code. What
counts as JSON: strict UTF-8, RFC 8259, no NaN, no lone surrogates.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    Decimal,
    InvalidOperation,
    localcontext,
)
from typing import Any, NoReturn

GATEWAY_ID_MIN = 1_000_000
LEVELS_MAX = 131_072
ROWS_MAX = 1_024
ID_MAX = 40
LABEL_MAX = 64
CURRENCY_MAX = 16
TICKS_MAX = 2**48
INT64_MAX = 2**63 - 1
DIGITS_MAX = 18
EXPONENT_MAX = 64

LABEL = re.compile(r"hs-([0-9a-f]{8})-(t|0|[1-9][0-9]*)-(0|[1-9][0-9]*)", re.ASCII)
SIDES = {"buy": "bid", "sell": "ask"}
STATUSES = ("open", "filled", "cancelled", "rejected")
CONTROL_PREFIXES = (
    "platform_state",
    "instrument.state.",
    "instrument.creation.",
    "deribit_price_index.",
    "user.portfolio.",
    "user.mmp_trigger.",
)


class ShapeError(Exception):
    """JSON of no shape we know."""


class Spelled(str):
    """A number as the frame spells it."""

    __slots__ = ()


@dataclass(frozen=True)
class Contract:
    """What the twin must know of an instrument: its index, grid and tick steps."""

    index: int
    tick: Decimal
    lot: Decimal
    steps: tuple[tuple[int, int], ...] = ()


def contracts(rows: list[dict[str, Any]]) -> dict[str, Contract]:
    """Return the contracts of venue rows, indexed in their order."""
    out = {}
    for index, row in enumerate(rows):
        tick = Decimal(str(row["tick_size"]))
        lot = min(Decimal(str(row[k])) for k in ("contract_size", "min_trade_amount"))
        steps = tuple(
            (
                int(Decimal(str(step["above_price"])) / tick),
                int(Decimal(str(step["tick_size"])) / tick),
            )
            for step in row.get("tick_size_steps", [])
        )
        out[row["instrument_name"]] = Contract(index, tick, lot, steps)
    return out


def parse(payload: bytes) -> Any:
    """Return the JSON value of a payload, numbers as `Spelled`.

    Raises:
        ValueError: not JSON.
    """

    def refuse(word: str) -> NoReturn:
        raise ValueError(word)

    try:
        text = payload.decode("utf-8")
        value = json.loads(
            text, parse_float=Spelled, parse_int=Spelled, parse_constant=refuse
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        if "\\ud" in text or "\\uD" in text:
            # One of two equal keys is gone from the value, but not from the text.
            everything = json.loads(text, object_pairs_hook=list)
            json.dumps(everything, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def needs_escape(text: str) -> bool:
    """Return whether JSON can only write a text with escapes."""
    return json.dumps(text, ensure_ascii=False) != f'"{text}"'


def exactly(number: Spelled) -> Decimal | None:
    """Return a number's value; None when its exponent is beyond any decimal's."""
    try:
        return Decimal(number)
    except InvalidOperation:
        return None


class Twin:
    """One payload's reading: what it holds, and whether a number did not fit."""

    def __init__(self, table: Mapping[str, Contract]) -> None:
        self.table = table
        self.out_of_range = False

    def fits(self, value: Decimal) -> bool:
        """Return whether the core's mantissa and exponent hold the number."""
        if value == 0:
            return True
        _, digits, exponent = value.as_tuple()
        assert isinstance(exponent, int)
        text = "".join(map(str, digits)).lstrip("0")
        exponent += len(text) - len(text.rstrip("0"))
        return len(text.rstrip("0")) <= DIGITS_MAX and abs(exponent) <= EXPONENT_MAX

    def number(self, value: Any) -> Decimal:
        """Return a number; one that does not fit is 0 and out of range."""
        if not isinstance(value, Spelled):
            raise ShapeError
        exact = exactly(value)
        if exact is not None and self.fits(exact):
            return exact
        # A longer one is what a double makes of it, but for integers of 64 bits.
        if not (value.lstrip("-").isdigit() and -(2**63) <= int(value) < 2**64):
            rounded = float(value)
            if abs(rounded) != float("inf") and self.fits(Decimal(repr(rounded))):
                return Decimal(repr(rounded))
        self.out_of_range = True
        return Decimal(0)

    def count(self, value: Any) -> int:
        number = self.number(value)
        if number < 0 or number > INT64_MAX or number != int(number):
            self.out_of_range = True
            return 0
        return int(number)

    def steps_of(self, number: Decimal, step: Decimal) -> int | None:
        """Return how many steps a number is, None when it is off the grid."""
        with localcontext(prec=200):
            steps = number / step
            if steps != steps.to_integral_value() or abs(steps) >= TICKS_MAX:
                return None
            return int(steps)

    def lots(self, value: Any, contract: Contract) -> int:
        lots = self.steps_of(self.number(value), contract.lot)
        if lots is None or lots < 0:
            self.out_of_range = True
            return 0
        return lots

    def text(self, value: Any) -> str:
        if not isinstance(value, str) or isinstance(value, Spelled):
            raise ShapeError
        return value

    def fields(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ShapeError
        return value

    def items(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ShapeError
        return value

    # -- market data

    def book(self, value: Any, name: str) -> dict[str, Any]:
        data, contract = self.fields(value), self.table[name]
        if not {"timestamp", "change_id", "bids", "asks"} <= set(data):
            raise ShapeError
        if self.text(data.get("instrument_name", name)) != name:
            raise ShapeError
        before = data.get("prev_change_id")
        prev = -1 if before is None else self.count(before)
        kind = self.text(data.get("type", "snapshot" if before is None else "change"))
        if kind not in ("snapshot", "change"):
            raise ShapeError
        change_id, venue_ms = self.count(data["change_id"]), data["timestamp"]
        levels = []
        for key in data:
            if key in ("bids", "asks"):
                for row in self.items(data[key]):
                    levels.append(self.level(row, key[:-1], contract))
        if len(levels) > LEVELS_MAX:
            self.out_of_range = True
        return {
            "kind": "book",
            "instrument": contract.index,
            "is_snapshot": kind == "snapshot",
            "change_id": change_id,
            "prev_change_id": -1 if kind == "snapshot" else prev,
            "venue_ms": self.count(venue_ms),
            "levels": levels,
        }

    def level(self, row: Any, side: str, contract: Contract) -> tuple[str, int, int]:
        action, price, amount = (*self.items(row), None, None, None)[:3]
        if len(row) != 3:
            raise ShapeError
        if self.text(action) not in ("new", "change", "delete"):
            self.out_of_range = True
        ticks = self.steps_of(self.number(price), contract.tick)
        lots = self.lots(amount, contract)
        if ticks is None:
            self.out_of_range = True
            ticks = 0
        return side, ticks, 0 if action == "delete" else lots

    def ticker(self, value: Any, name: str) -> dict[str, Any]:
        data, contract = self.fields(value), self.table[name]
        if self.text(data.get("instrument_name", name)) != name:
            raise ShapeError
        prices, bounds = {}, {}
        for key in (
            "mark_price",
            "index_price",
            "underlying_price",
            "current_funding",
            "funding_8h",
        ):
            seen = data.get(key)
            prices[key] = 0.0 if seen is None else float(self.number(seen))
        for key in ("min_price", "max_price"):
            seen = data.get(key)
            bounds[key + "_ticks"] = (
                None
                if seen is None
                else self.bound(self.number(seen), contract, key == "min_price")
            )
        greeks = data.get("greeks")
        delta = None if greeks is None else self.fields(greeks).get("delta")
        state, stamp = data.get("state"), data.get("timestamp")
        return {
            "kind": "ticker",
            "delta": None if delta is None else float(self.number(delta)),
            "instrument": contract.index,
            "is_open": state is None or self.text(state) == "open",
            "venue_ms": 0 if stamp is None else self.count(stamp),
            **prices,
            **bounds,
        }

    def bound(self, price: Decimal, contract: Contract, is_lowest: bool) -> int | None:
        exact = self.steps_of(price, contract.tick)
        if exact is not None:
            return exact
        with localcontext(prec=200):
            rounding = ROUND_CEILING if is_lowest else ROUND_FLOOR
            ticks = int((price / contract.tick).to_integral_value(rounding))
        if abs(ticks) >= TICKS_MAX:
            return None
        multiple = 1
        for above, step in contract.steps:
            multiple = step if ticks > above else multiple
        down = ticks // multiple * multiple
        return down + multiple if is_lowest and down < ticks else down

    # -- orders and trades

    def label(self, value: Any) -> tuple[int, int, int] | None:
        match = LABEL.fullmatch("" if value is None else self.text(value))
        if match is None:
            return None
        run, slot, sequence = int(match[1], 16), match[2], int(match[3])
        slot = -1 if slot == "t" else int(slot)
        return (run, slot, sequence) if slot < 2**31 and sequence < 2**63 else None

    def id(self, value: Any) -> str:
        text = self.text(value)
        if not text or needs_escape(text):
            raise ShapeError
        if len(text.encode()) > ID_MAX:
            self.out_of_range = True
        return text

    def row(self, value: Any, needed: tuple[str, ...]) -> dict[str, Any]:
        """Return the fields of an order or trade that have a value, types checked."""
        known = {
            "instrument_name", "label", "order_id", "trade_id", "order_state",
            "direction", "liquidity", "price", "amount", "filled_amount", "fee",
            "timestamp", "last_update_timestamp", "trade_seq", "fee_currency",
        }  # fmt: skip
        row = {
            k: v for k, v in self.fields(value).items() if k in known and v is not None
        }
        for key, seen in row.items():
            if key == "price" and not isinstance(seen, Spelled):
                row[key] = self.text(seen)
            elif key in ("price", "amount", "filled_amount", "fee"):
                row[key] = self.number(seen)
            elif key.endswith("timestamp") or key == "trade_seq":
                row[key] = self.count(seen)
            else:
                self.text(seen)
        if "direction" in row and row["direction"] not in SIDES:
            raise ShapeError
        if not {"instrument_name", "direction", *needed} <= set(row):
            raise ShapeError
        return row

    def grid(
        self, row: dict[str, Any], *amounts: str
    ) -> tuple[int, int | None, list[int]]:
        """Return the instrument, the price in ticks, and each amount in lots."""
        contract = self.table.get(row["instrument_name"])
        if contract is None:
            return -1, None, [0 for _ in amounts]
        price = row.get("price")
        ticks = None
        if isinstance(price, Decimal):
            ticks = self.steps_of(price, contract.tick)
        lots = []
        for key in amounts:
            size = self.steps_of(row.get(key, Decimal(0)), contract.lot)
            if size is None or size < 0:
                self.out_of_range = True
                size = 0
            lots.append(size)
        return contract.index, ticks, lots

    def order(self, value: Any) -> dict[str, Any]:
        row = self.row(value, ("order_id", "order_state"))
        label = self.label(row.get("label"))
        if label and "amount" not in row:
            raise ShapeError
        instrument, ticks, lots = self.grid(row, "amount", "filled_amount")
        state = row["order_state"]
        return {
            "instrument": instrument,
            "label": label,
            "order_id": self.id(row["order_id"]),
            "status": state if state in STATUSES else "other",
            "side": SIDES[row["direction"]],
            "price_ticks": ticks,
            "amount_lots": lots[0],
            "filled_lots": lots[1],
            "venue_ms": row.get("last_update_timestamp", 0),
        }

    def fill(self, value: Any) -> dict[str, Any]:
        row = self.row(value, ("order_id", "trade_id", "amount"))
        instrument, ticks, [lots] = self.grid(row, "amount")
        price, fee = row.get("price"), row.get("fee", Decimal(0))
        with localcontext(prec=200):
            scaled = fee.scaleb(12)
            fee_e12 = int(scaled.copy_abs() + Decimal("0.5")) * (-1 if fee < 0 else 1)
        if abs(fee_e12) > INT64_MAX:
            self.out_of_range = True
        return {
            "instrument": instrument,
            "label": self.label(row.get("label")),
            "order_id": self.id(row["order_id"]),
            "trade_id": self.id(row["trade_id"]),
            "label_text": self.short(row.get("label"), LABEL_MAX),
            "side": SIDES[row["direction"]],
            "is_maker": row.get("liquidity") == "M",
            "price_ticks": ticks,
            "price": price if isinstance(price, Decimal) else Decimal(0),
            "qty_lots": lots,
            "fee_e12": fee_e12,
            "fee": fee,
            "fee_currency": self.short(row.get("fee_currency"), CURRENCY_MAX),
            "trade_seq": row.get("trade_seq", -1),
            "venue_ms": row.get("timestamp", 0),
        }

    def short(self, text: str | None, most: int) -> str:
        """Return a text that is only told on, "" when it does not fit."""
        if text is None or needs_escape(text) or len(text.encode()) > most:
            return ""
        return text

    def orders(self, value: Any) -> list[dict[str, Any]]:
        rows = [value] if isinstance(value, dict) else self.items(value)
        self.out_of_range |= len(rows) > ROWS_MAX
        return [self.order(row) for row in rows]

    def fills(self, value: Any) -> list[dict[str, Any]]:
        self.out_of_range |= len(self.items(value)) > ROWS_MAX
        return [self.fill(row) for row in value]

    def prints(self, value: Any, name: str) -> dict[str, Any]:
        self.out_of_range |= len(self.items(value)) > ROWS_MAX
        found = [self.print(row, name) for row in value]
        return {
            "kind": "trades",
            "instrument": self.table[name].index,
            "prints": [row for row in found if row],
        }

    def print(self, value: Any, name: str) -> dict[str, Any] | None:
        row = self.row(value, ("price", "amount", "timestamp"))
        if row["instrument_name"] != name or not isinstance(row["price"], Decimal):
            raise ShapeError
        if any(value.get(key) is not None for key in ("block_trade_id", "combo_id")):
            return None
        _, ticks, [lots] = self.grid(row, "amount")
        self.out_of_range |= ticks is None
        return {
            "side": "ask" if row["direction"] == "buy" else "bid",
            "price_ticks": ticks,
            "qty_lots": lots,
            "venue_ms": row["timestamp"],
        }

    # -- envelopes

    def answer(self, frame: dict[str, Any]) -> dict[str, Any]:
        if ("result" in frame) == ("error" in frame):
            raise ShapeError
        seen = frame.get("id")
        number = exactly(seen) if isinstance(seen, Spelled) else None
        if number is None or not (
            self.fits(number)
            and GATEWAY_ID_MIN <= number <= INT64_MAX
            and number == int(number)
        ):
            if "error" in frame or isinstance(seen, str):
                return {"kind": "control"}
            raise ShapeError
        out = {"kind": "reply", "id": int(number), "is_error": "error" in frame}
        orders: list[dict[str, Any]] = []
        fills: list[dict[str, Any]] = []
        code = 0
        if "error" in frame:
            found = self.number(self.fields(frame["error"]).get("code"))
            if found != int(found) or not -(2**31) <= found < 2**31:
                self.out_of_range = True
            code = int(found)
        elif not isinstance(frame["result"], Spelled):
            result = self.fields(frame["result"])
            fills = self.fills(result.get("trades", []))
            orders = [self.order(result.get("order", result))]
        return {**out, "code": code, "orders": orders, "fills": fills}

    def private(self, channel: str, data: Any) -> dict[str, Any]:
        orders: list[dict[str, Any]] = []
        fills: list[dict[str, Any]] = []
        if channel.startswith("user.orders."):
            orders = self.orders(data)
        elif channel.startswith("user.trades."):
            fills = self.fills(data)
        else:
            changes = self.fields(data)
            orders = self.orders(changes.get("orders", []))
            fills = self.fills(changes.get("trades", []))
        return {"kind": "private", "orders": orders, "fills": fills}


def subscribed(frame: dict[str, Any]) -> tuple[str, Any]:
    """Return channel and data of a subscription notification."""
    params = frame.get("params")
    if not isinstance(params, dict) or "data" not in params:
        raise ShapeError
    channel = params.get("channel")
    if not isinstance(channel, str) or isinstance(channel, Spelled):
        raise ShapeError
    return channel, params["data"]


def book_channels(frame: dict[str, Any]) -> Iterator[str]:
    """Yield the instrument of a frame on an incremental book channel."""
    try:
        parts = subscribed(frame)[0].split(".")
    except ShapeError:
        return
    if parts[0] == "book" and len(parts) == 3 and parts[2]:
        yield parts[1]


def notification(twin: Twin, frame: dict[str, Any]) -> dict[str, Any]:
    """Read a frame that has a method."""
    if frame["method"] == "heartbeat":
        return {"kind": "control"}
    if frame["method"] != "subscription":
        raise ShapeError
    channel, data = subscribed(frame)
    if needs_escape(channel):
        return {"kind": "ignored"}
    parts = channel.split(".")
    readers = {"book": twin.book, "ticker": twin.ticker, "trades": twin.prints}
    if parts[0] in readers and len(parts) == 3 and parts[2]:
        if parts[1] not in twin.table:
            return {"kind": "unknown_instrument"}
        return readers[parts[0]](data, parts[1])
    if channel.startswith(("user.orders.", "user.trades.", "user.changes.")):
        return twin.private(channel, data)
    if channel.startswith(CONTROL_PREFIXES) or channel == "user.lock":
        return {"kind": "control"}
    return {"kind": "ignored"}


def decode(payload: bytes, table: Mapping[str, Contract]) -> dict[str, Any]:
    """Return what ``Decoder.read`` should say of a payload."""
    try:
        frame = parse(payload)
    except ValueError:
        return {"kind": "malformed"}
    if not isinstance(frame, dict):
        return {"kind": "malformed"}
    twin = Twin(table)
    instrument = -1
    if frame.get("method") == "subscription":
        for name in book_channels(frame):
            instrument = table[name].index if name in table else -1
    try:
        out = notification(twin, frame) if "method" in frame else twin.answer(frame)
    except ShapeError:
        return {"kind": "unknown", "instrument": instrument}
    if twin.out_of_range:
        return {"kind": "out_of_range", "instrument": instrument}
    return out
