"""What an edit does to the place in the queue, and to an iceberg.

The table of prices and amounts is in api/test_methods_edits.py.
"""

from typing import Any

import pytest

from engine.sim.venue.markets.matching import Order
from tests.unit.sim.venue.client import PERP, Bench, Client

PRICE = 79_000.0
TICKS = 158_000


def queue(bench: Bench) -> list[str]:
    book = bench.venue.exchange.markets[PERP].book
    return [order.order_id for order in book.queue(1, TICKS)]


def shown(bench: Bench) -> float:
    market = bench.venue.exchange.markets[PERP]
    return market.instrument.amount(market.book.lots_at(1, TICKS))


@pytest.fixture
def rivalled(bench: Bench, client: Client) -> tuple[dict[str, Any], Order]:
    """An iceberg of 10000 with a tip of 2000, and a plain order behind it."""
    order = client.buy(PRICE, 10_000, display_amount=2_000)["order"]
    rival: Order = bench.place("buy", PRICE, 100)
    return order, rival


@pytest.mark.parametrize(
    ("change", "keeps", "tip"),
    [
        ({"amount": 10_000}, True, 2_000.0),
        ({"amount": 5_000}, True, 2_000.0),
        ({"amount": 1_500}, True, 1_500.0),
        ({"amount": 10_000, "display_amount": 1_000}, True, 1_000.0),
        ({"amount": 10_000, "display_amount": 3_000}, False, 3_000.0),
        ({"amount": 12_000}, False, 2_000.0),
    ],
)
def test_an_icebergs_place(
    bench: Bench,
    client: Client,
    rivalled: tuple[dict[str, Any], Order],
    change: dict[str, Any],
    keeps: bool,
    tip: float,
) -> None:
    order, _ = rivalled
    edited = client.call("private/edit", order_id=order["order_id"], **change)["order"]
    assert edited["display_amount"] == tip
    assert (queue(bench)[0] == order["order_id"]) is keeps
    assert len(queue(bench)) == 2
    assert shown(bench) == tip + 100.0


def test_a_plain_order_may_become_an_iceberg(bench: Bench, client: Client) -> None:
    order = client.buy(PRICE, 10_000)["order"]
    assert "display_amount" not in order
    rival = bench.place("buy", PRICE, 100)
    change = {"order_id": order["order_id"], "amount": 10_000, "display_amount": 1_000}
    edited = client.call("private/edit", **change)["order"]
    assert (edited["display_amount"], edited["refresh_amount"]) == (1_000.0, 1_000.0)
    assert queue(bench) == [order["order_id"], rival.order_id]
    assert shown(bench) == 1_100.0


@pytest.mark.parametrize("display", [990, 15, 0])
def test_a_refused_tip_changes_nothing(
    bench: Bench,
    client: Client,
    rivalled: tuple[dict[str, Any], Order],
    display: float,
) -> None:
    order, _ = rivalled
    before = bench.venue.snapshot()
    change = {"order_id": order["order_id"], "amount": 10_000}
    assert client.code("private/edit", **change, display_amount=display) == 10036
    much = {"order_id": order["order_id"], "amount": 200_010}
    assert client.code("private/edit", **much) == 10036, "the tip is below 1 %"
    assert bench.venue.snapshot() == before


def test_an_edit_that_trades_forgets_the_tip(bench: Bench, client: Client) -> None:
    order = client.buy(PRICE, 10_000, display_amount=2_000)["order"]
    bench.place("sell", PRICE, 1_500, account="other")
    change = {"order_id": order["order_id"], "amount": 10_000, "price": 80_001.0}
    edited = client.call("private/edit", **change)["order"]
    assert (edited["filled_amount"], edited["display_amount"]) == (1_500.0, 2_000.0)
    assert edited["order_state"] == "open"


def test_reduce_only_is_looked_at_again(client: Client) -> None:
    client.buy(80_001.0, 100)
    order = client.sell(81_000.0, 300)["order"]
    change = {"order_id": order["order_id"], "amount": 300, "reduce_only": True}
    edited = client.call("private/edit", **change)["order"]
    assert (edited["amount"], edited["reduce_only"]) == (100.0, True)
    back = client.call("private/edit", **change | {"reduce_only": False})["order"]
    assert (back["amount"], back["reduce_only"]) == (300.0, False)
