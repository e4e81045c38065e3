"""One connection: its heartbeat and its bounded queue."""

from engine.sim.venue import CreditConfig
from engine.sim.venue.api.connection import OUT_FRAMES_MAX, Connection
from engine.sim.venue.api.limits import Credits
from tests.unit.sim.venue.client import PERP, SECOND, Bench


def test_a_reader_that_never_reads_is_cut_off() -> None:
    bench = Bench()
    client = bench.connect("maker")
    client.call("private/subscribe", channels=[f"book.{PERP}.raw"])
    connection = bench.venue._connections[client.conn]
    connection.out += [b""] * (OUT_FRAMES_MAX - len(connection.out) - 1)
    bench.place("buy", 79_000.0, 10)
    assert not connection.too_slow
    bench.place("buy", 79_001.0, 10)
    assert connection.too_slow
    assert len(connection.out) == OUT_FRAMES_MAX
    bench.advance(SECOND)
    assert bench.closing() == [(client.conn, 1008, "connection_too_slow")]


def test_a_beat_needs_an_answer_before_the_next() -> None:
    connection = Connection(1, 1, Credits(CreditConfig(), 1, 1, 0), 0)
    connection.set_heartbeat(10, 0)
    assert connection.beat()
    assert not connection.beat()
    connection.answered = True
    assert connection.beat()
