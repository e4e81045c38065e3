"""Books, whole and grouped."""

import pytest

from tests.unit.sim.venue.client import ETH, MS, PERP, SECOND, Bench, Client, rebuild


def test_raw_books_speak_at_the_end_of_each_turn(bench: Bench, client: Client) -> None:
    raw = f"book.{PERP}.raw"
    client.listen(raw)
    bench.place("buy", 80_001.0, 1500, account="other")
    messages = client.on(raw)
    assert [m["type"] for m in messages] == ["snapshot", "change"]
    assert messages[0]["bids"] == [["new", 79_999.0, 1000.0]]
    assert messages[1]["asks"] == [["delete", 80_001.0, 0.0]]
    assert messages[1]["bids"] == [["new", 80_001.0, 500.0]]
    assert messages[1]["prev_change_id"] == messages[0]["change_id"]


def test_a_turn_that_changes_no_level_is_silent(bench: Bench, client: Client) -> None:
    client.listen(f"book.{PERP}.raw")
    bench.place("buy", 80_000.0, 10, time_in_force="fill_or_kill")
    assert len(client.on(f"book.{PERP}.raw")) == 1


@pytest.mark.parametrize(("interval", "period"), [("100ms", 100), ("agg2", 1000)])
def test_slow_books_speak_on_the_clock(
    bench: Bench, client: Client, interval: str, period: int
) -> None:
    channel = f"book.{PERP}.{interval}"
    client.listen(channel)
    bench.advance(30 * MS)
    gone = bench.place("buy", 79_999.5, 10)
    bench.place("buy", 79_000.0, 10)
    bench.venue.cancel_order(gone, bench.now_ns)
    bench.advance((period - 31) * MS)
    assert len(client.on(channel)) == 1
    bench.advance(MS)
    change = client.on(channel)[1]
    assert change["bids"] == [["new", 79_000.0, 10.0]]
    assert change["timestamp"] % period == 0
    bench.advance(10 * SECOND)
    assert len(client.on(channel)) == 2, "nothing changed, nothing said"


def test_a_late_subscriber_joins_the_same_chain(bench: Bench, client: Client) -> None:
    channel = f"book.{PERP}.100ms"
    client.listen(channel)
    bench.place("buy", 79_999.5, 10)
    late = bench.connect("taker")
    late.listen(channel)
    bench.place("buy", 79_999.0, 10)
    bench.advance(100 * MS)
    assert late.on(channel)[0] == client.on(channel)[0]
    assert rebuild(late.on(channel)) == rebuild(client.on(channel))
    assert rebuild(late.on(channel))[0] == {79_999.5: 10.0, 79_999.0: 1010.0}


def test_change_ids_jump_and_are_those_of_the_request(
    bench: Bench, client: Client
) -> None:
    client.listen(f"book.{PERP}.raw")
    bench.place("sell", 3_100.0, 10, instrument=ETH)
    bench.place("buy", 79_999.5, 10)
    row = client.call("public/get_order_book", instrument_name=PERP)
    snapshot, change = client.on(f"book.{PERP}.raw")
    assert change["change_id"] == row["change_id"] > snapshot["change_id"] + 1


def test_grouped_books_are_whole_pictures(bench: Bench, client: Client) -> None:
    for price in (79_998.5, 79_997.0, 79_994.5):
        bench.place("buy", price, 10)
    client.listen(f"book.{PERP}.5.20.100ms", f"book.{PERP}.none.1.100ms")
    assert client.on(f"book.{PERP}.5.20.100ms")[0]["bids"] == [
        [79_995.0, 1020.0],
        [79_990.0, 10.0],
    ]
    assert client.on(f"book.{PERP}.5.20.100ms")[0]["asks"] == [[80_005.0, 1000.0]]
    assert client.on(f"book.{PERP}.none.1.100ms")[0]["bids"] == [[79_999.0, 1000.0]]
    bench.place("sell", 80_000.5, 10)
    bench.advance(100 * MS)
    picture = client.on(f"book.{PERP}.none.1.100ms")[1]
    assert picture["asks"] == [[80_000.5, 10.0]]
    assert "prev_change_id" not in picture


def test_a_grouped_book_is_silent_while_its_picture_stays(
    bench: Bench, client: Client
) -> None:
    channel = f"book.{PERP}.none.1.raw"
    client.listen(channel)
    bench.place("buy", 79_000.0, 10)
    assert len(client.on(channel)) == 1
    bench.place("buy", 79_999.0, 10)
    assert [p["bids"] for p in client.on(channel)] == [
        [[79_999.0, 1000.0]],
        [[79_999.0, 1010.0]],
    ]
