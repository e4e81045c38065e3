"""Faults of the venue as a whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.faults.outage import (
    AccountLock,
    BookState,
    ClockOffset,
    HeldLock,
    Lock,
    Maintenance,
    SlowMatching,
)
from tests.unit.sim.venue.client import ETH, MS, PERP, SECOND, Bench, Refused, rebuild

PLATFORM = "platform_state"
BOOK = f"book.{PERP}.raw"
FAST = VenueConfig(accounts=default_accounts(1_000_000, 1_000_000))


def test_maintenance_from_notice_to_reopening(bench: Bench) -> None:
    client = bench.connect("maker")
    client.listen(PLATFORM)
    resting = client.buy(79_000.0, 10.0)["order"]["order_id"]
    fault = Maintenance(notice_ms=500, duration_ms=2_000, cancel_only_ms=300)
    bench.venue.faults.inject(fault)
    assert client.on(PLATFORM) == [{"maintenance": True}]
    bench.advance(499 * MS)
    assert client.call("public/get_time")
    bench.advance(MS)
    assert bench.closing() == [(client.conn, 1001, "maintenance")]
    back = bench.connect()
    with pytest.raises(Refused, match="11051 system_maintenance"):
        back.login("maker")
    bench.advance(1_500 * MS)
    back.login("maker")
    back.listen(BOOK)
    with pytest.raises(Refused, match="10012"):
        back.buy(79_000.0, 10.0)
    assert back.call("private/cancel", order_id=resting)["order_state"] == "cancelled"
    bench.advance(300 * MS)
    kinds = [message["type"] for message in back.on(BOOK)]
    assert kinds == ["snapshot", "change", "snapshot"]
    back.buy(79_000.0, 10.0)
    rebuild(back.on(BOOK))


def test_maintenance_called_off_before_the_service_ends(bench: Bench) -> None:
    client = bench.connect("maker")
    client.listen(PLATFORM)
    bench.venue.faults.inject(Maintenance(notice_ms=500))
    bench.venue.faults.board.clear_all()
    bench.advance(SECOND)
    assert client.on(PLATFORM) == [{"maintenance": True}, {"maintenance": False}]
    assert client.buy(79_000.0, 10.0)


def test_books_that_were_not_open_stay_shut_after_a_maintenance(bench: Bench) -> None:
    bench.venue.set_state(ETH, "halted", bench.now_ns)
    bench.venue.faults.inject(Maintenance(notice_ms=1, duration_ms=10))
    bench.advance(20 * MS)
    states = {n: m.state for n, m in bench.venue.exchange.markets.items()}
    assert states[PERP] == "open"
    assert states[ETH] == "halted"


@pytest.mark.parametrize(
    ("lock", "locked", "extent"),
    [
        (Lock(index_name="btc_usd"), {"btc_usd"}, "partial"),
        (Lock(currency="ETH"), {"eth_usd"}, "partial"),
        (Lock(), set(FAST.index_prices), "true"),
    ],
)
def test_locks(bench: Bench, lock: Lock, locked: set[str], extent: str) -> None:
    client = bench.connect("maker")
    client.listen(PLATFORM)
    assert client.call("public/status") == {"locked": "false"}
    resting = client.buy(79_000.0, 10.0)["order"]["order_id"]
    bench.venue.faults.inject(lock)
    status = client.call("public/status")
    assert (status["locked"], set(status["locked_indices"])) == (extent, locked)
    said = client.on(PLATFORM)
    assert {message["price_index"] for message in said} == locked
    assert all(message["locked"] is True for message in said)
    if "btc_usd" in locked:
        with pytest.raises(Refused, match="10019 locked_by_admin"):
            client.buy(79_000.0, 10.0)
        edit = {"order_id": resting, "amount": 20.0}
        assert client.code("private/edit", **edit) == 10_019
    assert client.call("private/cancel", order_id=resting)
    bench.venue.faults.board.clear_all()
    assert client.call("public/status") == {"locked": "false"}
    assert client.on(PLATFORM)[-1]["locked"] is False
    assert client.buy(79_000.0, 10.0)


def test_two_locks_on_one_index_are_two(bench: Bench) -> None:
    bench.venue.faults.inject(Lock(duration_ms=10))
    bench.venue.faults.inject(Lock(index_name="btc_usd", duration_ms=20))
    index = bench.venue.exchange.indices["btc_usd"]
    bench.advance(10 * MS)
    assert index.locked
    bench.advance(10 * MS)
    assert not index.locked


def test_a_settlement_pause_takes_nothing_and_ends(bench: Bench) -> None:
    client = bench.connect("maker")
    resting = client.buy(79_000.0, 10.0)["order"]["order_id"]
    client.listen("instrument.state.any.any")
    pause = BookState(instrument_name="BTC-*", state="settlement", duration_ms=700)
    bench.venue.faults.inject(pause)
    assert client.code("private/cancel", order_id=resting) == 10_041
    assert bench.venue.exchange.markets[ETH].state == "open"
    bench.advance(700 * MS)
    assert client.call("private/cancel", order_id=resting)
    states = [
        message["state"]
        for message in client.on("instrument.state.any.any")
        if message["instrument_name"] == PERP
    ]
    assert states == ["settlement", "open"]


def test_a_state_set_by_somebody_else_is_left_alone(bench: Bench) -> None:
    bench.venue.faults.inject(BookState(state="halted", duration_ms=10))
    bench.venue.set_state(PERP, "locked", bench.now_ns)
    bench.advance(10 * MS)
    assert bench.venue.exchange.markets[PERP].state == "locked"
    assert bench.venue.exchange.markets[ETH].state == "open"


@pytest.mark.parametrize(
    ("state", "left"),
    [
        ("locked", {"day", "long"}),
        ("halted", {"day", "long"}),
        ("settlement", {"long"}),
        ("inactive", set()),
    ],
)
def test_what_stays_open_in_a_state(bench: Bench, state: str, left: set[str]) -> None:
    client = bench.connect("maker")
    client.buy(79_000.0, 10.0, label="day", time_in_force="good_til_day")
    client.buy(79_000.0, 10.0, label="long")
    client.buy(2_900.0, 10.0, label="other", instrument_name=ETH)
    fault = BookState(instrument_name=PERP, state=state, duration_ms=5)
    bench.venue.faults.inject(fault)
    rows = client.call("private/get_open_orders")
    assert {row["label"] for row in rows} == left | {"other"}
    bench.advance(5 * MS)
    assert client.buy(79_000.0, 10.0)


@pytest.mark.parametrize("offset_ms", [90_000, -90_000])
def test_a_clock_that_is_wrong(bench: Bench, offset_ms: int) -> None:
    client = bench.connect("maker")
    client.listen(f"quote.{PERP}")
    bench.venue.faults.inject(ClockOffset(offset_ms=offset_ms, duration_ms=1_000))
    shown_ms = bench.now_ns // MS + offset_ms
    assert client.call("public/get_time") == shown_ms
    assert client.frames[-1]["usIn"] == shown_ms * 1_000
    assert 0 <= client.frames[-1]["usOut"] - shown_ms * 1_000 < 1_000
    order = client.buy(79_999.5, 10.0)["order"]
    assert order["creation_timestamp"] == shown_ms
    assert client.on(f"quote.{PERP}")[-1]["timestamp"] == shown_ms
    bench.advance(1_000 * MS)
    assert client.call("public/get_time") == bench.now_ns // MS


def test_valid_until_is_compared_with_the_wrong_clock(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(ClockOffset(offset_ms=5_000))
    soon = bench.now_ns // MS + 1_000
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    assert client.code("private/buy", valid_until=soon, **order) == 13_888
    assert client.call("private/buy", valid_until=soon + 5_000, **order)


@pytest.mark.parametrize("offset_ms", [0, -20_000])
def test_a_clock_set_back_gives_a_waiting_request_no_longer(offset_ms: int) -> None:
    bench = Bench(FAST)
    client = bench.connect("maker")
    hold = HeldLock(account="maker", currency="BTC", duration_ms=2_000)
    bench.venue.faults.inject(hold)
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    for wait_ms in (1_000, 3_000):
        until_ms = bench.now_ns // MS + wait_ms
        with pytest.raises(AssertionError, match="0 answers"):
            client.call("private/buy", valid_until=until_ms, **order)
    bench.venue.faults.inject(ClockOffset(offset_ms=offset_ms))
    bench.advance(2_000 * MS)
    late, early = client.take()
    assert late["error"]["code"] == 13_888
    assert early["result"]["order"]["order_state"] == "open"


def test_slow_matching_holds_every_request(bench: Bench) -> None:
    client = bench.connect("maker")
    fault = SlowMatching(matching_us=3_000, duration_ms=10)
    bench.venue.faults.inject(fault)
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    with pytest.raises(AssertionError, match="0 answers"):
        client.call("private/buy", **order)
    bench.advance(3 * MS)
    assert "result" in client.take()[0]
    bench.advance(7 * MS)
    assert client.call("private/buy", **order)


def test_a_locked_account_may_only_cancel(bench: Bench) -> None:
    client = bench.connect("maker")
    resting = client.buy(79_000.0, 10.0)["order"]["order_id"]
    client.listen("user.lock")
    bench.venue.faults.inject(AccountLock(account="maker", duration_ms=700))
    with pytest.raises(Refused, match="11098 account_locked"):
        client.buy(79_000.0, 10.0)
    assert client.call("private/cancel", order_id=resting)
    bench.connect("taker").buy(79_000.0, 10.0)
    bench.advance(700 * MS)
    assert client.buy(79_000.0, 10.0)
    assert [row["locked"] for row in client.on("user.lock")] == [True, False]
    bench.venue.faults.inject(AccountLock(account="nobody", duration_ms=1))
    bench.advance(MS)
    assert "nobody" not in bench.venue.exchange.accounts


def test_a_held_lock_fills_the_queue_and_times_out(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(HeldLock(account="maker", currency="BTC"))
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    for _ in range(8):
        with pytest.raises(AssertionError, match="0 answers"):
            client.call("private/buy", **order)
    assert client.code("private/buy", **order) == 10_047
    with pytest.raises(AssertionError, match="0 answers"):
        client.call("private/buy", **{**order, "instrument_name": ETH, "price": 2_900})
    bench.advance(0)
    assert [f["result"]["order"]["instrument_name"] for f in client.take()] == [ETH]
    bench.advance(5 * SECOND)
    assert [frame["error"]["code"] for frame in client.take()] == [10_050] * 8


def test_a_lock_let_go_lets_what_waits_go_on() -> None:
    bench = Bench(replace(FAST, matching_us=1_000))
    client = bench.connect("maker")
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    with pytest.raises(AssertionError, match="0 answers"):
        client.call("private/buy", **order)
    bench.venue.faults.inject(
        HeldLock(account="maker", currency="BTC", duration_ms=4_000)
    )
    bench.advance(MS)
    assert len(client.take()) == 1
    with pytest.raises(AssertionError, match="0 answers"):
        client.call("private/buy", **order)
    bench.advance(3_999 * MS)
    assert client.take() == []
    bench.advance(MS)
    assert len(client.take()) == 1


@pytest.mark.parametrize("offset_ms", [90_000, -90_000])
def test_a_wrong_clock_settles_once_at_the_right_time(offset_ms: int) -> None:
    def settlements(*faults: ClockOffset) -> tuple[list[int], float]:
        bench = Bench(replace(FAST, faults=faults))
        bench.place("sell", 80_000.0, 100.0)
        client = bench.connect("maker")
        client.buy(80_000.0, 100.0)
        bench.advance(86_400 * SECOND)
        account = bench.venue.exchange.accounts["maker"]
        times = [e.time_ms for e in account.ledger.entries if e.kind == "settlement"]
        prices = bench.venue.exchange.indices["btc_usd"].delivery.prices
        return times, len(prices)

    (right,), days = settlements()
    assert settlements(ClockOffset(offset_ms=offset_ms)) == ([right + offset_ms], days)
