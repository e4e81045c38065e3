"""Bugs of other engines about lines, feeds, credits, clocks and fills, as tests.

What happened elsewhere stands in the docstring, in our words, with its source. Orders
have a file of their own.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine.sim.settings import SimConfig
from engine.sim.venue.faults.outage import ClockOffset
from engine.sim.venue.faults.traffic import (
    Delay,
    Drop,
    Duplicate,
    Error,
    Gap,
    OmitFields,
)
from tests.generators.listings import PERPETUALS
from tests.simulation.adapter_rig import (
    agreed,
    counters,
    hit,
    inject,
    over,
    quoting,
    spy,
    venue_ns,
)
from tests.simulation.rig import PERPETUAL, Rig

pytestmark = pytest.mark.simulation

BOOK, USER, TRADING = "book.*", "user.*", "private/*"


def mine(rig: Rig) -> dict[str, Any]:
    found: dict[str, Any] = rig.core.snapshot()["instruments"][PERPETUAL]
    return found


def trades(rig: Rig) -> int:
    """Return how many trades the venue has in our account."""
    return len(rig.account().trades)


# Fills.


def test_a_fill_while_disconnected_is_booked_once() -> None:
    """A fill that happened while the line was down was never booked.

    Source: nautilus_trader #3046, #3878.
    """
    rig = quoting()
    rig.links.drop(0, venue_notices_ns=2_000_000_000)
    hit(rig, 1, 30.0)
    hit(rig, -1, 20.0)
    rig.run_until_state("quoting")
    rig.run(1)
    agreed(rig)
    assert rig.core.fills_booked() == trades(rig)


def test_fills_told_again_and_again_are_booked_once() -> None:
    """Fills were doubled after a restart or a reconnect, not always the same ones.

    Source: nautilus_trader #3176, #3046.
    """
    rig = quoting()
    inject(rig, Duplicate(of="notification", channel=USER, copies=3))
    for _ in range(3):
        rig.run(4)
        rig.links.drop(0)
        rig.run_until_state("quoting")
    over(rig)
    assert rig.core.fills_booked() == trades(rig) > 0
    assert counters(rig)["duplicate_fills"] > 0


def test_a_fill_is_never_inferred_from_an_order() -> None:
    """A fill was inferred from the order's filled amount, and the real one came later.

    Both were booked. Source: nautilus_trader PR #3493.
    """
    rig = quoting()
    inject(rig, Delay(of="notification", channel=USER, delay_ms=100, jitter_ms=900))
    for _ in range(50):
        rig.run(0.1)
        assert rig.core.fills_booked() <= trades(rig)
    over(rig)
    assert rig.core.fills_booked() == trades(rig)


def test_more_than_a_thousand_trades_in_one_millisecond() -> None:
    """Trades were fetched page by page, by time: one full millisecond hid the rest.

    Source: nautilus_trader, release notes (Deribit).
    """
    rig = quoting()
    rig.links.refuses_connections = True
    rig.links.drop(0)
    rig.run(0.1)
    venue, t_ns = rig.world.venue, venue_ns(rig)
    market = venue.exchange.market(PERPETUAL)
    best = market.book.best(-1)
    price = market.instrument.price(best)
    rig.position_max = 1e9
    ahead = sum(lots for _, lots in market.book.facing(1, best))
    for _ in range(1_100):
        venue.place("passer-by", PERPETUAL, "sell", price, 10.0, t_ns=t_ns)
    amount = 10.0 * (ahead + 1_100)
    venue.place(
        "maker",
        PERPETUAL,
        "buy",
        price,
        amount,
        t_ns=t_ns,
        label="by hand",
        at_once=True,
        time_in_force="immediate_or_cancel",
    )
    assert trades(rig) >= 1_100
    rig.links.refuses_connections = False
    rig.run_until_state("quoting", 60)
    rig.run(1)
    assert mine(rig)["position"] == rig.position()
    assert rig.core.fills_booked() == trades(rig)


def test_an_order_without_filled_amount_is_read() -> None:
    """A missing filled_amount broke the reading of an order. Source: nautilus #3995."""
    rig = quoting()
    inject(rig, OmitFields(fields=("filled_amount",)))
    rig.run(5)
    assert counters(rig)["malformed"] == 0
    over(rig)
    assert rig.core.fills_booked() == trades(rig) > 0


def test_a_price_that_is_the_text_market_price_is_read() -> None:
    """A stop order has "market_price" for a price: the adapter failed to parse it.

    Source: nautilus_trader #3925.
    """
    rig = quoting()
    order = {
        "order_id": "SLMB-1",
        "order_state": "untriggered",
        "order_type": "stop_market",
        "instrument_name": PERPETUAL,
        "direction": "sell",
        "price": "market_price",
        "amount": 100.0,
        "label": "by hand",
        "trigger": "mark_price",
        "trigger_price": 50_000.0,
        "last_update_timestamp": 5,
    }
    params = {"channel": f"user.orders.{PERPETUAL}.raw", "data": order}
    frame = {"jsonrpc": "2.0", "method": "subscription", "params": params}
    before = counters(rig)["malformed"]
    rig.core.receive_data(0, rig.links._core_ns(), orjson.dumps(frame), False)
    assert counters(rig)["malformed"] == before
    rig.run(1)
    assert rig.links.counters.closes == {}
    agreed(rig)


def test_trades_of_instruments_we_do_not_quote_change_nothing_of_ours() -> None:
    """Messages about instruments listed late, or not cached, were dropped or raised.

    Source: nautilus_trader #4035 and release notes (Deribit).
    """
    rig = quoting()
    venue = rig.world.venue
    other = next(one for one in venue.instruments() if one.name != PERPETUAL)
    best = venue.exchange.market(other.name).book.best(-1)
    venue.place(
        "maker",
        other.name,
        "buy",
        other.price(best),
        other.price(1) * 0 + 100.0,
        t_ns=venue_ns(rig),
        at_once=True,
    )
    rig.run(3)
    assert rig.core.snapshot()["halted"] == ""
    agreed(rig)


def test_the_equity_of_a_currency_is_the_venues() -> None:
    """Equity was counted twice on an account with cross margin.

    Source: nautilus_trader #4009; #4245 and ccxt #27709 for inverse amounts.
    """
    rig = quoting()
    rig.run(6)
    rig.links.command("pause")
    rig.run(1)
    agreed_position = mine(rig)["position"]
    assert agreed_position == rig.position()
    equity = rig.core.snapshot()["session"]["balances"]["BTC"]
    cash = rig.account().cash["BTC"] / 1e18
    assert equity == pytest.approx(cash, abs=0.05 * cash)


# Lines and sessions.


def test_a_lost_line_brings_everything_back_verified() -> None:
    """After a disconnect the engine ran on with half of its session.

    Source: hummingbot #8250; nautilus_trader #3820 for the state of the login.
    """
    rig = quoting()
    rig.links.drop(0)
    seen = spy(rig)
    rig.run_until_state("quoting")
    lives = {life for life, _, _ in seen}
    methods = [method for life, method, _ in seen if life == max(lives)]
    first_private = next(n for n, m in enumerate(methods) if m.startswith("private/"))
    assert methods.index("public/auth") < first_private
    for method in (
        "private/enable_cancel_on_disconnect",
        "private/get_cancel_on_disconnect",
        "private/get_open_orders",
        "private/get_positions",
        "private/subscribe",
    ):
        assert method in methods
    first_order = min(
        (n for n, m in enumerate(methods) if m in ("private/buy", "private/sell")),
        default=len(methods),
    )
    assert methods.index("private/get_cancel_on_disconnect") < first_order
    assert rig.core.snapshot()["session"]["cod"]["verified"]
    agreed(rig)


def test_a_channel_is_subscribed_once_a_connection() -> None:
    """A second subscription of the same channel was an error, or doubled its messages.

    Source: tmatic crypto-platform #355.
    """
    rig = Rig(1)
    seen = spy(rig)
    rig.run_until_state("quoting")
    rig.run_until_two_sided()
    rig.links.drop(0)
    rig.run_until_state("quoting")
    channels = [
        (life, channel)
        for life, method, params in seen
        if method.endswith("/subscribe")
        for channel in params["channels"]
    ]
    assert len(channels) == len(set(channels))


def test_a_token_is_renewed_while_orders_go_on() -> None:
    """A token was renewed while requests were on their way: they were refused.

    Source: nautilus_trader #3402.
    """
    venue = {"matching_rate": 30, "matching_burst": 100, "expires_in_s": 10}
    sim = SimConfig.model_validate({"listing": PERPETUALS, "venue": venue})
    rig = quoting(sim=sim)
    seen = spy(rig)
    rig.run(18)
    assert [method for _, method, _ in seen].count("public/auth") >= 2
    assert rig.core.snapshot()["rejects_by_code"].get(13_009, 0) == 0
    assert rig.links.counters.closes == {}
    agreed(rig)


def test_a_start_without_an_answer_names_what_it_waits_for() -> None:
    """The start hung for ever, waiting for a message that did not come.

    Source: BitMEX sample-market-maker #43, #110.
    """
    rig = Rig(1)
    inject(rig, Drop(of="reply", method="public/subscribe"))
    rig.run(12)
    assert rig.state() != "quoting"
    assert any("public/subscribe unanswered" in text for text in rig.problems())
    over(rig)


def test_too_many_requests_does_not_become_a_storm() -> None:
    """A 429 was answered with more requests, until the address was banned.

    Source: hummingbot #1291, #1379, #767, #1792, #7636; nautilus_trader retries 10028.
    """
    rig = quoting()
    inject(rig, Error(code=10_028, method="private/edit"))
    connects = rig.links.counters.connects
    seen = spy(rig)
    rig.run(20)
    assert rig.links.counters.connects - connects < 12
    assert len(seen) < 25 * 20
    over(rig)


def test_credits_are_never_exhausted_at_the_lowest_tier() -> None:
    """The limiter counted requests per second, the venue credits and bursts.

    Source: rosssaunders/ccrxt #118; Krypto #814.
    """
    rig = quoting(sim=SimConfig.model_validate({"listing": PERPETUALS}))
    rig.run(12)
    assert rig.core.snapshot()["rejects_by_code"].get(10_028, 0) == 0
    assert rig.links.counters.closes == {}


# Books and clocks.


def test_a_gap_in_a_book_is_mended_at_once_and_never_quoted_from() -> None:
    """A book was wrong until the next hourly snapshot.

    Source: hummingbot #3861, #3164, #2643; gocryptotrader PR #2337.
    """
    rig = quoting()
    inject(rig, Gap(count=1))
    rig.run_until(lambda: counters(rig)["gaps"] > 0, 10)
    rig.run_until(lambda: mine(rig)["book_state"] == "readable", 1)
    over(rig)


def test_gaps_without_end_make_no_storm_of_subscriptions() -> None:
    """Each gap resubscribed at once: hundreds of subscriptions a second.

    Source: gocryptotrader #2255.
    """
    rig = quoting()
    seen = spy(rig)
    inject(rig, Gap(probability=1.0))
    rig.run(8)
    methods = [method for _, method, _ in seen]
    assert methods.count("public/subscribe") < 3.4 * 8 + 10
    assert rig.core.snapshot()["rejects_by_code"].get(10_028, 0) == 0
    over(rig)


def test_a_feed_that_freezes_silently_is_seen() -> None:
    """A feed stopped without an error; the engine quoted on from the old book.

    Orders were rejected as post-only without end. Source: ccxt #20911, Krypto #934.
    """
    rig = quoting()
    inject(rig, Drop(of="notification", channel=BOOK))
    inject(rig, Drop(of="notification", channel="ticker.*"))
    rig.run(6)  # stale_ms is 5,000
    assert rig.open_orders() == []
    assert mine(rig)["why_blank"] == "market data is stale"
    requests = sum(rig.core.snapshot()["requests"].values())
    rig.run(10)
    assert sum(rig.core.snapshot()["requests"].values()) == requests
    over(rig)


@pytest.mark.parametrize("offset_ms", [-25_000, 25_000])
def test_a_wall_clock_that_is_far_off_loses_no_order(offset_ms: int) -> None:
    """A clock offset made requests invalid: errors without end.

    Here it counts for nothing, up to where the rules of risk call it sick.

    Source: hummingbot #1075, #1388, #1262, #7801.
    """
    rig = quoting(wall_offset_ms=offset_ms // 5)
    rig.links._wall_offset_ms = offset_ms
    rig.links._send_entropy()
    rig.run(10)
    assert rig.core.snapshot()["rejects_by_code"].get(13_888, 0) == 0
    assert counters(rig)["fills"] > 0
    agreed(rig)


@pytest.mark.parametrize("offset_ms", [-20_000, 20_000])
def test_a_venue_clock_that_is_set_while_quoting_is_measured_anew(
    offset_ms: int,
) -> None:
    """Every order timed out at the venue, silently. Source: hummingbot #7801."""
    rig = quoting()
    inject(rig, ClockOffset(offset_ms=offset_ms))
    rig.run(8)
    rig.run_until_state("quoting", 60)
    late = rig.core.snapshot()["rejects_by_code"].get(13_888, 0)
    rig.run(4)
    assert rig.core.snapshot()["rejects_by_code"].get(13_888, 0) == late
    assert late <= 6
    agreed(rig)
