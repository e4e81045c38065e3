"""A second login that looks at the account: exposure, fills, position, money."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.errors import EngineError
from engine.live.dialogue import Dialogue
from engine.live.secrets import Credentials, Signer
from tests.loopback.processes import MAKER

INSTRUMENT, CURRENCY = "BTC-PERPETUAL", "BTC"
LOOK_EVERY_S = 0.04
TRADES_PER_PAGE = 1_000


class Broken(AssertionError):  # noqa: N818 - a verdict
    """What must always hold did not."""


@dataclass
class Account:
    """What the venue says, at one moment.

    Units: USD, BTC, ms since epoch.
    """

    position: float = 0.0
    balance: Decimal = Decimal(0)
    fills: int = 0
    fees: float = 0.0
    times_ms: list[int] = field(default_factory=list)


class Watcher:
    """Looks all the time that no more is at risk than the limit."""

    def __init__(self, url: str, position_max: float) -> None:
        self._dialogue = Dialogue(url, Signer(Credentials(*MAKER)))
        self._max = position_max
        self._last_seq = 0
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self.account = Account()
        self.looks = 0
        self.worst = 0.0

    async def start(self) -> None:
        """Log in and look from now on."""
        await self._dialogue.__aenter__()
        self._task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Look no more.

        Raises: Broken, when a look found too much at risk.
        """
        assert self._task is not None
        self._task.cancel()
        try:
            await self._task
        except asyncio.CancelledError:
            pass
        finally:
            await self._dialogue.__aexit__(None, None, None)

    def check(self) -> None:
        """Raise what the looks have found, if they have."""
        assert self._task is not None
        if self._task.done():
            self._task.result()

    async def orders(self) -> list[dict[str, Any]]:
        """Return the open orders."""
        rows: list[dict[str, Any]] = await self._dialogue.call(
            "private/get_open_orders"
        )
        return rows

    async def read(self) -> Account:
        """Return what the account has at one moment, all fills since the start."""
        async with self._turn:
            while True:  # ends with the first pause between two fills
                await self._read_trades()
                before = self.account.fills
                position, summary = await asyncio.gather(
                    self._position(),
                    self._dialogue.call(
                        "private/get_account_summary", {"currency": CURRENCY}
                    ),
                )
                await self._read_trades()
                if self.account.fills == before:
                    self.account.position = position
                    self.account.balance = Decimal(str(summary["balance"]))
                    return self.account

    async def _watch(self) -> None:
        while True:  # ends when it is cancelled
            try:
                await self._look()
            except EngineError as error:
                raise Broken(f"the watcher's line broke: {error}") from error
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        """Read orders and position between two equal looks at the trades."""
        last = {"instrument_name": INSTRUMENT, "count": 1, "sorting": "desc"}
        method = "private/get_user_trades_by_instrument"
        call = self._dialogue.call
        before, position, orders, after = await asyncio.gather(
            call(method, last), self._position(), self.orders(), call(method, last)
        )
        if before["trades"] != after["trades"]:
            return
        self.looks += 1
        at_risk = {"buy": position, "sell": -position}
        for row in orders:
            left = row["amount"] - row["filled_amount"]
            at_risk[row["direction"]] += left
        worst = max(at_risk.values())
        self.worst = max(self.worst, worst)
        if worst > self._max:
            rows = [
                (row["label"], row["direction"], row["price"], row["amount"])
                for row in orders
            ]
            raise Broken(f"{worst} at risk, {self._max} allowed: {position}, {rows}")

    async def _position(self) -> float:
        row = await self._dialogue.call(
            "private/get_position", {"instrument_name": INSTRUMENT}
        )
        sign = {"buy": 1, "sell": -1, "zero": 0}[row["direction"]]
        return sign * abs(float(row["size"]))

    async def _read_trades(self) -> None:
        has_more = True
        while has_more:
            page = await self._dialogue.call(
                "private/get_user_trades_by_instrument",
                {
                    "instrument_name": INSTRUMENT,
                    "start_seq": self._last_seq + 1,
                    "sorting": "asc",
                    "count": TRADES_PER_PAGE,
                },
            )
            has_more = page["has_more"]
            for row in page["trades"]:
                self._last_seq = max(self._last_seq, row["trade_seq"])
                self.account.fills += 1
                self.account.fees += row["fee"]
                self.account.times_ms.append(row["timestamp"])
