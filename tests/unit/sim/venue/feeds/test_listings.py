"""Instruments as they come, change state and go."""

from dataclasses import replace

from tests.unit.sim.venue.client import ETH, MS, PERP, Bench, Client


def test_states_are_told_by_kind_and_currency(bench: Bench, client: Client) -> None:
    client.listen("instrument.state.future.BTC")
    bench.venue.set_state(PERP, "locked", bench.now_ns)
    bench.venue.set_state(ETH, "locked", bench.now_ns)
    assert client.on("instrument.state.future.BTC") == [
        {"timestamp": bench.now_ns // MS, "state": "locked", "instrument_name": PERP}
    ]


def test_a_new_instrument_is_told_once_with_its_row(
    bench: Bench, client: Client
) -> None:
    created, state = "instrument.creation.future.BTC", "instrument.state.any.any"
    client.listen(created, state, "instrument.creation.option.any")
    exchange = bench.venue.exchange
    old = exchange.markets["BTC-25DEC26"].instrument.contract
    exchange.list_contract(
        replace(old, instrument_name="BTC-26DEC26", instrument_id=799_999)
    )
    bench.venue.publish()
    (row,) = client.on(created)
    listed = client.call("public/get_instrument", instrument_name="BTC-26DEC26")
    assert row == {**listed, "timestamp": bench.now_ns // MS}
    assert [r["instrument_name"] for r in client.on(state)] == ["BTC-26DEC26"]
    assert client.on("instrument.creation.option.any") == []
