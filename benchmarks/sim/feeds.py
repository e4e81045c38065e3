"""What a notification costs: many markets, many subscriptions, a virtual clock.

Everything is the venue's own time in this process: no sockets, nobody who reads. One
virtual second moves every index and so every mark, changes the books of some markets
and lets a few trade; then all that is due goes out. The cost of the same seconds
without any subscriber is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time

import orjson

from engine.sim.venue import Venue, VenueConfig, default_accounts
from engine.sim.venue.config import FREE, ListingConfig
from engine.sim.venue.markets.market import Market
from engine.sim.venue.markets.matching import Order

START_NS = 1_790_000_000_000_000_000
SECOND_NS = 1_000_000_000
TICKS_A_SECOND = 10
PER_CALL = 100
BOOKS_A_TICK = 100
TRADES_A_TICK = 5
LOTS = 100_000
REACH_TICKS = 20
FORMS = (
    "ticker.{}.100ms",
    "book.{}.100ms",
    "quote.{}",
    "trades.{}.100ms",
    "incremental_ticker.{}",
    "book.{}.none.10.100ms",
    "perpetual.{}.100ms",
)


@dataclass(frozen=True)
class Result:
    """Costs of the run.

    Units: processor time in s, notifications in all, ``us_each`` in microseconds.
    """

    markets: int
    subscriptions: int
    channels: int
    virtual_s: int
    notifications: int
    silent_s: float
    heard_s: float

    @property
    def us_each(self) -> float:
        """Return what one notification cost beyond the silent venue."""
        return (self.heard_s - self.silent_s) / max(self.notifications, 1) * 1e6


class Stage:
    """A venue, its clients, and what a virtual second does to it."""

    def __init__(self, markets: int, connections: int, each: int) -> None:
        listing = ListingConfig(strikes_each_side=7)
        config = VenueConfig(
            listing=listing,
            accounts=default_accounts(1_000_000, 1_000_000),
            credits=FREE,
        )
        self.now_ns = START_NS
        self.venue = Venue(config, START_NS)
        listed = self.venue.exchange.markets.values()
        self.markets = sorted(listed, key=_busiest_first)[:markets]
        self._step = 0
        self._orders = {
            market.instrument.name: self._open(market) for market in self.markets
        }
        self.connections = range(1, connections + 1)
        self.channels: set[str] = set()
        self.subscriptions = 0
        for conn in self.connections:
            self._join(conn, each)

    def _join(self, conn: int, each: int) -> None:
        self.venue.connection_made(conn, self.now_ns)
        self._ask(
            conn,
            "public/auth",
            grant_type="client_credentials",
            client_id="taker",
            client_secret="taker-secret",
        )
        forms = len(FORMS)
        wanted = [
            FORMS[n % forms].format(name)
            for n in range(each)
            for name in (self._market_of(conn, n // forms),)
        ]
        for start in range(0, each, PER_CALL):
            channels = wanted[start : start + PER_CALL]
            found = self._ask(conn, "private/subscribe", channels=channels)
            self.channels.update(found)
            self.subscriptions += len(found)

    def _market_of(self, conn: int, n: int) -> str:
        """Return an instrument: every other client watches the busiest ones."""
        count = len(self.markets)
        place = n if conn % 2 else (conn * 31 + n * 7) % count
        return self.markets[place % count].instrument.name

    def _ask(self, conn: int, method: str, **params: object) -> list[str]:
        frame = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.venue.receive_data(conn, self.now_ns, orjson.dumps(frame))
        answers = [orjson.loads(one) for one in self.venue.data_to_send(conn)]
        answer = next(one for one in answers if one.get("id") == 1)
        result: list[str] = answer["result"]
        return result

    def _open(self, market: Market) -> list[Order]:
        """Return a bid and an ask around the mark; a bid below nothing is left out."""
        i, orders = market.instrument, []
        for direction, ticks in (
            ("buy", i.floor(i.ticks_below(market.mark_ref) - REACH_TICKS)),
            ("sell", i.ceil(i.ticks_above(market.mark_ref) + REACH_TICKS)),
        ):
            if ticks > 0:
                price, amount = i.price(ticks), i.amount(LOTS)
                orders.append(
                    self.venue.place(
                        "flow", i.name, direction, price, amount, t_ns=self.now_ns
                    )
                )
        return orders

    def _change(self, market: Market, more: int) -> None:
        """Change what stands on one side of a market."""
        orders = self._orders[market.instrument.name]
        order, i = orders[more % len(orders)], market.instrument
        self.venue.edit_order(
            order, i.price(order.price_ticks), i.amount(LOTS + more), self.now_ns
        )

    def tick(self) -> None:
        """Move a tenth of a second on."""
        self._step += 1
        self.now_ns += SECOND_NS // TICKS_A_SECOND
        count = len(self.markets)
        for n in range(BOOKS_A_TICK):
            busy = n if n % 2 else self._step * 37 + n
            self._change(self.markets[busy % count], self._step + n)
        for n in range(TRADES_A_TICK):
            market = self.markets[(self._step + n * n) % count]
            ask = market.book.touch()[2]
            if ask is not None:
                i = market.instrument
                self.venue.place(
                    "taker flow", i.name, "buy", i.price(ask), i.amount(1),
                    t_ns=self.now_ns,
                )  # fmt: skip
        if self._step % TICKS_A_SECOND == 0:
            for name, index in list(self.venue.exchange.indices.items()):
                moved = index.ref + (1 if self._step % 20 else -1) * index.ref // 5_000
                self.venue.set_index(name, moved / 10**8, self.now_ns)
        self.venue.handle_timer(self.now_ns)

    def taken(self) -> int:
        """Return how many frames have come since, and throw them away."""
        return sum(len(self.venue.data_to_send(conn)) for conn in self.connections)


def _busiest_first(market: Market) -> tuple[bool, bool, str]:
    i = market.instrument
    return (not i.perpetual, i.is_option, i.name)


def run(markets: int, connections: int, each: int, seconds: int) -> Result:
    """Return the costs of so many virtual seconds."""
    silent_s, _ = _spent(Stage(markets, 0, 0), seconds)
    stage = Stage(markets, connections, each)
    stage.taken()
    heard_s, notifications = _spent(stage, seconds)
    return Result(
        markets,
        stage.subscriptions,
        len(stage.channels),
        seconds,
        notifications,
        silent_s,
        heard_s,
    )


def _spent(stage: Stage, seconds: int) -> tuple[float, int]:
    """Return (processor time of so many virtual seconds, notifications)."""
    stage.tick()
    stage.taken()
    frames, began = 0, process_time()
    for _ in range(seconds * TICKS_A_SECOND):
        stage.tick()
        frames += stage.taken()
    return process_time() - began, frames
