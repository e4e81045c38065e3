"""A market maker for tests: a client that may mass quote, and its questions."""

from __future__ import annotations

from typing import Any

from tests.unit.sim.venue.client import PERP, Bench, Client

GROUP = "one"
Side = tuple[float | None, float | None] | dict[str, Any] | None


def side(wish: Side) -> dict[str, Any]:
    """Return a side from (price, amount), either of which may be left out."""
    if isinstance(wish, tuple):
        pairs = zip(("price", "amount"), wish, strict=True)
        return {key: value for key, value in pairs if value is not None}
    assert wish is not None
    return wish


def quote(
    bid: Side = None, ask: Side = None, name: str = PERP, **more: Any
) -> dict[str, Any]:
    """Return one quote of a request."""
    sides = {"bid": bid, "ask": ask}
    given = {key: side(wish) for key, wish in sides.items() if wish is not None}
    return {"instrument_name": name, **given, **more}


class Quoter:
    """A client with cancel-on-disconnect and one group on btc_usd."""

    def __init__(self, bench: Bench, **limits: Any) -> None:
        self.bench = bench
        self.client: Client = bench.connect("maker")
        self.client.call("private/enable_cancel_on_disconnect")
        self.configure(**limits)
        self._id = 0

    def configure(self, **changes: Any) -> None:
        """Set the group's limits."""
        config = {
            "index_name": "btc_usd",
            "mmp_group": GROUP,
            "interval": 10,
            "frozen_time": 5,
            "max_quote_quantity": 10,
        }
        self.client.call("private/set_mmp_config", **(config | changes))

    def send(self, *quotes: dict[str, Any], **more: Any) -> Any:
        """Send quotes and return the detailed answer."""
        self._id += 1
        params = {"quote_id": str(self._id), "mmp_group": GROUP, "detailed": True}
        return self.client.call(
            "private/mass_quote", quotes=list(quotes), **(params | more)
        )

    def code(self, *quotes: dict[str, Any], **more: Any) -> int:
        """Return the code with which a whole request is refused."""
        params = {"quote_id": "x", "mmp_group": GROUP, "quotes": list(quotes)}
        return self.client.code("private/mass_quote", **(params | more))

    def codes(self, *quotes: dict[str, Any], **more: Any) -> list[tuple[str, int]]:
        """Return (side, code) of every side that is refused."""
        errors = self.send(*quotes, **more)["errors"]
        return [(error["side"], error["error"]["code"]) for error in errors]

    def open(self) -> list[tuple[str, float, float]]:
        """Return (direction, price, amount) of what is open, oldest first."""
        rows = self.client.call("private/get_open_orders")
        rows.sort(key=lambda row: int(row["order_id"].rpartition("-")[2]))
        return [(row["direction"], row["price"], row["amount"]) for row in rows]

    def queue(self, direction: int, price: float) -> list[str]:
        """Return whose orders stand at a price of the perpetual, in their order."""
        market = self.bench.venue.exchange.markets[PERP]
        ticks = market.instrument.ticks(price)
        assert ticks is not None
        return [order.account.name for order in market.book.queue(direction, ticks)]
