"""The control API, over a WebSocket and over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from engine.sim.venue import CreditConfig, VenueConfig, default_accounts
from engine.sim.venue.api import control
from engine.sim.venue.api.control import CONTROLS
from engine.sim.venue.faults.fault import FAULTS
from engine.sim.venue.methods.registry import METHODS
from tests.unit.sim.venue.client import MS, PERP, Bench, Refused

FAST = VenueConfig(accounts=default_accounts(1_000_000, 1_000_000))


def ask(bench: Bench, target: str, body: dict[str, Any] | None = None) -> Any:
    """Return the result of a control request over HTTP."""
    text = b"" if body is None else orjson.dumps(body)
    status, frame = bench.http("GET" if body is None else "POST", target, text)
    assert status == 200, frame
    return frame["result"]


def test_no_method_of_the_venue_is_one_of_these() -> None:
    assert all(name.startswith("sim/") for name in CONTROLS)
    assert not CONTROLS.keys() & METHODS.keys()
    assert not any(name.startswith("sim/") for name in METHODS)


def test_it_costs_nothing_and_needs_no_login() -> None:
    poor = CreditConfig(cost=50_000, refill_per_s=1)
    client = Bench(replace(FAST, credits=poor)).connect()
    client.call("public/get_time")
    for _ in range(10):
        assert client.call("sim/faults") == []
    assert client.code("public/get_time") == 10_028


def test_where_it_is_off_it_says_so() -> None:
    bench = Bench(replace(FAST, control=False))
    with pytest.raises(Refused, match="13025 method_switched_off_by_admin"):
        bench.connect("maker").call("sim/faults")
    assert bench.http("GET", "/sim/faults")[0] == 400


@pytest.mark.parametrize("path", ["/sim/", "/api/v2/sim/"])
def test_both_paths_and_both_forms(bench: Bench, path: str) -> None:
    query = "inject?kind=delay&of=reply&delay_ms=5&probability=0.5&method=private/*"
    assert ask(bench, path + query) == {"fault": 1}
    params = {"kind": "omit_fields", "fields": ["label"]}
    assert ask(bench, path + "inject", {"params": params}) == {"fault": 2}
    first, second = ask(bench, path + "faults")
    assert (first["kind"], first["delay_ms"], first["probability"]) == ("delay", 5, 0.5)
    assert (second["fields"], second["state"]) == (["label"], "on")
    assert ask(bench, path + "clear?fault=1") == 1
    assert ask(bench, path + "clear?fault=1") == 0
    assert ask(bench, path + "clear") == 1


def test_every_kind_can_be_set(bench: Bench) -> None:
    client = bench.connect()
    for number, kind in enumerate(FAULTS, 1):
        params = {"kind": kind, "start_ms": 1_000}
        assert client.call("sim/inject", **params) == {"fault": number}


def test_a_wrong_option_is_named(bench: Bench) -> None:
    client = bench.connect()
    with pytest.raises(Refused) as refused:
        client.call("sim/inject", kind="delay", delay_ms=-1)
    assert refused.value.code == -32_602
    assert refused.value.data["param"] == "delay_ms"
    assert client.code("sim/inject", kind="nothing") == -32_602
    assert client.code("sim/inject", kind="gap", of="reply") == -32_602
    assert client.code("sim/inject") == -32_602
    assert client.code("sim/lock", index_name="nothing") == -32_602
    assert client.code("sim/nothing") == -32_601
    assert client.call("sim/faults") == []


def test_shorthands(bench: Bench) -> None:
    client = bench.connect()
    client.call("sim/lock", index_name="btc_usd", duration_ms=50)
    client.call("sim/clock_offset", offset_ms=100)
    client.call("sim/maintenance", notice_ms=10, start_ms=1_000)
    kinds = [row["kind"] for row in client.call("sim/faults")]
    assert kinds == ["lock", "clock_offset", "maintenance"]


def test_connections_can_be_seen_cut_and_silenced(bench: Bench) -> None:
    boss, first, second = bench.connect(), bench.connect("maker"), bench.connect()
    first.listen(f"quote.{PERP}")
    rows = boss.call("sim/connections")
    assert [(r["connection"], r["account"], r["here"]) for r in rows] == [
        (boss.conn, "", True),
        (first.conn, "maker", False),
        (second.conn, "", False),
    ]
    assert rows[1]["channels"] == [f"quote.{PERP}"]
    assert boss.call("sim/silence", account="maker") == 1
    assert first.send(b'{"id":1,"method":"public/test"}') == []
    assert boss.call("sim/cut", connection=second.conn, code=1012) == 1
    assert bench.closing() == [(second.conn, 1012, "cut")]
    assert boss.call("sim/cut", connection=second.conn) == 0
    assert boss.call("sim/cut") == 1
    assert bench.closing()[1:] == []
    assert boss.call("sim/cut", connection=boss.conn) == 1
    assert bench.closing()[1:] == [(boss.conn, 1006, "cut")]


def test_the_market_can_be_moved(bench: Bench) -> None:
    client = bench.connect("maker")
    client.call("sim/set_index", index_name="btc_usd", price=81_000.0)
    price = client.call("public/get_index_price", index_name="btc_usd")["index_price"]
    assert price == 81_000.0
    client.call("sim/set_state", instrument_name=PERP, state="halted")
    instrument = client.call("public/get_instrument", instrument_name=PERP)
    assert instrument["state"] == "halted"
    assert client.code("sim/set_state", instrument_name=PERP, state="x") == -32_602
    assert client.code("sim/set_state", instrument_name="x", state="open") == 13_020
    before = client.call("sim/move_surface", index_name="btc_usd")
    after = client.call("sim/move_surface", index_name="btc_usd", short_vol=0.9)
    assert after == {**before, "short_vol": 0.9}
    assert bench.venue.exchange.indices["btc_usd"].surface.short_vol == 0.9
    assert client.code("sim/move_surface", index_name="btc_usd", rho=2) == -32_602


def test_orders_of_the_background_market(bench: Bench) -> None:
    client = bench.connect("maker")
    client.listen(f"book.{PERP}.raw")
    placed = {"account": "ghost", "instrument_name": PERP, "amount": 50.0}
    row = client.call("sim/place", direction="buy", price=79_500.0, **placed)
    assert (row["order_state"], row["price"]) == ("open", 79_500.0)
    assert client.on(f"book.{PERP}.raw")[-1]["bids"] == [["new", 79_500.0, 50.0]]
    row = client.call("sim/place", direction="sell", **placed)
    assert (row["order_state"], row["average_price"]) == ("filled", 79_999.0)
    assert client.code("sim/place", direction="buy", price=1e5, **placed) == 10_007
    assert client.code("sim/place", direction="buy", price=79_500.1, **placed) == 10_043


def test_accounts_can_be_opened_and_paid_into(bench: Bench) -> None:
    boss = bench.connect()
    opened = boss.call(
        "sim/account", client_id="new", client_secret="new-secret", currency="BTC",
        amount=0.5,
    )  # fmt: skip
    assert opened["client_id"] == "new"
    client = bench.connect("new")
    client.listen("user.portfolio.btc")
    boss.call("sim/account", client_id="new", currency="BTC", amount=0.25)
    bench.advance(100 * MS)
    balances = [row["balance"] for row in client.on("user.portfolio.btc")]
    assert balances == [0.5, 0.75]
    assert boss.code("sim/account", client_id="other") == -32_602
    assert boss.code("sim/account", client_id="new", amount=1) == -32_602
    bench.place("buy", 79_000.0, 10.0, account="ghost")
    assert boss.code("sim/account", client_id="ghost", client_secret="x") == -32_602


def test_there_are_only_so_many_accounts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ACCOUNTS_MAX", 4)
    boss = bench.connect()
    boss.call("sim/account", client_id="fourth", client_secret="x")
    assert boss.code("sim/account", client_id="fifth", client_secret="x") == 11_030
    placed = {"instrument_name": PERP, "amount": 50.0, "direction": "buy"}
    placed["price"] = 79_000.0
    assert boss.code("sim/place", account="fifth", **placed) == 11_030
    assert boss.call("sim/place", account="flow", **placed)


def test_limits(bench: Bench) -> None:
    boss, client = bench.connect(), bench.connect("maker")
    limits = boss.call("sim/limits", account="maker", matching_rate=1, matching_burst=1)
    assert limits["matching_engine"]["trading"]["total"] == {"rate": 1, "burst": 1}
    client.buy(79_000.0, 10.0)
    with pytest.raises(Refused, match="10028"):
        client.buy(79_000.0, 10.0)
    assert boss.code("sim/limits", account="nobody") == -32_602


def test_snapshot(bench: Bench) -> None:
    snapshot = bench.connect().call("sim/snapshot")
    assert set(snapshot["accounts"]) >= {"maker", "taker"}
    assert snapshot["books"][PERP]["bids"] == [[79_999.0, 1_000.0]]
