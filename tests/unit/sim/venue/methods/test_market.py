"""Market data by request."""

import pytest

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from tests.unit.sim.venue.client import ETH, MS, PERP, SECOND, Bench, Client


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


def test_index_price(client: Client) -> None:
    row = client.call("public/get_index_price", index_name="eth_usd")
    assert row == {"index_price": 3000.0, "estimated_delivery_price": 3000.0}


def trade(bench: Bench, instrument: str, price: float, amount: float) -> None:
    for direction, account in (("sell", "third"), ("buy", "other")):
        bench.place(direction, price, amount, account=account, instrument=instrument)
    bench.advance(SECOND)


def test_the_next_delivery_price_is_estimated(bench: Bench, client: Client) -> None:
    day_s = 86_400
    until_half_past = (day_s + 7 * 3_600 + 1_800 - bench.now_ns // SECOND) % day_s
    bench.advance(until_half_past * SECOND)
    for _ in range(60):
        bench.advance(SECOND)
    bench.venue.set_index("eth_usd", 3_100.0, bench.now_ns)
    row = bench.connect().call("public/get_index_price", index_name="eth_usd")
    assert row == {"index_price": 3100.0, "estimated_delivery_price": 3000.0}
    assert client is not None


def test_a_book_by_number(bench: Bench, client: Client) -> None:
    bench.place("buy", 79_000.0, 10)
    by_name = client.call("public/get_order_book", instrument_name=PERP, depth=1)
    number = client.call("public/get_instrument", instrument_name=PERP)["instrument_id"]
    method = "public/get_order_book_by_instrument_id"
    assert client.call(method, instrument_id=number, depth=1) == by_name
    assert client.code(method, instrument_id=1) == 13020


def test_trades_between_two_times(bench: Bench, client: Client) -> None:
    times = []
    for price in (80_000.0, 80_001.0, 80_002.0):
        times.append(bench.now_ns // MS)
        trade(bench, PERP, price, 10)
    span = {"start_timestamp": times[1], "end_timestamp": times[2]}
    method = "public/get_last_trades_by_instrument_and_time"
    found = client.call(method, instrument_name=PERP, **span)["trades"]
    assert [t["price"] for t in found] == [80_002.0, 80_001.0]
    found = client.call(method, instrument_name=PERP, sorting="asc", count=1, **span)
    assert [t["price"] for t in found["trades"]] == [80_001.0]
    assert found["has_more"] is True
    since = client.call(method, instrument_name=PERP, start_timestamp=times[1])
    assert [t["price"] for t in since["trades"]] == [80_002.0, 80_001.0]


def test_trades_by_currency_kind_and_id() -> None:
    bench = Bench(VenueConfig(listing=ListingConfig(strikes_each_side=0)))
    client = bench.connect()
    option = next(
        n for n in bench.venue.exchange.markets if n.startswith("BTC-30OCT26-")
    )
    mark = client.call("public/ticker", instrument_name=option)["mark_price"]
    trade(bench, PERP, 80_000.0, 10)
    trade(bench, option, round(mark, 3), 1)
    trade(bench, ETH, 3_000.0, 10)
    trade(bench, "ETH_BTC", 0.0375, 1)
    trade(bench, "BTC-25DEC26", 80_900.0, 10)
    method = "public/get_last_trades_by_currency"

    def found(**params: object) -> list[str]:
        trades = client.call(method, **params)["trades"]
        return [t["instrument_name"] for t in trades]

    everything = ["BTC-25DEC26", "ETH_BTC", ETH, option, PERP]
    assert found(currency="any") == everything
    assert found(currency="BTC") == [n for n in everything if n != ETH]
    assert found(currency="ETH") == ["ETH_BTC", ETH]
    assert found(currency="BTC", kind="option") == [option]
    assert found(currency="BTC", kind="combo") == []
    assert found(currency="BTC", kind="any", count=1, sorting="asc") == [PERP]
    ids = [t["trade_id"] for t in client.call(method, currency="BTC")["trades"]]
    assert found(currency="BTC", start_id=ids[1], end_id=ids[0])[0] == "BTC-25DEC26"
    assert found(currency="ETH", end_id="ETH-1") == []
    assert client.code(method, currency="BTC", start_id="x-1.5") == -32602
    assert client.code(method, currency="DOGE") == -32602
    (row,) = client.call(method, currency="BTC", kind="option")["trades"]
    assert row["iv"] > 0


def test_summaries_by_currency_and_kind() -> None:
    bench = Bench(VenueConfig(listing=ListingConfig(strikes_each_side=0)))
    client = bench.connect()
    method = "public/get_book_summary_by_currency"
    spot = client.call(method, currency="ETH", kind="spot")
    assert [row["instrument_name"] for row in spot] == ["ETH_USDC", "ETH_BTC"]
    every = client.call(method, currency="BTC")
    single = client.call("public/get_book_summary_by_instrument", instrument_name=PERP)
    assert single[0] in every
    assert {row["base_currency"] for row in every} == {"BTC", "ETH"}
    assert len(every) > len(client.call(method, currency="BTC", kind="option")) > 5
