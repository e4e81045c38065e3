"""The snapshot is JSON, complete, and in the units it promises."""

import json

from engine._core.quote.models.ladder import LadderQuoter
from engine._core.snapshot import BOOK_STATES, MODE_NAMES
from tests.oracles.venue import SlowVenue
from tests.rig import NAME, ROW, Rig

OPTION = ROW | {"kind": "option", "tick_size": 0.0001, "contract_size": 1.0}


def test_the_snapshot_of_a_quoting_core() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.bids, rig.wisher.asks = [(99, 5), (100, 2)], [(102, 3)]
    rig.book([(100, 7)], [(102, 8), (110, 1)])
    venue.receive(rig.core.data_to_send(0))
    venue.work()
    rig.deliver(venue.frames.pop(0))
    seen = json.loads(json.dumps(rig.core.snapshot()))
    assert seen["mode"] == "quote"
    assert seen["quoting"] is True
    assert seen["connected"] == [True]
    assert seen["requests"] == {"new": 3, "edit": 0, "cancel": 0, "cancel_all": 0}
    assert seen["orders"]["live"] == 1
    assert seen["orders"]["pending_new"] == 2
    one = seen["instruments"][NAME]
    assert one["bids"] == [[50.0, 70.0]]
    assert one["asks"] == [[51.0, 80.0], [55.0, 10.0]]
    assert [row[:2] for row in one["quotes"]["bid"]] == [[50.0, 20.0], [49.5, 50.0]]
    assert one["quotes"]["ask"] == [[51.0, 30.0, "pending_new"]]
    assert (one["mid"], one["position_limit"], one["currency"]) == (50.5, 1000.0, "BTC")


def test_an_option_s_book_may_take_less_memory() -> None:
    rig = Rig()
    cap = rig.core.market(0).book.memory_cap_bytes
    assert rig.core.outline()["book_memory_max_bytes"] == cap == 1_589_520
    for number in range(800):
        rig.core.add_instrument({**OPTION, "instrument_name": f"BTC-{number}-C"})
    option = rig.core.market(1).book.memory_cap_bytes
    assert option == 790_608
    assert rig.core.outline()["book_memory_max_bytes"] == cap + 800 * option
    # docs/hot-path.md: 800 books of options stay within 640 MB, whatever is quoted.
    assert 800 * option <= 640_000_000


def test_states_and_modes_are_named() -> None:
    rig = Rig(quoting=False)
    assert rig.core.snapshot()["mode"] == MODE_NAMES[0] == "hold"
    assert rig.snapshot()["book_state"] == BOOK_STATES[0] == "empty"


def test_a_snapshot_can_be_had_in_pieces() -> None:
    rig = Rig()
    rig.book([(100, 7)], [(102, 8)])
    whole = rig.core.snapshot()
    assert rig.core.outline() == {
        key: value for key, value in whole.items() if key != "instruments"
    }
    assert rig.core.instruments(0, 16) == whole["instruments"]
    assert rig.core.instruments(1, 16) == rig.core.instruments(0, 0) == {}


def test_a_quoter_says_how_it_meets_its_obligation() -> None:
    quoter = LadderQuoter(
        half_spread_ticks=40,
        qty_lots=1,
        obligation={"spread_max_ticks": 10, "qty_min_lots": 3},
    )
    rig = Rig(strategy=quoter)
    rig.book([(100, 7)], [(102, 8)])
    seen = rig.core.snapshot()["instruments"][NAME]
    assert seen["duty"]["duty"] == "tightened"
    assert seen["duty"]["uptime_pct"] == 100
    ((bid, bid_amount),), ((ask, _),) = seen["wished"].values()
    assert (ask - bid) / seen["tick_size"] == 10
    assert bid_amount == 30
    assert Rig().core.snapshot()["instruments"][NAME]["duty"] == {}


def test_an_obligation_that_cannot_be_met_is_told() -> None:
    """A limit of two lots leaves no room for three."""
    quoter = LadderQuoter(
        half_spread_ticks=4,
        qty_lots=1,
        obligation={"spread_max_ticks": 10, "qty_min_lots": 3},
    )
    rig = Rig(strategy=quoter, limits={"position_max_lots": 2})
    rig.book([(100, 7)], [(102, 8)])
    assert rig.core.snapshot()["instruments"][NAME]["duty"]["duty"] == "unable"
