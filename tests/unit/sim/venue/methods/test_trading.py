"""Order entry over the wire: the numbers at the door."""

import pytest

from tests.unit.sim.venue.client import PERP, Client, Refused


def test_a_size_may_come_in_contracts_and_must_agree(client: Client) -> None:
    order = {"instrument_name": PERP, "price": 79_000.0}
    answer = client.call("private/buy", **order, contracts=3)
    assert answer["order"]["amount"] == 30.0
    assert client.code("private/buy", **order, contracts=3, amount=40) == -32602
    assert client.code("private/buy", **order) == -32602
    assert client.code("private/buy", **order, contracts=0.5) == 10002


def test_unknown_instrument(client: Client) -> None:
    wrong = {"instrument_name": "BTC-NOTHING"}
    assert client.code("private/cancel_all_by_instrument", **wrong) == 10020
    assert client.code("private/buy", **wrong, amount=10, price=1.0) == 10020
    assert client.code("public/ticker", **wrong) == 13020
    with pytest.raises(Refused, match="not_found"):
        client.call("public/get_order_book", **wrong)
