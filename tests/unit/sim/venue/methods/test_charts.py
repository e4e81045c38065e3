"""What has been, by request."""

import pytest

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.products.surface import SurfaceState
from tests.unit.sim.venue.client import ETH, MS, PERP, SECOND, START_NS, Bench, Client

MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND


def trade(bench: Bench, price: float, amount: float, **more: str) -> None:
    bench.place("sell", price, amount, account="third", **more)
    bench.place("buy", price, amount, account="other", **more)


def span(bench: Bench, ns: int) -> dict[str, int]:
    """Return the parameters of a time until now."""
    return {
        "start_timestamp": (bench.now_ns - ns) // MS,
        "end_timestamp": bench.now_ns // MS,
    }


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_candles_of_every_resolution(bench: Bench, client: Client) -> None:
    for minute in range(31):
        trade(bench, 80_000.0 + minute, 10)
        bench.advance(MINUTE)
    method = "public/get_tradingview_chart_data"
    for resolution in (1, "1", 3, 5, "10", 15, 30, 60, 120, 180, 360, 720, "1D"):
        asked = {"instrument_name": PERP, "resolution": resolution}
        chart = client.call(method, **asked, **span(bench, DAY))
        assert chart["status"] == "ok"
        assert sum(chart["cost"]) == 310.0
        assert (chart["open"][0], max(chart["high"])) == (80_000.0, 80_030.0)
        assert chart["close"][-1] == 80_030.0
        minutes = 1_440 if resolution == "1D" else int(resolution)
        assert all(tick % (minutes * 60_000) == 0 for tick in chart["ticks"])
        columns = {len(column) for key, column in chart.items() if key != "status"}
        assert columns == {len(chart["ticks"])}


def test_a_chart_without_trades_has_no_data(bench: Bench, client: Client) -> None:
    method, asked = "public/get_tradingview_chart_data", {"resolution": 60}
    asked |= {"instrument_name": PERP, **span(bench, DAY)}
    chart = client.call(method, **asked)
    assert (chart["status"], chart["ticks"]) == ("no_data", [])
    trade(bench, 80_000.0, 10)
    backwards = {**asked, "end_timestamp": asked["start_timestamp"] - 1}
    assert client.call(method, **backwards)["status"] == "no_data"
    assert client.call(method, **asked)["status"] == "ok"
    for wrong in (7, "1W", 60.5, None, [60]):
        assert client.code(method, **{**asked, "resolution": wrong}) == -32602


def test_charts_are_bounded(bench: Bench, client: Client) -> None:
    trade(bench, 80_000.0, 10)
    bench.advance(4 * DAY)
    asked = {"instrument_name": PERP, "start_timestamp": 0, "resolution": 1}
    asked["end_timestamp"] = 10**15
    chart = client.call("public/get_tradingview_chart_data", **asked)
    assert len(chart["ticks"]) == 5_000
    assert chart["ticks"][-1] == bench.now_ns // MINUTE * 60_000


def test_an_index_chart(bench: Bench, client: Client) -> None:
    for n in range(12):
        bench.venue.set_index("btc_usd", 80_000.0 + n, bench.now_ns)
        bench.advance(SECOND)
    chart = {"index_name": "btc_usd", "range": "1h"}
    points = client.call("public/get_index_chart_data", **chart)
    assert all(time_ms % 6_000 == 0 for time_ms, _ in points)
    prices = [price for _, price in points]
    assert prices == sorted(prices)
    assert prices[1] - prices[0] == pytest.approx(6.0, abs=3.0)
    assert len(client.call("public/get_index_chart_data", **chart | {"range": "1d"}))
    assert client.code("public/get_index_chart_data", **chart | {"range": "2h"})
    unknown = {"index_name": "doge_usd", "range": "1h"}
    assert client.code("public/get_index_chart_data", **unknown) == -32602


def test_volatility_candles_by_pages(bench: Bench, client: Client) -> None:
    method = "public/get_volatility_index_data"
    for _ in range(1_099):
        bench.advance(SECOND)
    bench.venue.exchange.set_surface("btc_usd", SurfaceState(0.9, 0.9))
    bench.advance(SECOND)
    asked = {"currency": "BTC", "resolution": 1, **span(bench, HOUR)}
    page = client.call(method, **asked)
    assert len(page["data"]) == 1_000
    assert page["data"][-1][0] == bench.now_ns // SECOND * 1_000
    calm, wild = page["data"][-2], page["data"][-1]
    assert max(calm[1:]) < 60 < 90 < min(wild[1:])
    assert min(wild[1:]) == max(wild[1:]), "one look a second"
    more = client.call(method, **{**asked, "end_timestamp": page["continuation"]})
    assert more["data"][-1][0] == page["data"][0][0] - 1_000
    assert (len(more["data"]), more["continuation"]) == (100, None)
    nothing = client.call(method, **{**asked, "currency": "USDC"})
    assert nothing == {"data": [], "continuation": None}


def test_realized_volatility(bench: Bench, client: Client) -> None:
    method = "public/get_historical_volatility"
    assert client.call(method, currency="BTC") == []
    for hour in range(10):
        bench.venue.set_index("btc_usd", 80_000.0 + 400 * (hour % 2), bench.now_ns)
        bench.advance(HOUR)
    found = client.call(method, currency="BTC")
    assert found[-1][0] % 3_600_000 == 0
    assert 40 < found[-1][1] < 60
    assert client.call(method, currency="USDC") == []


def test_marks_of_options_of_the_volatility_index() -> None:
    bench = Bench(VenueConfig(listing=ListingConfig(strikes_each_side=0)))
    client = bench.connect()
    for _ in range(3):
        bench.advance(SECOND)
    option = next(
        name for name in bench.venue.exchange.markets if name.startswith("BTC-30OCT26-")
    )
    asked = {"instrument_name": option, **span(bench, MINUTE)}
    marks = client.call("public/get_mark_price_history", **asked)
    ticker = client.call("public/ticker", instrument_name=option)
    assert len(marks) == 3
    assert marks[-1][1] == ticker["mark_price"]
    of_future = client.call(
        "public/get_mark_price_history", **asked | {"instrument_name": PERP}
    )
    assert of_future == []


def test_funding_in_three_ways(bench: Bench, client: Client) -> None:
    bench.place("buy", 80_300.0, 100)
    bench.place("sell", 80_310.0, 100)
    for _ in range(9):
        bench.advance(HOUR // 2)
    asked = {"instrument_name": PERP, **span(bench, 10 * HOUR)}
    hours = client.call("public/get_funding_rate_history", **asked)
    ticker = client.call("public/ticker", instrument_name=PERP)
    assert [row["timestamp"] % 3_600_000 for row in hours] == [0] * len(hours)
    assert len(hours) == 3
    assert all(row["interest_1h"] > 0 for row in hours)
    whole = {
        "instrument_name": PERP,
        "start_timestamp": hours[0]["timestamp"],
        "end_timestamp": hours[-1]["timestamp"],
    }
    value = client.call("public/get_funding_rate_value", **whole)
    assert value == pytest.approx(sum(row["interest_1h"] for row in hours[1:]))
    minutes = client.call(
        "public/get_funding_chart_data", instrument_name=PERP, length="8h"
    )
    assert minutes["current_interest"] == pytest.approx(ticker["current_funding"])
    assert minutes["interest_8h"] == pytest.approx(ticker["funding_8h"], abs=1e-8)
    assert len(minutes["data"]) == 269
    assert minutes["data"][-1]["interest_8h"] == pytest.approx(
        minutes["current_interest"], rel=0.05
    )
    monthly = client.call(
        "public/get_funding_chart_data", instrument_name=PERP, length="1m"
    )
    assert len(monthly["data"]) == 3
    dated = {"instrument_name": "BTC-25DEC26", **span(bench, HOUR)}
    assert client.code("public/get_funding_rate_value", **dated) == -32602


def test_delivery_prices_newest_first(bench: Bench, client: Client) -> None:
    method = "public/get_delivery_prices"
    empty = client.call(method, index_name="btc_usd")
    assert empty == {"data": [], "records_total": 0}
    for price in (81_000.0, 82_000.0, 83_000.0):
        bench.venue.set_index("btc_usd", price, bench.now_ns)
        bench.advance(DAY)
    found = client.call(method, index_name="btc_usd", offset=1, count=1)
    assert found == {
        "data": [{"date": "2026-09-23", "delivery_price": 82_000.0}],
        "records_total": 3,
    }


def test_volumes_of_a_day_a_week_and_a_month(bench: Bench, client: Client) -> None:
    trade(bench, 80_000.0, 80_000)
    bench.advance(3 * DAY)
    trade(bench, 80_000.0, 8_000)
    trade(bench, 3_000.0, 3_000, instrument=ETH)
    plain = client.call("public/get_trade_volumes")
    by_pair = {row["currency_pair"]: row for row in plain}
    assert by_pair["btc_usd"] == {
        "currency": "BTC",
        "currency_pair": "btc_usd",
        "calls_volume": 0.0,
        "puts_volume": 0.0,
        "futures_volume": 0.1,
        "spot_volume": 0.0,
    }
    assert by_pair["eth_usd"]["futures_volume"] == 1.0
    row = client.call("public/get_trade_volumes", extended=True)[0]
    assert (row["futures_volume_7d"], row["futures_volume_30d"]) == (1.1, 1.1)
    assert bench.now_ns > START_NS
