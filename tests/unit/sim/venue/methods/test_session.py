"""The life of a connection: heartbeat, cancel-on-disconnect, credits, closing."""

import pytest

from engine.sim.venue import VenueConfig
from tests.unit.sim.venue.client import MS, PERP, SECOND, Bench, Client

TEST_REQUEST = {"type": "test_request"}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def beats(client: Client) -> list[str]:
    return [
        frame["params"]["type"]
        for frame in client.take()
        if frame.get("method") == "heartbeat"
    ]


def cancel_reasons(bench: Bench, client: Client) -> list[str]:
    """Return the reasons of everything the account has had cancelled."""
    account = bench.venue.exchange.accounts["maker"]
    return [order.cancel_reason for order in account.closed_orders]


# Heartbeat.


def test_a_client_that_answers_stays(bench: Bench) -> None:
    client = bench.connect()
    assert client.call("public/set_heartbeat", interval=10) == "ok"
    for _ in range(3):
        bench.advance(10 * SECOND - MS)
        assert beats(client) == []
        bench.advance(MS)
        assert beats(client) == ["heartbeat", "test_request"]
        assert client.call("public/test") == {"version": "1.2.26"}
    assert bench.closing() == []


def test_a_silent_client_is_closed_one_interval_later(bench: Bench) -> None:
    client = bench.connect("maker")
    client.call("private/enable_cancel_on_disconnect")
    client.buy(79_000.0, 10)
    client.call("public/set_heartbeat", interval=10)
    bench.advance(10 * SECOND)
    client.call("public/get_time")  # anything but public/test is no answer
    bench.advance(10 * SECOND - 1)
    assert bench.closing() == []
    bench.advance(1)
    assert bench.closing() == [(client.conn, 4000, "heartbeat close")]
    assert cancel_reasons(bench, client) == ["cancel_on_disconnect"]
    assert client.send(b'{"id":1,"method":"public/test"}') == []


def test_the_heartbeat_can_be_stopped(bench: Bench) -> None:
    client = bench.connect()
    client.call("public/set_heartbeat", interval=10)
    assert client.call("public/disable_heartbeat") == "ok"
    bench.advance(60 * SECOND)
    assert beats(client) == []
    assert bench.closing() == []


def test_the_timer_knows_the_heartbeat(bench: Bench) -> None:
    client = bench.connect()
    bench.advance(SECOND // 2)
    client.call("public/set_heartbeat", interval=10)
    steps = 0
    while not beats(client):
        steps += 1
        assert steps < 100, "the timer does not lead to the heartbeat"
        bench.advance(bench.venue.next_timer_ns() - bench.now_ns)


# Cancel-on-disconnect.


def test_it_is_off_unless_asked_for(bench: Bench) -> None:
    client = bench.connect("maker")
    cod = "private/get_cancel_on_disconnect"
    assert client.call(cod) == {"scope": "connection", "enabled": False}
    client.buy(79_000.0, 10)
    bench.venue.connection_lost(client.conn, bench.now_ns)
    assert cancel_reasons(bench, client) == []


def test_it_cancels_the_connections_own_orders_at_once(bench: Bench) -> None:
    first, second = bench.connect("maker"), bench.connect("maker")
    assert first.call("private/enable_cancel_on_disconnect") == "ok"
    assert first.call("private/get_cancel_on_disconnect")["enabled"] is True
    assert second.call("private/get_cancel_on_disconnect")["enabled"] is False
    second.call("private/subscribe", channels=["user.orders.any.any.raw"])
    own = first.buy(79_000.0, 10)["order"]["order_id"]
    other = second.buy(79_000.0, 20)["order"]["order_id"]
    bench.venue.connection_lost(first.conn, bench.now_ns)
    told = second.on("user.orders.any.any.raw")[-1]
    assert (told["order_id"], told["cancel_reason"]) == (own, "cancel_on_disconnect")
    left = second.call("private/get_open_orders")
    assert [order["order_id"] for order in left] == [other]


def test_an_edit_elsewhere_does_not_move_an_order(bench: Bench) -> None:
    first, second = bench.connect("maker"), bench.connect("maker")
    first.call("private/enable_cancel_on_disconnect")
    order_id = first.buy(79_000.0, 10)["order"]["order_id"]
    second.call("private/edit", order_id=order_id, amount=10, price=78_000.0)
    bench.venue.connection_lost(first.conn, bench.now_ns)
    assert second.call("private/get_open_orders") == []


def test_a_reused_connection_number_is_another_connection(bench: Bench) -> None:
    client = bench.connect("maker")
    client.buy(79_000.0, 10)
    bench.venue.connection_made(client.conn, bench.now_ns)
    client.login("maker")
    client.call("private/enable_cancel_on_disconnect")
    bench.venue.connection_lost(client.conn, bench.now_ns)
    assert cancel_reasons(bench, client) == []


def test_account_scope_is_for_this_and_later_connections(bench: Bench) -> None:
    first, other = bench.connect("maker"), bench.connect("maker")
    first.call("private/enable_cancel_on_disconnect", scope="account")
    cod = "private/get_cancel_on_disconnect"
    assert first.call(cod)["enabled"] is True
    assert other.call(cod)["enabled"] is False
    assert first.call(cod, scope="account")["enabled"] is True
    second = bench.connect("maker")
    assert second.call(cod)["enabled"] is True
    second.call("private/disable_cancel_on_disconnect")
    assert second.call(cod)["enabled"] is False
    assert bench.connect("taker").call(cod)["enabled"] is False


def test_logout_answers_nothing_and_spares_the_orders(bench: Bench) -> None:
    client = bench.connect("maker")
    client.call("private/enable_cancel_on_disconnect")
    client.buy(79_000.0, 10)
    assert client.send(b'{"id":9,"method":"private/logout","params":{}}') == []
    assert bench.closing() == [(client.conn, 1000, "logout")]
    bench.venue.connection_lost(client.conn, bench.now_ns)
    assert cancel_reasons(bench, client) == []


def test_ten_silent_minutes_count_as_disconnected(bench: Bench) -> None:
    client, watcher = bench.connect("maker"), bench.connect()
    client.call("private/enable_cancel_on_disconnect")
    client.buy(79_000.0, 10)
    bench.advance(599 * SECOND)
    assert bench.closing() == []
    bench.advance(2 * SECOND)
    assert bench.closing() == [(client.conn, 1008, "inactivity")]
    assert cancel_reasons(bench, client) == ["cancel_on_disconnect"]
    assert watcher.call("public/get_time")


# Credits.


def test_the_standard_tier_ends_a_fast_session() -> None:
    bench = Bench(VenueConfig())
    client = bench.connect("maker")
    client.call("private/enable_cancel_on_disconnect")
    for _ in range(20):
        client.buy(79_000.0, 10)
    order = {"instrument_name": PERP, "amount": 10, "price": 79_000.0}
    assert client.code("private/buy", **order) == 10028
    assert bench.closing() == [(client.conn, 1008, "too_many_requests")]
    assert set(cancel_reasons(bench, client)) == {"cancel_on_disconnect"}
    assert client.send(b'{"id":1,"method":"public/test"}') == []


def test_the_standard_tier_sustains_five_a_second() -> None:
    bench = Bench(VenueConfig())
    client = bench.connect("maker")
    for _ in range(20):
        client.buy(79_000.0, 10)
    for _ in range(20):
        bench.advance(SECOND // 5)
        client.buy(79_000.0, 10)
    assert bench.closing() == []


def test_credits_belong_to_the_account_not_the_socket() -> None:
    bench = Bench(VenueConfig())
    first, second = bench.connect("maker"), bench.connect("maker")
    other = bench.connect("taker")
    for _ in range(20):
        first.buy(79_000.0, 10)
    order_id = first.bench.venue.snapshot()["accounts"]["maker"]["open_orders"][0]
    cancel = {"order_id": order_id["order_id"]}
    assert second.code("private/cancel", **cancel) == 10028
    assert other.buy(79_000.0, 10)


def test_cancel_all_has_its_own_bucket() -> None:
    bench = Bench(VenueConfig())
    client = bench.connect("maker")
    for _ in range(20):
        client.buy(79_000.0, 10)
    assert client.call("private/cancel_all") == 20
    assert client.call("private/cancel_by_label", label="x") == 0
    assert client.call("private/cancel_all_by_kind_or_type", currency="any") == 0
    currency = {"label": "x", "currency": "BTC"}
    assert client.code("private/cancel_by_label", **currency) == 10028


@pytest.mark.parametrize(
    ("method", "params", "burst"),
    [
        ("public/get_time", {}, 100),
        ("public/subscribe", {"channels": []}, 10),
        ("public/get_instruments", {"currency": "any"}, 50),
        ("public/unknown", {}, 100),
    ],
)
def test_every_pool_has_its_end(
    bench: Bench, method: str, params: dict[str, object], burst: int
) -> None:
    client = bench.connect()
    for _ in range(burst):
        if method == "public/unknown":
            assert client.code(method) == -32601
        else:
            client.call(method, **params)
    assert client.code(method, **params) == 10028
    assert bench.closing() == [(client.conn, 1008, "too_many_requests")]


def test_credits_come_back(bench: Bench) -> None:
    client = bench.connect()
    for _ in range(100):
        client.call("public/get_time")
    bench.advance(SECOND // 20)
    client.call("public/get_time")
    assert client.code("public/get_time") == 10028


# The rest.


def test_maintenance() -> None:
    bench = Bench(VenueConfig(maintenance=True))
    client = bench.connect()
    assert client.code("public/auth", grant_type="refresh_token") == 11051
    assert client.call("public/status") == {"locked": "false"}


def test_requests_of_the_unknown_go_nowhere(bench: Bench) -> None:
    bench.venue.receive_data(77, bench.now_ns, b"{}")
    bench.venue.connection_lost(77, bench.now_ns)
    assert bench.venue.data_to_send(77) == []


def test_small_methods(bench: Bench) -> None:
    client = bench.connect()
    assert client.call("public/hello", client_name="a", client_version="1")
    assert client.call("public/status") == {"locked": "false"}
    assert client.code("public/test", expected_result="exception") == 11030
    assert client.call("public/get_time") == bench.now_ns // MS
