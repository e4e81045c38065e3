"""What is held while the venue has some instruments closed, and what goes on."""

from collections.abc import Mapping
from typing import Any

import pytest

from engine.session.machine import Session
from engine.session.plan import needs_of
from tests.unit.session.stand_in import Desk, plan

BTC, ETH, DATED = "BTC-PERPETUAL", "ETH-PERPETUAL", "BTC-27MAR26"
CHANNEL = "instrument.state.any.any"


def desk_of(*names: str, **links: Mapping[str, tuple[str, ...]]) -> Desk:
    """Return a desk; links: needs and covers of the strategies, by instrument."""
    desk = Desk()
    desk.venue.rows[DATED] = {**desk.venue.rows[BTC], "instrument_name": DATED}
    desk.plans = [
        plan(name, **{key: of[name] for key, of in links.items() if name in of})
        for name in names
    ]
    desk.session = Session(desk.core, desk.settings, desk.plans)
    return desk


def told(desk: Desk, name: str, value: str) -> None:
    desk.notify(CHANNEL, {"timestamp": 1, "instrument_name": name, "state": value})


def held(desk: Desk) -> dict[str, str]:
    """Return why the core quotes which instruments no more."""
    names = desk.core.table.names()
    return {names[index]: why for index, why in desk.core.holds.items() if why}


def test_the_others_go_on_while_one_is_closed() -> None:
    desk = desk_of(BTC, ETH).go()
    told(desk, ETH, "halted")
    assert desk.state == "quoting"
    assert desk.core.may_quote
    assert held(desk) == {ETH: "ETH-PERPETUAL is halted"}
    assert "ETH-PERPETUAL is halted" in desk.noted("warning")
    told(desk, ETH, "open")
    assert held(desk) == {}
    assert "over: ETH-PERPETUAL" in desk.noted("info")


def test_when_none_is_left_the_session_pauses_and_says_why() -> None:
    desk = desk_of(BTC, ETH).go()
    told(desk, ETH, "halted")
    told(desk, BTC, "settlement")
    assert desk.state == "paused"
    said = "BTC-PERPETUAL is settlement; ETH-PERPETUAL is halted"
    assert desk.core.quoting[-1] == (False, said)
    told(desk, BTC, "open")
    assert desk.state == "quoting"
    assert held(desk) == {ETH: "ETH-PERPETUAL is halted"}


def test_who_needs_a_closed_one_is_held_and_who_is_needed_by_it_is_not() -> None:
    desk = desk_of(BTC, ETH, DATED, needs={DATED: (BTC,)}).go()
    told(desk, BTC, "halted")
    assert held(desk) == {
        BTC: "BTC-PERPETUAL is halted",
        DATED: "BTC-PERPETUAL is halted",
    }
    assert "BTC-27MAR26: BTC-PERPETUAL is halted" in desk.noted("warning")
    told(desk, BTC, "open")
    told(desk, DATED, "halted")
    assert held(desk) == {DATED: "BTC-27MAR26 is halted"}


def test_nothing_is_filled_where_the_hedge_is_closed_and_the_hedge_goes_on() -> None:
    desk = desk_of(DATED, ETH, BTC, covers={BTC: (DATED, ETH)}).go()
    told(desk, DATED, "halted")
    assert held(desk) == {DATED: "BTC-27MAR26 is halted"}
    told(desk, DATED, "open")
    told(desk, BTC, "halted")
    assert desk.state == "paused"
    assert held(desk).keys() == {BTC, DATED, ETH}


def test_what_is_only_read_holds_who_needs_it() -> None:
    desk = desk_of(BTC, DATED, reads={BTC: (ETH,)}, needs={BTC: (ETH,)}).go()
    told(desk, ETH, "settlement")
    assert held(desk) == {BTC: "ETH-PERPETUAL is settlement"}
    told(desk, ETH, "open")
    assert held(desk) == {}
    desk.notify("platform_state", {"price_index": "eth_usd", "locked": True})
    assert held(desk) == {BTC: "index eth_usd is locked"}


def test_what_is_only_read_may_be_closed_at_the_start() -> None:
    desk = desk_of(BTC, DATED, reads={BTC: (ETH,)}, needs={BTC: (ETH,)})
    desk.venue.rows[ETH]["state"] = "inactive"
    desk.venue.refused_channels = [f"book.{ETH}.raw", f"ticker.{ETH}.raw"]
    desk.go()
    assert held(desk) == {BTC: "ETH-PERPETUAL is inactive"}
    assert desk.noted("error") == ""
    desk.venue.refused_channels = []
    desk.venue.rows[ETH]["state"] = "open"
    desk.until(70)
    assert held(desk) == {}
    asked = desk.params("public/subscribe")[-1]["channels"]
    assert asked == [f"book.{ETH}.raw", f"ticker.{ETH}.raw"]


def test_the_book_of_a_closed_one_that_is_only_read_costs_nobody_the_line() -> None:
    """Nobody needs it; it is under repair again when it opens."""
    desk = desk_of(BTC, reads={BTC: (ETH,)}).go()
    desk.venue.rows[ETH]["state"] = "halted"
    told(desk, ETH, "halted")
    desk.core.book_states[1] = "gapped"
    desk.books_come = False
    desk.session.on_gap(1, desk.now_ns)
    desk.until(300)
    assert desk.core.closed == []
    assert held(desk) == {}
    desk.books_come = True
    told(desk, ETH, "open")
    desk.until(2)
    assert desk.core.book_states == {0: "readable", 1: "readable"}


@pytest.mark.parametrize("links", [{"needs": {ETH: (BTC,)}}, {"covers": {BTC: (ETH,)}}])
def test_what_it_needs_has_expired(links: dict[str, Any]) -> None:
    desk = desk_of(BTC, ETH, DATED, **links).go()
    told(desk, BTC, "delivered")
    assert held(desk) == {ETH: "BTC-PERPETUAL is delivered"}
    assert desk.state == "quoting"


def test_an_index_holds_what_hangs_on_it() -> None:
    desk = desk_of(BTC, ETH).go()
    desk.notify("platform_state", {"price_index": "btc_usd", "locked": True})
    assert desk.core.may_quote
    assert held(desk) == {BTC: "index btc_usd is locked"}
    desk.notify("platform_state", {"price_index": "btc_usd", "locked": False})
    assert held(desk) == {}


def test_a_start_waits_only_until_one_is_open() -> None:
    desk = desk_of(BTC, ETH)
    desk.venue.rows[BTC]["state"] = desk.venue.rows[ETH]["state"] = "inactive"
    desk.connect()
    desk.until(5)
    assert desk.state == "preparing"
    said = ["BTC-PERPETUAL is inactive", "ETH-PERPETUAL is inactive"]
    assert desk.noted("warning").split("\n") == [
        *said,
        "nothing to quote is open: waiting",
    ]
    desk.venue.rows[BTC]["state"] = "open"
    desk.until(3)
    assert desk.state == "quoting"
    assert held(desk) == {ETH: "ETH-PERPETUAL is inactive"}


def test_a_start_goes_on_without_the_book_of_a_closed_one_and_asks_for_it_later() -> (
    None
):
    desk = desk_of(BTC, ETH)
    desk.venue.rows[ETH]["state"] = "inactive"
    desk.books_come = False
    desk.connect()
    desk.until(1)
    assert desk.state == "recovering"
    desk.core.book_states[0] = "readable"
    desk.until(120)
    assert desk.state == "quoting"
    assert desk.core.closed == []
    desk.books_come = True
    told(desk, ETH, "open")
    desk.until(11)
    assert desk.core.book_states == {0: "readable", 1: "readable"}
    assert desk.state == "quoting"


def test_channels_the_venue_has_none_of_are_asked_for_again_when_it_opens() -> None:
    desk = desk_of(BTC, ETH)
    desk.venue.rows[ETH]["state"] = "inactive"
    desk.venue.refused_channels = [f"book.{ETH}.raw", f"ticker.{ETH}.raw"]
    desk.go()
    desk.until(30)
    assert desk.noted("error") == desk.noted("critical") == ""
    desk.venue.refused_channels = []
    told(desk, ETH, "open")
    desk.until(0)
    asked = desk.params("public/subscribe")[-1]["channels"]
    assert asked == [f"book.{ETH}.raw", f"ticker.{ETH}.raw"]
    assert desk.core.book_states == {0: "readable", 1: "readable"}
    desk.until(30)
    assert desk.params("public/subscribe")[-1]["channels"] is asked, "and not again"


def test_an_open_one_without_its_book_costs_the_connection() -> None:
    desk = desk_of(BTC, ETH)
    desk.venue.rows[ETH]["state"] = "inactive"
    desk.venue.refused_channels = [f"book.{ETH}.raw"]
    desk.go()
    told(desk, ETH, "open")
    desk.until(0)
    assert "not subscribed: book.ETH-PERPETUAL.raw" in str(desk.core.closed)


def test_a_book_that_stays_unreadable_after_it_opened_costs_the_connection() -> None:
    desk = desk_of(BTC, ETH).go()
    told(desk, ETH, "halted")
    desk.venue.rows[ETH]["state"] = "halted"
    desk.books_come = False
    desk.core.book_states[1] = "gapped"
    desk.session.on_gap(1, desk.now_ns)
    desk.until(300)
    assert desk.core.closed == []
    told(desk, ETH, "open")
    desk.until(120)
    assert "the book of ETH-PERPETUAL stays unreadable" in str(desk.core.closed)


def test_one_that_opened_unheard_is_found_by_the_minutes_comparison() -> None:
    desk = desk_of(BTC, ETH)
    desk.venue.rows[ETH]["state"] = "inactive"
    desk.go()
    desk.venue.rows[ETH]["state"] = "open"
    desk.until(70)
    assert held(desk) == {}
    asked = len(desk.params("public/get_instrument"))
    desk.until(120)
    assert len(desk.params("public/get_instrument")) == asked, "nothing is closed"


def test_a_partly_locked_platform_holds_what_it_names() -> None:
    desk = desk_of(BTC, ETH)
    desk.venue.locked = {"locked": "partial", "locked_currencies": ["ETH"]}
    desk.go()
    assert held(desk) == {ETH: "index eth_usd is locked"}
    desk.notify("platform_state", {"price_index": "eth_usd", "locked": False})
    assert held(desk) == {}


def test_a_reconnect_finds_out_anew() -> None:
    desk = desk_of(BTC, ETH).go()
    told(desk, ETH, "halted")
    desk.notify("platform_state", {"price_index": "btc_usd", "locked": True})
    assert desk.state == "paused"
    desk.lose()
    desk.connect()
    desk.until(1)
    assert desk.state == "quoting"
    assert held(desk) == {}


def test_many_reasons_are_cut_short() -> None:
    names = [f"BTC-2{day}MAR26" for day in range(5)]
    desk = desk_of()
    row = desk.venue.rows[BTC]
    desk.venue.rows |= {name: {**row, "instrument_name": name} for name in names}
    desk.plans = [plan(name) for name in names]
    desk.session = Session(desk.core, desk.settings, desk.plans)
    desk.go()
    for name in names:
        told(desk, name, "locked")
    assert desk.core.quoting[-1][1].endswith("BTC-22MAR26 is locked; and 2 more")


@pytest.mark.parametrize(
    ("links", "found"),
    [
        ({}, {"a": (), "b": ()}),
        ({"a": {"needs": ("b", "x")}}, {"a": ("b", "x"), "b": ()}),
        ({"a": {"covers": ("b",)}}, {"a": (), "b": ("a",)}),
        ({"a": {"covers": ("x",)}}, {"a": (), "b": ()}),
        ({"a": {"needs": ("b",)}, "b": {"covers": ("a",)}}, {"a": ("b",), "b": ()}),
    ],
    ids=["nothing", "needs", "covers", "covers-what-nobody-quotes", "cross-maker"],
)
def test_what_an_instrument_needs(
    links: dict[str, dict[str, Any]], found: dict[str, tuple[str, ...]]
) -> None:
    assert needs_of([plan(name, **links.get(name, {})) for name in "ab"]) == found
