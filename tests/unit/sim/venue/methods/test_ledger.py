"""The transaction log and settlements by request."""

import pytest

from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    PERP,
    USDC_PERP,
    listed_bench,
)
from tests.unit.sim.venue.client import MS, SECOND, START_NS, Bench, Client

DAY = 24 * 3_600 * SECOND
ALL = {"start_timestamp": 0, "end_timestamp": 2 * START_NS // MS}
LOG = "private/get_transaction_log"


@pytest.fixture
def bench() -> Bench:
    """Return a venue two settlements after the maker has traded a little."""
    bench = listed_bench()
    for name, price, amount in (
        (PERP, 80_000.0, 1_000), (COIN_CALL, 0.02, 1), (USDC_PERP, 80_000.0, 0.01),
        ("BTC-22SEP26", 80_000.0, 1_000),
    ):  # fmt: skip
        bench.place("sell", price, amount, instrument=name)
        bench.place("buy", price, amount, instrument=name, account="maker")
    bench.place("buy", 79_000.0, 500)
    bench.place("sell", 79_000.0, 500, account="maker")
    bench.advance(2 * DAY)
    return bench


def log(client: Client, currency: str = "BTC", **more: object) -> list[str]:
    logs = client.call(LOG, currency=currency, **(ALL | more))["logs"]
    return [row["type"] for row in logs]


def test_the_log_is_newest_first_and_by_currency(client: Client) -> None:
    assert log(client) == [
        "settlement", "delivery", "settlement", "trade", "trade", "trade", "trade",
        "deposit",
    ]  # fmt: skip
    rows = client.call(LOG, currency="BTC", **ALL)["logs"]
    seqs = [row["user_seq"] for row in rows]
    assert seqs == sorted(seqs, reverse=True)
    assert all(row["user_id"] == 1001 for row in rows)
    assert log(client, "USDC") == ["settlement", "settlement", "trade", "deposit"]
    assert client.code(LOG, currency="DOGE", **ALL) == -32602
    assert client.code(LOG, currency="BTC") == -32602


def test_the_log_is_searched_by_words(client: Client) -> None:
    assert set(log(client, query="trade")) == {"trade"}
    assert len(log(client, query="close sell")) == 2
    assert log(client, query="maker future") == []
    assert len(log(client, query="taker future")) == 3
    assert log(client, query="option") == ["trade"]
    assert log(client, query="delivery") == ["delivery"]
    assert log(client, query="liquidation") == []


def test_the_log_in_a_time_and_in_pages(client: Client) -> None:
    first_day = {"end_timestamp": (START_NS + 1) // MS}
    assert set(log(client, **first_day)) == {"trade", "deposit"}
    everything = client.call(LOG, currency="BTC", **ALL)
    assert everything["continuation"] is None
    page = client.call(LOG, currency="BTC", count=3, **ALL)
    pages = page["logs"]
    while page["continuation"] is not None:
        more = {"continuation": page["continuation"]}
        page = client.call(LOG, currency="BTC", count=3, **ALL, **more)
        pages += page["logs"]
    assert pages == everything["logs"]
    assert client.code(LOG, currency="BTC", count=251, **ALL) == -32602


def test_the_log_has_credits_of_its_own(bench: Bench) -> None:
    client = bench.connect("maker")
    for _ in range(8):
        client.call(LOG, currency="BTC", **ALL)
    assert client.code(LOG, currency="BTC", **ALL) == 10028


def test_settlements_of_the_account(client: Client) -> None:
    by_currency = "private/get_settlement_history_by_currency"
    rows = client.call(by_currency, currency="BTC")["settlements"]
    assert [(r["type"], r["instrument_name"]) for r in rows] == [
        ("settlement", PERP),
        ("delivery", "BTC-22SEP26"),
        ("settlement", PERP),
    ]
    assert rows[0]["position"] == 500.0
    delivered = client.call(by_currency, currency="BTC", type="delivery")
    assert [r["position"] for r in delivered["settlements"]] == [1_000.0]
    of_perp = client.call(
        "private/get_settlement_history_by_instrument", instrument_name=PERP
    )
    assert of_perp["settlements"] == [rows[0], rows[2]]
    assert of_perp["continuation"] == "none"
    gone = client.call(
        "private/get_settlement_history_by_instrument", instrument_name="BTC-22SEP26"
    )
    assert gone["settlements"] == [rows[1]]


def test_settlements_of_the_venue_in_pages(client: Client) -> None:
    method = "public/get_last_settlements_by_currency"
    everything = client.call(method, currency="BTC", count=1_000)["settlements"]
    assert {row["type"] for row in everything} == {"settlement", "delivery"}
    latest = everything[0]["timestamp"]
    earlier = client.call(method, currency="BTC", search_start_timestamp=latest - 1)
    assert all(row["timestamp"] < latest for row in earlier["settlements"])
    pages: list[object] = []
    token = "none"
    while True:
        more = {} if token == "none" else {"continuation": token}
        page = client.call(method, currency="BTC", count=25, **more)
        pages += page["settlements"]
        token = page["continuation"]
        if token == "none":
            break
    assert pages == everything
    (perp, _) = client.call(
        "public/get_last_settlements_by_instrument", instrument_name=PERP
    )["settlements"]
    assert perp["position"] == 500.0
    assert client.code(method, currency="BTC", continuation="x") == -32602
    bankrupt = client.call(method, currency="BTC", type="bankruptcy")
    assert bankrupt == {"settlements": [], "continuation": "none"}
