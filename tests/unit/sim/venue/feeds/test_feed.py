"""What every feed shares: one message for all who listen."""

from tests.unit.sim.venue.client import MS, PERP, Bench, Client


def test_a_message_is_written_once(bench: Bench, client: Client) -> None:
    channel = f"book.{PERP}.raw"
    others = [bench.connect("taker") for _ in range(3)]
    for one in (client, *others):
        one.listen(channel)
    bench.place("buy", 79_000.0, 10)
    frames = [bench.venue.data_to_send(one.conn)[-1] for one in (client, *others)]
    assert b'"new",79000.0' in frames[0].replace(b"7.9e4", b"79000.0")
    assert all(frame is frames[0] for frame in frames)


def test_labelled_subscribers_get_their_own(bench: Bench, client: Client) -> None:
    other = bench.connect("maker")
    channel = f"user.orders.{PERP}.raw"
    client.listen(channel)
    other.listen(channel, label="mine")
    client.buy(79_000.0, 10)
    other.take()
    labels = [one.frames[-1]["params"].get("label") for one in (client, other)]
    assert labels == [None, "mine"]


def test_a_period_speaks_once_on_the_clock(bench: Bench, client: Client) -> None:
    channel = f"ticker.{PERP}.100ms"
    client.listen(channel)
    for price in (79_999.5, 80_000.0):
        bench.place("buy", price, 10)
        bench.advance(10 * MS)
    assert len(client.on(channel)) == 1
    bench.advance(100 * MS)
    assert [row["best_bid_price"] for row in client.on(channel)] == [79_999.0, 80_000.0]
