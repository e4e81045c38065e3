"""What an account learns about its orders by request."""

import pytest

from tests.unit.sim.venue.client import ETH, PERP, SECOND, Bench, Client


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.place("buy", 79_999.0, 1000)
    bench.place("sell", 80_001.0, 1000)
    bench.place("sell", 3_001.0, 1000, instrument=ETH)
    return bench


def test_open_orders_by_everything(client: Client) -> None:
    client.buy(79_000.0, 10, label="a")
    client.buy(79_000.0, 10, label="b")
    client.buy(2_900.0, 10, label="a", instrument_name=ETH)

    def labels(method: str, **params: object) -> str:
        rows = client.call(f"private/get_open_orders{method}", **params)
        return "".join(row["label"] for row in rows)

    assert labels("") == "aba"
    assert labels("", kind="option") == ""
    assert labels("", type="stop_all") == ""
    assert labels("_by_currency", currency="ETH") == "a"
    assert labels("_by_instrument", instrument_name=PERP) == "ab"
    assert labels("_by_label", currency="BTC", label="a") == "a"
    assert labels("_by_label", currency="BTC", label="c") == ""


def test_order_state_by_label_shows_the_past(bench: Bench, client: Client) -> None:
    first = client.buy(79_000.0, 10, label="a")["order"]["order_id"]
    client.call("private/cancel", order_id=first)
    client.buy(80_001.0, 10, label="a")
    client.buy(79_000.0, 10, label="a")
    method, which = "private/get_order_state_by_label", {"label": "a"}
    rows = client.call(method, currency="BTC", **which)
    assert [r["order_state"] for r in rows] == ["cancelled", "filled", "open"]
    bench.advance(31 * 60 * SECOND)
    client.login("maker")
    last = rows[-1]["order_id"]
    client.call("private/cancel", order_id=last)
    left = client.call(method, currency="BTC", **which)
    assert [r["order_id"] for r in left] == [last], "the rest is older than 30 minutes"
    assert client.code("private/get_order_state", order_id=first) == 10004
