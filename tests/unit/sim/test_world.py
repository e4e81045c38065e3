"""Venue and background market under one virtual clock."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvariantError
from engine.sim.settings import SimConfig, world_config
from engine.sim.venue.units import REF
from engine.sim.world import World

START_NS = 1_790_000_000_000_000_000
SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
PERPETUAL = "BTC-PERPETUAL"
FAST_TIER = SimConfig.model_validate(
    {
        "venue": {"matching_rate": 1_000, "matching_burst": 1_000, "matching_us": 0},
        "listing": {"families": ["BTC", "ETH"], "options": False, "combos": False},
    }
)
OPTIONS = SimConfig.model_validate(
    {"listing": {"families": ["BTC"], "spot": False, "strikes_each_side": 3}}
)


class Client:
    """One in-process connection; ``frames`` holds every payload it received."""

    def __init__(self, world: World, conn: int = 1) -> None:
        self.world, self.conn = world, conn
        self.frames: list[bytes] = []
        self._last_id = 0
        world.connection_made(conn, world.now_ns)

    def run_to(self, t_ns: int) -> None:
        """Let the world run to a time, timer by timer."""
        while 0 < (next_ns := self.world.next_timer_ns()) <= t_ns:
            self.world.handle_timer(next_ns)
        self.world.handle_timer(t_ns)
        self.take()

    def take(self) -> list[bytes]:
        payloads = self.world.data_to_send(self.conn)
        self.frames += payloads
        return payloads

    def call(self, method: str, **params: Any) -> Any:
        """Send a request now; return its result."""
        self._last_id += 1
        request = {
            "jsonrpc": "2.0",
            "id": self._last_id,
            "method": method,
            "params": params,
        }
        self.world.receive_data(self.conn, self.world.now_ns, orjson.dumps(request))
        for payload in self.take():
            frame = orjson.loads(payload)
            if frame.get("id") == self._last_id:
                assert "result" in frame, frame
                return frame["result"]
        raise AssertionError("no answer")

    def log_in(self, name: str = "maker") -> None:
        self.call(
            "public/auth",
            grant_type="client_credentials",
            client_id=name,
            client_secret=f"{name}-secret",
        )


def new_world(seed: int = 1, sim: SimConfig = FAST_TIER) -> World:
    return World(seed, world_config(sim, seed), START_NS)


def a_session(seed: int, seconds: int = 10) -> list[bytes]:
    """Return every byte a client receives that watches and trades a little."""
    client = Client(new_world(seed))
    client.log_in()
    names = (f"book.{PERPETUAL}.raw", f"trades.{PERPETUAL}.raw", "quote.ETH-PERPETUAL")
    channels = [*names, f"user.changes.{PERPETUAL}.raw"]
    client.call("private/subscribe", channels=channels)
    for second in range(1, seconds):
        client.run_to(START_NS + second * SECOND_NS)
        client.call(
            "private/buy",
            instrument_name=PERPETUAL,
            amount=10,
            price=79_990.0 + second,
            post_only=True,
        )
    client.run_to(START_NS + seconds * SECOND_NS)
    return client.frames


def test_same_seed_and_times_give_the_same_bytes() -> None:
    first, second, other = a_session(1), a_session(1), a_session(2)
    assert first == second
    assert len(first) > 300
    assert first != other


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, SECOND_NS), max_size=12))
def test_bytes_do_not_depend_on_how_often_the_world_is_turned(
    gaps_ns: list[int],
) -> None:
    end_ns = START_NS + sum(gaps_ns) + SECOND_NS
    received = []
    for stops in ((), gaps_ns):
        client = Client(new_world())
        client.log_in()
        client.call("public/subscribe", channels=[f"book.{PERPETUAL}.raw"])
        now_ns = START_NS
        for gap_ns in stops:
            now_ns += gap_ns
            client.world.handle_timer(now_ns)
            client.take()
        client.world.handle_timer(end_ns)
        client.take()
        received.append(client.frames)
    assert received[0] == received[1]


def test_the_next_timer_is_the_earlier_of_venue_and_market() -> None:
    world = new_world()
    for _ in range(200):
        next_ns = world.next_timer_ns()
        both = (world.flow.next_timer_ns(), world.venue.next_timer_ns())
        assert next_ns == min(both) > world.now_ns
        world.handle_timer(next_ns)
        assert world.now_ns == next_ns


def test_the_world_stays_open_without_a_background_market() -> None:
    sim = SimConfig.model_validate(
        {"market": {"enabled": False}, "listing": {"options": False}}
    )
    client = Client(new_world(sim=sim))
    client.run_to(START_NS + 5 * SECOND_NS)
    book = client.call("public/get_order_book", instrument_name=PERPETUAL)
    assert (book["bids"], book["asks"]) == ([], [])


def test_mark_and_bands_follow_the_index() -> None:
    client = Client(new_world())
    client.run_to(START_NS + 60 * SECOND_NS)
    for name in ("BTC-PERPETUAL", "ETH-PERPETUAL"):
        ticker = client.call("public/ticker", instrument_name=name)
        assert ticker["mark_price"] == pytest.approx(ticker["index_price"], rel=5e-4)
        assert ticker["best_bid_price"] < ticker["best_ask_price"]
        mid = (ticker["best_bid_price"] + ticker["best_ask_price"]) / 2
        assert mid == pytest.approx(ticker["mark_price"], rel=1e-3)
        assert ticker["stats"]["volume"] > 0


def test_options_are_quoted_around_their_marks() -> None:
    world = new_world(sim=OPTIONS)
    world.handle_timer(START_NS + 5 * SECOND_NS)
    markets = world.venue.exchange.markets.values()
    near = [one for one in markets if one.theory and 0.3 < abs(one.theory.delta) < 0.6]
    assert len(near) > 10
    for one in near:
        bid, ask = one.book.best(1), one.book.best(-1)
        assert bid is not None
        assert ask is not None
        mark = one.mark_ref / REF
        assert one.instrument.price(bid) <= mark <= one.instrument.price(ask)


def test_the_market_lives_on_over_settlement_and_new_listings() -> None:
    eight_ns = (START_NS // DAY_NS + 1) * DAY_NS + 8 * 3_600 * SECOND_NS
    started_ns = eight_ns - 20 * SECOND_NS
    world = World(1, world_config(OPTIONS, 1), started_ns)
    before = {one.name for one in world.venue.instruments()}
    world.handle_timer(eight_ns + 90 * SECOND_NS)
    listed = {one.name: one for one in world.venue.instruments()}
    gone, born = before - listed.keys(), listed.keys() - before
    assert len(gone) > 10
    assert len(born) > 10
    assert not any(one.expiry_ms * 1_000_000 <= eight_ns for one in listed.values()
                   if one.expiry_ms)  # fmt: skip
    assert not gone & world.flow.markets.keys()
    books = {name: world.venue.exchange.markets[name].book for name in born}
    two_sided = sum(
        book.best(1) is not None and book.best(-1) is not None
        for book in books.values()
    )
    assert two_sided > len(born) / 2


def test_who_joins_the_touch_is_filled_tens_of_times_a_minute() -> None:
    world = new_world()
    venue, fills = world.venue, 0
    orders: dict[str, Any] = {}
    for tenth in range(1, 601):
        now_ns = START_NS + tenth * SECOND_NS // 10
        world.handle_timer(now_ns)
        book = venue.exchange.market(PERPETUAL).book
        for side, ticks in (("buy", book.best(1)), ("sell", book.best(-1))):
            assert ticks is not None
            order = orders.get(side)
            if order is not None:
                fills += order.state == "filled"
                if order.state == "open" and order.price_ticks == ticks:
                    continue
                venue.cancel_order(order, now_ns)
            orders[side] = venue.place(
                "maker", PERPETUAL, side, ticks / 2, 50, post_only=True, t_ns=now_ns
            )
    assert 10 <= fills <= 300


def test_an_hour_asleep_is_not_an_hour_of_market() -> None:
    world = new_world()
    world.handle_timer(START_NS + SECOND_NS)
    gap_ns = world.flow.next_timer_ns() - world.now_ns
    woke_ns = START_NS + 3_600 * SECOND_NS
    world.skip_to(woke_ns)
    assert world.now_ns == woke_ns
    assert world.flow.next_timer_ns() == woke_ns + gap_ns


def test_time_does_not_go_back() -> None:
    world = new_world()
    world.handle_timer(START_NS + SECOND_NS)
    world.handle_timer(START_NS)
    assert world.now_ns == START_NS + SECOND_NS


class StuckVenue:
    """A venue whose timer stays due whatever is done."""

    def next_timer_ns(self) -> int:
        return START_NS

    def handle_timer(self, t_ns: int) -> None:
        pass


def test_a_timer_that_never_moves_is_an_invariant_error() -> None:
    world = new_world()
    world.venue = StuckVenue()  # type: ignore[assignment]
    with pytest.raises(InvariantError):
        world.handle_timer(START_NS + SECOND_NS)


def test_the_snapshot_shows_accounts_and_books() -> None:
    snapshot = new_world().snapshot()
    assert {"maker", "taker"} <= snapshot["accounts"].keys()
    book = snapshot["books"][PERPETUAL]
    assert len(book["bids"]) >= 20
    assert len(book["asks"]) >= 20


class StillMarket:
    """A background market that only says when it was started and turned."""

    def __init__(self) -> None:
        self.started_ns, self.turns = 0, [START_NS + SECOND_NS]

    def start(self, venue: Any, t_ns: int) -> None:
        self.started_ns = t_ns

    def next_timer_ns(self) -> int:
        return self.turns[0] if self.turns else 0

    def step(self, t_ns: int) -> None:
        assert self.turns.pop(0) <= t_ns

    def pause_until(self, last_ns: int, t_ns: int) -> None:
        raise AssertionError("nobody sleeps here")


def test_another_market_may_live_on_the_venue() -> None:
    market = StillMarket()
    world = World(1, world_config(FAST_TIER, 1), START_NS, market)
    assert market.started_ns == START_NS
    world.handle_timer(START_NS + 2 * SECOND_NS)
    assert market.turns == []
    assert world.snapshot()["books"][PERPETUAL]["bids"] == []
