"""What valid parameters are made of: facts of a running venue, and orders on demand."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from tests.conformance.client import Client
from tests.conformance.facts import tick_at

HOUR_MS = 3_600_000
PERPETUAL, ETH_PERPETUAL = "BTC-PERPETUAL", "ETH-PERPETUAL"
LINEAR, SPOT = "BTC_USDC-PERPETUAL", "BTC_USDC"


@dataclass(frozen=True)
class Login:
    """A key as the table of calls needs it."""

    name: str
    secret: str
    user_id: int


class Day:
    """One account's day: its own logged-in connection, and what it knows.

    ``client`` prepares what a call needs (an order to edit, a trade to ask about); the
    call itself is made elsewhere. ``listed`` are all instruments by name.
    """

    def __init__(
        self, client: Client, login: Login, listed: dict[str, dict[str, Any]]
    ) -> None:
        self.client, self.login, self.listed = client, login, listed
        self.option = self._option()
        self.future = self._first(
            lambda row: row["settlement_period"] != "perpetual", "future"
        )
        self.combo = self._first(lambda row: True, "future_combo", "option_combo")
        self._number = 0

    @classmethod
    async def begin(cls, client: Client, login: Login) -> Day:
        """Log in and look around."""
        await client.log_in(login.name, login.secret)
        rows = await client.call("public/get_instruments", currency="any")
        return cls(client, login, {row["instrument_name"]: row for row in rows})

    def _first(self, chosen: Any, *kinds: str) -> str:
        """Return the first instrument that is chosen, "" when none is listed."""
        names = [
            name
            for name, row in self.listed.items()
            if row["kind"] in kinds and chosen(row)
        ]
        return min(names, default="")

    def _option(self) -> str:
        """Return an inverse BTC call that expires last, of the lowest strike."""
        rows = [
            row
            for row in self.listed.values()
            if row["kind"] == "option"
            and (row["settlement_currency"], row["option_type"]) == ("BTC", "call")
        ]
        if not rows:
            return ""
        row = min(rows, key=lambda one: (-one["expiration_timestamp"], one["strike"]))
        return str(row["instrument_name"])

    @property
    def now_ms(self) -> int:
        """Return the time in ms; the venue's clock is this machine's."""
        return int(time.time() * 1000)

    @property
    def window(self) -> dict[str, int]:
        """Return the start and end of the last hour."""
        now_ms = self.now_ms
        return {"start_timestamp": now_ms - HOUR_MS, "end_timestamp": now_ms}

    def fresh(self, stem: str) -> str:
        """Return a text not used before."""
        self._number += 1
        return f"{stem}-{self.login.name}-{self._number}"

    async def mark(self, name: str = PERPETUAL) -> float:
        """Return the mark price of an instrument."""
        ticker = await self.client.call("public/ticker", instrument_name=name)
        return float(ticker["mark_price"])

    async def below(self, percent: float, name: str = PERPETUAL) -> float:
        """Return a price on the tick some percent below the mark."""
        mark = await self.mark(name)
        wanted = mark * (1 - percent / 100)
        tick = float(tick_at(self.listed[name], wanted))
        return round(wanted // tick * tick, 10)

    async def above(self, percent: float, name: str = PERPETUAL) -> float:
        """Return a price on the tick some percent above the mark."""
        return await self.below(-percent, name)

    async def resting(self, **more: Any) -> dict[str, Any]:
        """Return a new order that rests far from the market."""
        params = {"instrument_name": PERPETUAL, "amount": 10, **more}
        params.setdefault("price", await self.below(5))
        placed = await self.client.call("private/buy", **params)
        order = placed["order"]
        assert order["order_state"] == "open", order
        return dict(order)

    async def bought(self, amount: float = 10) -> dict[str, Any]:
        """Return a new order of the perpetual that has been filled."""
        placed = await self.client.call(
            "private/buy",
            instrument_name=PERPETUAL,
            amount=amount,
            type="market",
        )
        order = placed["order"]
        assert order["order_state"] == "filled", order
        return dict(order)

    async def group(self) -> str:
        """Return the MMP group for quotes, with quoting made possible."""
        name = "conformance"
        await self.client.call("private/enable_cancel_on_disconnect")
        await self.client.call(
            "private/set_mmp_config",
            index_name="btc_usd",
            mmp_group=name,
            interval=1,
            frozen_time=1,
            max_quote_quantity=1.0,
            quantity_limit=1.0,
        )
        return name
