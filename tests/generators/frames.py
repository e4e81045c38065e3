"""Seeded frames of every shape the venue sends, and of many it never should.

Keys come in any order, numbers in any JSON spelling, unknown keys anywhere. A `Maker`
with ``wild`` above 0 also damages fields: off the grid, negative, too long, of another
type, missing, null, twice, escaped.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

INSTRUMENTS: list[dict[str, Any]] = [
    {
        "instrument_name": "BTC-PERPETUAL",
        "kind": "future",
        "instrument_type": "reversed",
        "tick_size": 0.5,
        "contract_size": 10.0,
        "min_trade_amount": 10.0,
    },
    {
        "instrument_name": "ETH-PERPETUAL",
        "kind": "future",
        "instrument_type": "reversed",
        "tick_size": 0.05,
        "contract_size": 1.0,
        "min_trade_amount": 1.0,
    },
    {
        "instrument_name": "BTC-21SEP26-68000-C",
        "kind": "option",
        "instrument_type": "reversed",
        "tick_size": 0.0001,
        "tick_size_steps": [{"above_price": 0.005, "tick_size": 0.0005}],
        "contract_size": 1.0,
        "min_trade_amount": 0.1,
    },
    {
        "instrument_name": "XRP_USDC-PERPETUAL",
        "kind": "future",
        "instrument_type": "linear",
        "tick_size": 1e-05,
        "contract_size": 1.0,
        "min_trade_amount": 1.0,
    },
    {
        "instrument_name": "BTC-FS-25DEC26_PERP",
        "kind": "future_combo",
        "instrument_type": "reversed",
        "tick_size": 0.5,
        "contract_size": 10.0,
        "min_trade_amount": 10.0,
    },
]
STRANGER = "SOL_USDC-PERPETUAL"
INTERVALS = ("raw", "100ms", "agg2")
CONTROL_CHANNELS = (
    "platform_state",
    "platform_state.public_methods_state",
    "instrument.state.any.any",
    "instrument.creation.any.any",
    "user.portfolio.btc",
    "user.lock",
    "user.mmp_trigger.any",
    "deribit_price_index.btc_usd",
)
IGNORED_CHANNELS = (
    "trades.future.BTC.raw",
    "quote.BTC-PERPETUAL",
    "chart.trades.BTC-PERPETUAL.1",
    "incremental_ticker.BTC-PERPETUAL",
    "book.BTC-PERPETUAL.none.20.100ms",
    "user.access_log",
    "announcements",
)


HEAD = '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.'
KEYS_2021 = [
    "type",
    "timestamp",
    "prev_change_id",
    "instrument_name",
    "change_id",
    "bids",
    "asks",
]
KEYS_2026 = [
    "timestamp",
    "type",
    "change_id",
    "instrument_name",
    "bids",
    "asks",
    "prev_change_id",
]


class Spelled(str):
    """A number as it shall stand in the frame."""

    __slots__ = ()


class Twice:
    """A value whose key stands twice, another value first."""

    def __init__(self, first: Any, second: Any) -> None:
        self.first = first
        self.second = second


class Maker:
    """Makes frames from a seed.

    Args:
        seed: same seed, same frames.
        wild: how many of a hundred fields are damaged.
    """

    def __init__(self, seed: int, wild: int = 0) -> None:
        self.random = Random(seed)
        self.wild = wild
        self.change_id = self.random.randrange(10**11)

    # -- text

    def spell(self, value: Decimal | int) -> Spelled:
        """Return one of the JSON spellings of a number."""
        number = Decimal(value)
        plain = format(number, "f")
        if "." in plain:
            plain = plain.rstrip("0").rstrip(".")
        choice = self.random.randrange(6)
        if choice == 0:
            return Spelled(plain if "." in plain else plain + ".0")
        if choice == 1:
            return Spelled((plain if "." in plain else plain + ".0") + "00")
        if choice == 2 and number:
            sign, digits, exponent = number.as_tuple()
            assert isinstance(exponent, int)
            text = "".join(map(str, digits))
            exponent += len(text) - 1
            tail = text[1:].rstrip("0") or "0"
            mark = self.random.choice(("e", "E"))
            plus = self.random.choice(("", "+")) if exponent >= 0 else ""
            return Spelled(f"{'-' * sign}{text[0]}.{tail}{mark}{plus}{exponent}")
        return Spelled(plain)

    def string(self, text: str) -> str:
        """Return a JSON string, now and then with an escape nobody needs."""
        if self.wild and text and self.random.randrange(1000) < self.wild:
            at = self.random.randrange(len(text))
            escape = f"\\u{ord(text[at]):04x}" if ord(text[at]) < 0xD800 else text[at]
            return json.dumps(text[:at])[:-1] + escape + json.dumps(text[at + 1 :])[1:]
        return json.dumps(text, ensure_ascii=self.random.random() < 0.5)

    def space(self) -> str:
        return self.random.choice((" ", "\n", "\t", "\r\n  ")) if self.spaced else ""

    def text(self, value: Any) -> str:
        """Return the JSON text of a value, keys in random order."""
        if isinstance(value, Spelled):
            return value
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, dict):
            items = list(value.items())
            self.random.shuffle(items)
            members = []
            for key, item in items:
                both = [item.first, item.second] if isinstance(item, Twice) else [item]
                for one in both:
                    members.append(
                        f"{self.space()}{self.string(key)}{self.space()}:"
                        f"{self.space()}{self.text(one)}{self.space()}"
                    )
            return "{" + ",".join(members) + "}"
        if isinstance(value, list):
            parts = (f"{self.space()}{self.text(v)}{self.space()}" for v in value)
            return "[" + ",".join(parts) + "]"
        return json.dumps(value)

    def encode(self, frame: dict[str, Any]) -> bytes:
        """Return a frame's bytes."""
        self.spaced = self.random.randrange(4) == 0
        return self.text(frame).encode()

    # -- damage

    def stranger(self) -> Any:
        """Return a value nobody expects."""
        return self.random.choice(
            [
                None,
                True,
                "",
                "text \u00e9 \U0001f600",
                "\u2028",
                [],
                {},
                [[1, {"a": None}]],
                {"bids": 1, "id": 2, "channel": "x"},
                Spelled("-0.0"),
                Spelled("1E+30"),
                Spelled("123456789012345678901234567890"),
                Spelled("0.1000000000000000055511151231257827"),
                Spelled("1e-400"),
                Spelled("-7"),
                Spelled("0.3333"),
                Spelled("9223372036854775808"),
            ]
        )

    def dress(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Add unknown keys; when wild, damage some fields."""
        if self.random.randrange(8) == 0:
            fields[self.random.choice(("starbase_id", "x", "", "bid", "idx"))] = (
                self.stranger()
            )
        for key in list(fields):
            if self.random.randrange(100) < self.wild:
                choice = self.random.randrange(4)
                if choice == 0:
                    fields.pop(key)
                elif choice == 1:
                    fields[key] = Twice(self.stranger(), fields[key])
                elif choice == 2:
                    fields[key] = self.stranger()
                else:
                    fields[key] = None
        return fields

    # -- fields

    def instrument(self) -> dict[str, Any]:
        return self.random.choice(INSTRUMENTS)

    def price(self, row: dict[str, Any]) -> Spelled:
        tick = Decimal(str(row["tick_size"]))
        ticks = self.random.randrange(1, 10 ** self.random.randrange(1, 7))
        if row["kind"].endswith("combo") and self.random.random() < 0.5:
            ticks = -ticks
        if self.random.randrange(300) < self.wild:
            return self.spell(tick * ticks + tick / 2)
        return self.spell(tick * ticks)

    def amount(self, row: dict[str, Any]) -> Spelled:
        lot = min(Decimal(str(row[k])) for k in ("contract_size", "min_trade_amount"))
        lots = self.random.randrange(0, 10 ** self.random.randrange(1, 6))
        if self.random.randrange(300) < self.wild:
            return self.spell(self.random.choice((-lot * (lots + 1), lot / 3)))
        return self.spell(lot * lots)

    def when(self) -> Spelled:
        return self.spell(1_789_344_931_639 + self.random.randrange(10**9))

    def label(self) -> str:
        run, slot = self.random.randrange(2**32), self.random.randrange(10**5)
        ours = f"hs-{run:08x}-{slot}-{self.random.randrange(10**6)}"
        near = (
            "",
            "O-1",
            f"hs-{run:08X}-{slot}-1",
            f"hs-{run:08x}-0{slot}-1",
            f"hs-{run:08x}-{slot}-+1",
            f"hs-{run:08x}-{slot}-",
            f"hs-{run:08x}--{slot}-1",
            f"hs-{run:09x}-{slot}-1",
            f"hs-{run:08x}-{2**31}-1",
            f"hs-{run:08x}-{slot}-{2**63}",
            ours + " ",
            "\u03b1\u03b2",
        )
        return ours if self.random.random() < 0.7 else self.random.choice(near)

    def name_or_stranger(self) -> tuple[dict[str, Any], str]:
        row = self.instrument()
        if self.random.randrange(8) == 0:
            return row, STRANGER
        return row, str(row["instrument_name"])

    # -- frames

    def notify(self, channel: str, data: Any) -> dict[str, Any]:
        params = self.dress({"channel": channel, "data": data})
        return self.dress(
            {"jsonrpc": "2.0", "method": "subscription", "params": params}
        )

    def levels(self, row: dict[str, Any]) -> list[Any]:
        out: list[Any] = []
        for _ in range(self.random.choice((0, 1, 1, 2, 3, 10))):
            action = self.random.choice(("new", "change", "delete"))
            amount = Spelled("0.0") if action == "delete" else self.amount(row)
            level: list[Any] = [action, self.price(row), amount]
            if self.random.randrange(1000) < self.wild:
                level[self.random.randrange(3)] = self.stranger()
            if self.random.randrange(1000) < self.wild:
                level = self.random.choice((level[1:], [*level, 1], ["x", *level[1:]]))
            out.append(level)
        return out

    def book(self) -> dict[str, Any]:
        """Return an incremental book frame, of today or of 2019."""
        row, name = self.name_or_stranger()
        prev, self.change_id = (
            self.change_id,
            self.change_id + self.random.randrange(10**6),
        )
        kind = self.random.choice(("snapshot", "change", "change"))
        data: dict[str, Any] = {
            "type": kind,
            "timestamp": self.when(),
            "instrument_name": name,
            "change_id": self.spell(self.change_id),
            "bids": self.levels(row),
            "asks": self.levels(row),
        }
        if kind == "change" or self.random.randrange(8) == 0:
            data["prev_change_id"] = self.spell(self.random.choice((0, prev, prev)))
        if self.random.randrange(8) == 0:
            del data["type"]
        interval = self.random.choice(INTERVALS)
        return self.notify(f"book.{name}.{interval}", self.dress(data))

    def venue_number(self, value: Decimal) -> Spelled:
        """Return the venue's spelling: decimal or scientific, whichever is shorter."""
        plain = format(value, "f")
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
        plain = plain if "." in plain else plain + ".0"
        sign, digits, exponent = value.normalize().as_tuple()
        assert isinstance(exponent, int)
        text = "".join(map(str, digits))
        tail = text[1:] or "0"
        power = exponent + len(text) - 1 if value else 0
        short = f"{'-' * sign}{text[0]}.{tail}e{power}"
        return Spelled(short if len(short) < len(plain) else plain)

    def venue_book(self) -> bytes:
        """Return a book frame as the venue writes them, byte for byte in form."""
        row = self.instrument()
        name = str(row["instrument_name"])
        kind = self.random.choice(("snapshot", "change", "change", "change"))
        data: dict[str, Any] = {
            "type": kind,
            "timestamp": 1_789_344_931_639 + self.random.randrange(10**9),
            "instrument_name": name,
            "change_id": self.random.randrange(1, 10 ** self.random.randrange(1, 15)),
        }
        data["prev_change_id"] = max(1, data["change_id"] - self.random.randrange(99))
        for side in ("bids", "asks"):
            data[side] = [
                [action, *(self.venue_number(Decimal(v)) for v in (price, amount))]
                for action, price, amount in self.levels(row)
            ]
        keys = self.random.choice((KEYS_2026, KEYS_2026, KEYS_2021))
        if self.random.randrange(4) == 0:
            keys = self.random.sample(keys, len(keys))
        members = (
            f'"{key}":{self.venue_text(data[key])}'
            for key in keys
            if key != "prev_change_id" or kind == "change"
        )
        interval = self.random.choice(INTERVALS)
        return f'{HEAD}{name}.{interval}","data":{{{",".join(members)}}}}}}}'.encode()

    def venue_text(self, value: Any) -> str:
        """Return JSON without white space, numbers as they are spelled."""
        if isinstance(value, list):
            return "[" + ",".join(map(self.venue_text, value)) + "]"
        return value if isinstance(value, Spelled) else json.dumps(value)

    def ticker(self) -> dict[str, Any]:
        """Return a ticker frame."""
        row, name = self.name_or_stranger()
        bound = self.random.choice((Spelled("29485.31"), self.price(row)))
        data: dict[str, Any] = {
            "timestamp": self.when(),
            "state": self.random.choice(("open", "open", "closed", "settlement")),
            "stats": {"high": None, "low": None, "volume": self.amount(row)},
            "index_price": self.price(row),
            "instrument_name": name,
            "last_price": None,
            "min_price": bound,
            "max_price": self.random.choice((bound, self.price(row))),
            "mark_price": self.random.choice((self.price(row), None)),
            "greeks": self.random.choice(
                (
                    {"rho": Spelled("-0.28927"), "gamma": Spelled("1e-05")},
                    {"delta": Spelled("-0.5"), "vega": Spelled("1e1")},
                    {"delta": None},
                    None,
                )
            ),
            "estimated_delivery_price": "expired",
        }
        for key in ("mark_price", "index_price", "min_price", "max_price", "state"):
            if self.random.randrange(10) == 0:
                del data[key]
        interval = self.random.choice(INTERVALS)
        return self.notify(f"ticker.{name}.{interval}", self.dress(data))

    def order(self) -> dict[str, Any]:
        """Return an order object."""
        row, name = self.name_or_stranger()
        price = self.price(row) if self.random.randrange(8) else "market_price"
        states = ("open", "filled", "cancelled", "rejected", "untriggered")
        data: dict[str, Any] = {
            "label": self.label(),
            "price": price,
            "user_id": 96103,
            "amount": self.amount(row),
            "direction": self.random.choice(("buy", "sell")),
            "time_in_force": "good_til_cancelled",
            "instrument_name": name,
            "api": True,
            "order_id": f"USDC-{self.random.randrange(10**12)}",
            "creation_timestamp": self.when(),
            "filled_amount": self.amount(row),
            "last_update_timestamp": self.when(),
            "average_price": self.price(row),
            "order_state": self.random.choice(states),
            "order_type": "limit",
        }
        for key in ("label", "filled_amount"):
            if self.random.randrange(10) == 0:
                del data[key]
        return self.dress(data)

    def trade(self) -> dict[str, Any]:
        """Return a user trade."""
        row, name = self.name_or_stranger()
        fee = Decimal(self.random.randrange(-(10**6), 10**6)).scaleb(-8)
        return self.dress(
            {
                "trade_seq": 7396,
                "trade_id": f"ETH-{self.random.randrange(10**9)}",
                "timestamp": self.when(),
                "state": "filled",
                "price": self.price(row),
                "amount": self.amount(row),
                "direction": self.random.choice(("buy", "sell")),
                "instrument_name": name,
                "order_id": str(self.random.randrange(10**12)),
                "label": self.label(),
                "liquidity": self.random.choice(("M", "T")),
                "fee": self.spell(fee),
                "fee_currency": "BTC",
                "matching_id": None,
            }
        )

    def public_trade(self, row: dict[str, Any], name: str) -> dict[str, Any]:
        data: dict[str, Any] = {
            "timestamp": self.when(),
            "price": self.price(row),
            "amount": self.amount(row),
            "direction": self.random.choice(("buy", "sell")),
            "index_price": self.price(row),
            "instrument_name": name,
            "trade_seq": self.random.randrange(10**9),
            "tick_direction": self.random.randrange(4),
            "trade_id": str(self.random.randrange(10**9)),
        }
        if self.random.randrange(8) == 0:
            data[self.random.choice(("block_trade_id", "combo_id"))] = "BLOCK-1"
        return self.dress(data)

    def prints(self) -> dict[str, Any]:
        """Return the public trades of one instrument."""
        row, name = self.name_or_stranger()
        data = self.many(lambda: self.public_trade(row, name))
        return self.notify(f"trades.{name}.{self.random.choice(INTERVALS)}", data)

    def many(self, make: Callable[[], Any]) -> list[Any]:
        return [make() for _ in range(self.random.randrange(4))]

    def private(self) -> dict[str, Any]:
        """Return a notification of our own orders or trades."""
        name = self.random.choice(("any.any", "BTC-PERPETUAL", "future.BTC"))
        kind = self.random.choice(("orders", "trades", "changes"))
        if kind == "orders":
            many = self.random.random() < 0.5
            data: Any = self.many(self.order) if many else self.order()
        elif kind == "trades":
            data = self.many(self.trade)
        else:
            data = self.dress(
                {
                    "instrument_name": "BTC-PERPETUAL",
                    "orders": self.many(self.order),
                    "trades": self.many(self.trade),
                    "positions": [{"size": Spelled("-10.0"), "direction": "sell"}],
                }
            )
        return self.notify(f"user.{kind}.{name}.raw", data)

    def id(self) -> Any:
        return self.random.choice(
            (
                self.spell(1_000_000 + self.random.randrange(10**6)),
                self.spell(1_000_000 + self.random.randrange(10**6)),
                Spelled("1000000"),
                Spelled("999999"),
                Spelled("0"),
                Spelled("1000000.5"),
                Spelled("-5"),
                "1000007",
                None,
            )
        )

    def reply(self) -> dict[str, Any]:
        """Return an answer to a request of the gateway or of somebody else."""
        frame: dict[str, Any] = {
            "jsonrpc": "2.0",
            "id": self.id(),
            "usIn": 1767978363485278,
            "usOut": 1767978363495053,
            "usDiff": 9775,
            "testnet": False,
        }
        kind = self.random.choice(("order", "cancel", "count", "error", "other"))
        if kind == "order":
            frame["result"] = self.dress(
                {"order": self.order(), "trades": self.many(self.trade)}
            )
        elif kind == "cancel":
            frame["result"] = self.order()
        elif kind == "count":
            frame["result"] = self.spell(self.random.randrange(100))
        elif kind == "error":
            data = {"reason": "\u00fc", "param": "mmp"}
            code = self.random.choice((10028, 13777, -32602, 10**10))
            frame["error"] = self.dress(
                {"code": self.spell(code), "message": "bad_request", "data": data}
            )
        else:
            frame["result"] = self.random.choice(("ok", ["a"], None, {"version": "1"}))
        if self.random.randrange(10) == 0:
            del frame["id"]
        return self.dress(frame)

    def other(self) -> dict[str, Any]:
        """Return a heartbeat, a channel of the session, or one nobody reads."""
        if self.random.randrange(4) == 0:
            params = {"type": self.random.choice(("heartbeat", "test_request"))}
            return self.dress(
                {"jsonrpc": "2.0", "method": "heartbeat", "params": params}
            )
        channel = self.random.choice(CONTROL_CHANNELS + IGNORED_CHANNELS)
        return self.notify(channel, self.stranger())

    def frame(self) -> bytes:
        """Return one frame of any shape."""
        make = self.random.choice(
            (
                self.book,
                self.book,
                self.ticker,
                self.prints,
                self.private,
                self.reply,
                self.other,
            )
        )
        return self.encode(make())
