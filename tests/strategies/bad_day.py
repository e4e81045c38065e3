"""A bad day for a strategy: the real core, the simulated venue, the virtual clock.

One run goes through calm, gapped, crossed and halted books, then the background falls
silent and leaves a book with one side, a thin and wide one, and none. After every event
the venue itself is asked whether the limits hold and whether our own orders cross.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import orjson

from engine import __version__
from engine.config import from_mapping
from engine.journal import Header, Reader, Recorder, Writer
from engine.replay.replay import replay
from engine.sim.links import CORE_EPOCH_NS, Latency
from engine.sim.settings import SimConfig
from engine.sim.venue.faults.outage import BookState
from engine.sim.venue.faults.traffic import Gap
from engine.sim.venue.units import REF
from tests.simulation.rig import EPOCH_NS, Rig, engine_config
from tests.strategies.scenes import LISTED

TAKER = "taker"
END_NS = 2**62
CALM_S, STATE_S, LONE_S = 20.0, 2.0, 3.0


class BadDay(Rig):
    """One strategy, with what it needs beside it, through every kind of book."""

    def __init__(
        self,
        seed: int,
        quotes: list[dict[str, Any]],
        path: Path,
        sim: SimConfig = LISTED,
        **links: Latency,
    ) -> None:
        document = engine_config(quote=quotes)
        self.names = [quote["instrument"] for quote in quotes]
        self.limits = {
            quote["instrument"]: quote["limits"]["position_max"] for quote in quotes
        }
        self.most_held: dict[str, float] = dict.fromkeys(self.names, 0.0)
        super().__init__(seed, config=document, sim=sim, **links)
        header = Header(
            self.core.run_id,
            0,
            __version__,
            from_mapping(document).model_dump(mode="json"),
        )
        self.recorder = Recorder(self.core, Writer(path, header))
        self.links.on_frame = self.count
        self.requests: dict[str, int] = {}
        self.books: dict[str, dict[str, Any]] = {}
        for name, market in self.world.flow.markets.items():
            if name not in self.names:
                market.stop()

    def count(self, direction: str, conn: int, frame: bytes) -> None:
        """Count what the engine asks for, by method and instrument; keep the books."""
        if direction == "down" and b'"channel":"book.' in frame:
            data = orjson.loads(frame)["params"]["data"]
            self.books[data["instrument_name"]] = data
        if direction != "up" or not frame:
            return
        request = orjson.loads(frame)
        name = request.get("params", {}).get("instrument_name", "")
        key = f"{request.get('method')} {name}"
        self.requests[key] = self.requests.get(key, 0) + 1

    def orders_sent(self, name: str) -> int:
        """Return how many new orders went out for an instrument."""
        return sum(
            self.requests.get(f"private/{side} {name}", 0) for side in ("buy", "sell")
        )

    def end(self) -> None:
        """Close the journal; it is whole then."""
        self.recorder.close(CORE_EPOCH_NS + self.links.now_ns)

    def difference(self) -> str:
        """Close the journal and play it again; return where it differs, "" nowhere."""
        self.end()
        with Reader(self.recorder.writer.path) as reader:
            _, difference = replay(reader)
        return "" if difference is None else str(difference)

    # What must hold after every event, at the venue.

    def check(self) -> None:
        """Check limits and own orders of every instrument that is quoted."""
        account = self.account()
        open_orders = list(account.open_orders.values())
        for name in self.names:
            self.check_one(
                name,
                account,
                [order for order in open_orders if order.instrument.name == name],
            )

    def check_one(self, name: str, account: Any, orders: list[Any]) -> None:
        """Check one instrument: worst case inside the limit, no bid meets an ask."""
        position = account.positions.get(name)
        unit = self.world.venue.exchange.markets[name].instrument.amount
        held = unit(position.size) if position is not None else 0.0
        bids = [order for order in orders if order.side > 0]
        asks = [order for order in orders if order.side < 0]
        long = held + unit(sum(order.open_lots for order in bids))
        short = unit(sum(order.open_lots for order in asks)) - held
        worst = max(long, short)
        self.most_held[name] = max(self.most_held[name], abs(held))
        assert worst <= self.limits[name] * (1 + 1e-9), (
            f"{name}: {worst} above {self.limits[name]}: {self.last_notes()}; "
            f"seed {self.seed}"
        )
        best_bid = max((order.price_ticks for order in bids), default=None)
        best_ask = min((order.price_ticks for order in asks), default=None)
        assert best_bid is None or best_ask is None or best_bid < best_ask, (
            f"{name}: own orders cross; seed {self.seed}"
        )

    # What happens to the books.

    def play(self) -> None:
        """Run the whole day."""
        self.run_until_state("quoting")
        self.run(CALM_S)
        self.unreadable()
        self.fall_silent()
        for name in self.names:
            self.leave(name, one_sided=True)
        self.run(LONE_S)
        for name in self.names:
            self.leave(name)
            self.place_two(name, lots=1, apart=1e-3)
        self.run(LONE_S)
        for name in self.names:
            self.leave(name)
        self.run(LONE_S)

    def unreadable(self) -> None:
        """Play gapped, crossed and halted books, each with time to come back."""
        faults = self.world.venue.faults
        for name in self.names:
            faults.inject(Gap(channel=f"book.{name}.*", count=1))
        self.run(STATE_S)
        for name in self.names:
            self.cross(name)
        self.run(STATE_S)
        halt = {"state": "halted", "duration_ms": round(STATE_S * 1e3)}
        for name in self.names:
            faults.inject(BookState(instrument_name=name, **halt))
        self.run(2 * STATE_S)

    def fall_silent(self) -> None:
        """Let nobody else act any more on what is quoted, or on options at all."""
        flow = self.world.flow
        for name in self.names:
            if name in flow.markets:
                flow.markets[name].stop()
        for chain in flow.chains.values():
            chain.close(END_NS)

    def tick(self, name: str) -> float:
        """Return a step that is on the grid of an instrument at any price."""
        contract = self.world.venue.exchange.markets[name].instrument.contract
        steps = [tick for _, tick in contract.tick_steps]
        return float(max([contract.tick_size, *steps]))

    def cross(self, name: str) -> None:
        """Have the core read a change that crosses its book; the next one is a gap."""
        seen = self.core.snapshot()["instruments"][name]
        below = seen["bids"][0][0] - 2 * self.tick(name)
        data = {
            "type": "change",
            "timestamp": self.books[name]["timestamp"],
            "instrument_name": name,
            "prev_change_id": self.books[name]["change_id"],
            "change_id": self.books[name]["change_id"] + 1,
            "bids": [],
            "asks": [["new", round(below, 9), 10.0]],
        }
        params = {"channel": f"book.{name}.raw", "data": data}
        frame = {"jsonrpc": "2.0", "method": "subscription", "params": params}
        now_ns = CORE_EPOCH_NS + self.links.now_ns
        self.core.receive_data(0, now_ns, orjson.dumps(frame))
        assert self.core.snapshot()["instruments"][name]["book_state"] == "crossed"
        self.links.pump()

    def leave(self, name: str, *, one_sided: bool = False) -> None:
        """Take every order of others away, or only the asks."""
        venue = self.world.venue
        for account in venue.exchange.accounts.values():
            if account is self.account():
                continue
            for order in list(account.open_orders.values()):
                if order.instrument.name == name and (order.side < 0 or not one_sided):
                    venue.cancel_order(order, EPOCH_NS + self.links.now_ns)
        self.links.pump()

    def place_two(self, name: str, *, lots: int, apart: float) -> None:
        """Let somebody place a bid and an ask, each so far from fair, as a share."""
        instrument = self.world.venue.exchange.markets[name].instrument
        middle = self.world.venue.exchange.markets[name].mark_ref / REF
        tick = self.tick(name)
        steps = math.floor(middle * (1 - apart) / tick)
        above = math.ceil(middle * (1 + apart) / tick)
        for direction, count in (("buy", steps), ("sell", above)):
            self.world.venue.place(
                TAKER,
                name,
                direction,
                round(count * tick, 9),
                instrument.amount(lots),
                t_ns=EPOCH_NS + self.links.now_ns,
            )
        self.links.pump()
