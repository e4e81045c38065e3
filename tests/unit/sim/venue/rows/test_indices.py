"""Rows about indices."""

from engine.sim.venue.markets.market import Index
from engine.sim.venue.products.surface import PLAIN_SURFACE
from engine.sim.venue.rows.indices import index_row, ranking_rows
from engine.sim.venue.units import REF


def test_an_index_price_has_three_keys() -> None:
    index = Index("btc_usd", 80_000 * REF, 2, PLAIN_SURFACE, 0)
    row = index_row(index, 17)
    assert row == {"timestamp": 17, "price": 80_000.0, "index_name": "btc_usd"}


def test_constituents_are_prices_of_the_index_digits() -> None:
    index = Index("eth_btc", int(0.0375 * REF), 6, PLAIN_SURFACE, 0)
    prices = [row["price"] for row in ranking_rows(index, 17)]
    assert prices == sorted(prices)
    assert all(round(price, 6) == price for price in prices)
    assert prices[0] < 0.0375 < prices[-1]
