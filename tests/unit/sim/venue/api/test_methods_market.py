"""Market data by request."""

import pytest

from tests.unit.sim.venue.client import ETH, PERP, Bench, Client


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_last_trades_newest_first(bench: Bench, client: Client) -> None:
    for _ in range(15):
        bench.place("sell", 80_000.0, 10)
        bench.place("buy", 80_000.0, 10, account="other")
    method = "public/get_last_trades_by_instrument"
    page = client.call(method, instrument_name=PERP)
    seqs = [t["trade_seq"] for t in page["trades"]]
    assert page["has_more"] is True
    assert seqs == list(range(seqs[0], seqs[0] - 10, -1))
    span = {"start_seq": seqs[0] - 2, "end_seq": seqs[0] - 1, "sorting": "asc"}
    found = client.call(method, instrument_name=PERP, **span)
    assert [t["trade_seq"] for t in found["trades"]] == [seqs[0] - 2, seqs[0] - 1]
    assert found["has_more"] is False
    now_ms = bench.now_ns // 1_000_000
    after = client.call(method, instrument_name=PERP, start_timestamp=now_ms + 1)
    assert after["trades"] == []


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (2, 5), (7, 10), (5000, 30)])
def test_depths_round_up(bench: Bench, client: Client, asked: int, given: int) -> None:
    for n in range(30):
        bench.place("buy", 79_000.0 - n, 10)
    row = client.call("public/get_order_book", instrument_name=PERP, depth=asked)
    assert len(row["bids"]) == given
    assert row["bids"][0] == [79_000.0, 10.0]


def test_instruments_by_currency_and_kind(client: Client) -> None:
    def names(**params: object) -> list[str]:
        rows = client.call("public/get_instruments", **params)
        return [row["instrument_name"] for row in rows]

    everything = [PERP, ETH, "BTC-25DEC26"]
    assert names() == names(currency="any") == everything
    assert names(currency="BTC") == [PERP, "BTC-25DEC26"]
    assert names(currency="USDC") == names(currency="any", kind="option") == []
    assert names(currency="SOL") == []
    assert names(currency="any", expired=True) == []
    row = client.call("public/get_instrument", instrument_name=ETH)
    assert row["tick_size"] == 0.05


def test_index_price(client: Client) -> None:
    row = client.call("public/get_index_price", index_name="eth_usd")
    assert row == {"index_price": 3000.0, "estimated_delivery_price": 3000.0}
