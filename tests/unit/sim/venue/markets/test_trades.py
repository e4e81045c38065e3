"""What a trade remembers of its moment."""

from engine.sim.venue.units import REF
from tests.unit.sim.venue.client import PERP, Bench


def test_a_trade_keeps_the_states_and_prices_of_its_moment() -> None:
    bench = Bench()
    maker = bench.place("sell", 80_000.0, 30, account="maker")
    taker = bench.place("buy", 80_000.0, 20, account="taker")
    bench.venue.set_index("btc_usd", 81_000.0, bench.now_ns)
    bench.place("buy", 80_000.0, 10, account="other")
    first, second = bench.venue.exchange.markets[PERP].tape
    assert (first.maker, first.taker) == (maker, taker)
    assert (first.maker_state, first.taker_state) == ("open", "filled")
    assert (second.maker_state, second.taker_state) == ("filled", "filled")
    assert (first.mark_ref, second.mark_ref) == (80_000 * REF, 81_000 * REF)
    assert (first.lots, second.lots) == (2, 1)
    assert first.time_ns == bench.now_ns
    assert second.trade_id == str(int(first.trade_id) + 1)
    assert second.match_id > first.match_id
