"""Changes against maker volume, as the venue counts them."""

from typing import Any

import pytest

from tests.unit.sim.venue.client import ETH, MS, PERP, Bench, Client
from tests.unit.sim.venue.quoter import Quoter, quote

DATED = "BTC-25DEC26"


def counts(bench: Bench, account: str = "maker") -> Any:
    """Return (changes, protective cancels) by product group."""
    rows = bench.venue.snapshot()["accounts"][account]["usage"]
    return {
        row["product_group"]: (row["changes"], row["protective_cancels"])
        for row in rows
    }


def test_inserts_amends_and_cancels_are_one_each(bench: Bench, client: Client) -> None:
    order_id = client.buy(79_000.0, 20)["order"]["order_id"]
    assert counts(bench) == {"BTC": (1, 0)}
    client.call("private/edit", order_id=order_id, amount=10, price=79_000.0)
    client.call("private/edit", order_id=order_id, amount=30, price=79_001.0)
    assert counts(bench) == {"BTC": (3, 0)}
    client.call("private/cancel", order_id=order_id)
    assert counts(bench) == {"BTC": (4, 0)}
    client.buy(2_000.0, 10, instrument_name=ETH)
    assert counts(bench) == {"BTC": (4, 0), "ETH": (1, 0)}


def test_what_is_refused_changes_nothing(bench: Bench, client: Client) -> None:
    client.buy(79_000.0, 10)
    order = {"instrument_name": PERP, "amount": 10, "price": 90_000.0}
    client.code("private/buy", **order)
    client.code("private/cancel", order_id="1")
    assert counts(bench) == {"BTC": (1, 0)}


def test_mass_cancels_count_every_order(bench: Bench, client: Client) -> None:
    for n in range(5):
        client.buy(79_000.0 + n, 10)
    client.call("private/cancel_all")
    assert counts(bench) == {"BTC": (10, 0)}


@pytest.mark.parametrize("tif", ["immediate_or_cancel", "fill_or_kill"])
def test_cancelled_at_once_counts_twice(bench: Bench, client: Client, tif: str) -> None:
    client.buy(79_000.0, 10, time_in_force=tif)
    assert counts(bench) == {"BTC": (2, 0)}
    client.buy(80_001.0, 10, time_in_force=tif)
    assert counts(bench) == {"BTC": (3, 0)}


def test_mass_quotes_count_every_side(bench: Bench) -> None:
    quoter = Quoter(bench)
    quoter.send(
        quote((79_990.0, 20), (80_010.0, 20)), quote((79_000.0, 10), name=DATED)
    )
    assert counts(bench) == {"BTC": (3, 0)}
    quoter.send(quote((79_990.0, 10), (80_011.0, 20)))
    assert counts(bench) == {"BTC": (5, 0)}
    quoter.send(quote((None, 0)))
    quoter.client.call("private/cancel_quotes", cancel_type="all")
    assert counts(bench) == {"BTC": (8, 0)}


def test_protection_and_self_trades_are_counted_apart(bench: Bench) -> None:
    quoter = Quoter(bench, quantity_limit=0.1)
    quoter.send(quote((79_999.5, 8_000), (80_000.5, 10)))
    bench.place("sell", 79_999.5, 8_000, time_in_force="immediate_or_cancel")
    assert counts(bench) == {"BTC": (2, 1)}
    bench.venue.exchange.accounts["maker"].self_trade_mode = "cancel_maker"
    quoter.client.sell(80_000.0, 10)
    quoter.client.buy(80_000.0, 10)
    assert counts(bench) == {"BTC": (4, 2)}


def test_volume_is_what_rested_and_traded(bench: Bench, client: Client) -> None:
    client.buy(80_001.0, 500)
    client.buy(80_000.0, 40_000)
    bench.place("sell", 80_000.0, 40_000)
    (row,) = bench.venue.snapshot()["accounts"]["maker"]["usage"]
    assert row["maker_volume"] == 0.5
    assert row["order_to_volume"] == 4.0
    (row,) = bench.venue.snapshot()["accounts"]["flow"]["usage"]
    assert row["order_to_volume"] == pytest.approx(3 / (500 / 80_001))


def test_trigger_orders_change_no_book_until_they_trigger(
    bench: Bench, client: Client
) -> None:
    stop = {"type": "stop_market", "trigger": "index_price", "trigger_price": 79_500.0}
    order = {"instrument_name": PERP, "amount": 10} | stop
    order_id = client.call("private/sell", **order)["order"]["order_id"]
    client.call("private/cancel", order_id=order_id)
    assert counts(bench) == {}
    client.call("private/sell", **order)
    bench.venue.set_index("btc_usd", 79_400.0, bench.now_ns)
    bench.advance(100 * MS)
    assert counts(bench) == {"BTC": (1, 0)}
