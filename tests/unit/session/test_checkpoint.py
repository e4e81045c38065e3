"""What a run leaves to the next, and what the next makes of it."""

import copy
from decimal import Decimal
from typing import Any

import orjson
import pytest

from engine.session.checkpoint import KEPT_NS, RUNS_KEPT
from engine.session.trades import OVERLAP_MS
from tests.unit.session.stand_in import RUN_ID, SECOND, Desk, trade, wall_ms

TRADES = "private/get_user_trades_by_instrument"
NAME = "BTC-PERPETUAL"


class Part:
    """Outlives a restart by a number."""

    def __init__(self, value: int = 0) -> None:
        self.value = value

    def dump(self) -> dict[str, Any]:
        return {"value": self.value}

    def load(self, found: Any) -> None:
        self.value = int(found["value"])


def position(size: float) -> dict[str, Any]:
    return {
        "instrument_name": NAME,
        "size": size,
        "direction": "buy",
        "average_price": 61_000.5,
    }


def fill(trade_id: str, venue_ms: int) -> dict[str, Any]:
    return {
        "venue_ms": venue_ms,
        "now_ns": 0,
        "name": NAME,
        "trade_id": trade_id,
        "side": "bid",
        "lots": 1,
        "price": Decimal(61_000),
        "fee": Decimal(0),
        "fee_currency": "BTC",
    }


def left_behind(desk: Desk) -> Any:
    """Return the checkpoint of a desk, as it comes back from a file."""
    return orjson.loads(orjson.dumps(desk.session.checkpoint()))


def earlier() -> tuple[Desk, Any]:
    """Return a run that had three lots and booked a fill, and what it left."""
    desk = Desk()
    desk.venue.positions = [position(30.0)]
    desk.go()
    desk.session.on_fill(fill(f"{NAME}-1", wall_ms(desk)))
    return desk, left_behind(desk)


def later(found: Any, *names: str, **settings: Any) -> Desk:
    """Return a run that begins with a checkpoint, not connected yet."""
    desk = Desk(*names, **settings)
    desk.core.run_id = RUN_ID + 1
    desk.venue.positions = [position(30.0)]
    desk.now_ns += 10**10
    desk.command("restore", checkpoint=found)
    return desk


def test_nothing_is_quoted_before_the_first_checkpoint_is_on_the_disk() -> None:
    desk = Desk(keeps_checkpoint=True)
    desk.connect()
    desk.until(1)
    assert desk.state == "recovering"
    assert desk.session.checkpoint()["positions"] != {}, "there is one to be written"
    desk.command("kept")
    desk.until(0.1)
    assert desk.state == "quoting"
    desk.lose()
    desk.connect()
    desk.until(0.1)
    assert desk.state == "quoting", "the first time only"
    assert desk.noted("error") == ""


def test_a_disk_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    desk = Desk(keeps_checkpoint=True)
    desk.connect()
    desk.until(KEPT_NS / SECOND - 0.1)
    assert desk.state == "recovering"
    desk.until(0.3)
    assert desk.state == "quoting"
    assert "none is on the disk yet" in desk.noted("error")


def test_a_run_that_goes_on_from_a_checkpoint_does_not_wait() -> None:
    _, found = earlier()
    desk = later(found, keeps_checkpoint=True)
    desk.venue.positions = [position(30.0)]
    desk.go()
    assert desk.noted("error") == ""


def test_nothing_is_left_before_the_positions_are_known() -> None:
    desk = Desk()
    desk.connect()
    assert desk.session.checkpoint() == {}
    desk.until(1)
    assert desk.session.checkpoint()["positions"] != {}


def test_a_checkpoint_says_who_had_what_and_which_trades_are_booked() -> None:
    desk, found = earlier()
    assert found["account"] == 7
    assert found["runs"] == [RUN_ID]
    assert found["positions"][NAME] == {"size_lots": 3, "average_price": 61_000.5}
    assert [one for _, _, one in found["trades"]["ids"]] == [f"{NAME}-1"]
    assert found["trades"]["known_ms"] <= wall_ms(desk)
    parts = ["ledger", "turnover", "budgets", "risk", "attribution", "signals"]
    assert list(found["parts"]) == parts


def test_a_later_run_goes_on_where_the_earlier_one_ended() -> None:
    desk, found = earlier()
    known_ms = found["trades"]["known_ms"]
    missed = trade(2, wall_ms(desk) + 1)
    desk = later(found)
    desk.venue.trades = [trade(1, wall_ms(desk) - 9_000), missed]
    desk.venue.positions = [position(30.0)]
    desk.go()
    floor_ms = found["trades"]["floors_ms"][NAME]
    asked_ms = desk.params(TRADES)[0]["start_timestamp"]
    assert asked_ms == max(floor_ms, known_ms - OVERLAP_MS)
    booked = [one for one, row in desk.core.trades.items() if "trade_seq" in row]
    assert booked == [f"{NAME}-2"], "the other one had been booked"
    assert desk.core.positions[0] == (3, 61_000.5)
    assert desk.noted("error") == ""
    assert desk.session.checkpoint()["runs"] == [RUN_ID, RUN_ID + 1]


def test_the_history_is_replayed_from_the_checkpoint_before_orders_are_read() -> None:
    _, found = earlier()
    desk = later(found).go()
    methods = desk.methods()
    assert methods.index(TRADES) < methods.index("private/get_open_orders")


def test_where_checkpoint_and_venue_disagree_the_venue_is_right() -> None:
    _, found = earlier()
    desk = later(found)
    desk.venue.positions = [position(50.0)]
    desk.connect()
    desk.until(3)
    assert desk.state == "quoting"
    assert desk.core.positions[0][0] == 5
    assert "we had 30, the venue says 50" in desk.noted("error")
    assert desk.session.snapshot()["differences"]["positions"] == 1


def test_an_instrument_the_earlier_run_did_not_quote_begins_at_the_venues_word() -> (
    None
):
    _, found = earlier()
    desk = later(found, NAME, "ETH-PERPETUAL")
    started_ms = wall_ms(desk)
    desk.venue.positions = [
        position(30.0),
        {**position(7.0), "instrument_name": "ETH-PERPETUAL"},
    ]
    desk.go()
    assert [lots for lots, _ in desk.core.positions.values()] == [3, 7]
    assert desk.noted("error") == ""
    asked = {p["instrument_name"]: p["start_timestamp"] for p in desk.params(TRADES)}
    assert asked["ETH-PERPETUAL"] == started_ms - OVERLAP_MS
    assert asked[NAME] < started_ms


def test_an_instrument_that_is_not_quoted_any_more_is_left_out() -> None:
    _, found = earlier()
    found["positions"]["GONE-PERPETUAL"] = found["positions"][NAME]
    found["trades"]["ids"].append([1, "GONE-PERPETUAL", "GONE-9"])
    desk = later(found)
    desk.go()
    assert "GONE-9" not in desk.core.trades
    assert desk.noted("error") == ""


@pytest.mark.parametrize("account", [8, None, "7"])
def test_a_checkpoint_of_another_account_is_not_used(account: Any) -> None:
    _, found = earlier()
    found["account"] = account
    desk = later(found)
    desk.venue.positions = [position(50.0)]
    desk.go()
    assert f"it is of account {account}, this is 7" in desk.noted("error")
    assert "recovery is from the venue alone" in desk.noted("error")
    assert desk.core.positions[0] == (5, 61_000.5)
    assert desk.session.snapshot()["differences"]["positions"] == 0


def test_an_account_without_a_number_fits_no_checkpoint() -> None:
    _, found = earlier()
    desk = later(found)
    desk.venue.account_id = None
    desk.go()
    assert "this is None" in desk.noted("error")


DAMAGES: list[Any] = [
    lambda found: found.pop("account"),
    lambda found: found.pop("runs"),
    lambda found: found.update(runs=[]),
    lambda found: found.update(runs=3),
    lambda found: found.pop("trades"),
    lambda found: found["trades"].pop("known_ms"),
    lambda found: found["trades"].update(known_ms=None),
    lambda found: found["trades"].update(ids=[[1, 2]]),
    lambda found: found["trades"].update(floors_ms={}),
    lambda found: found["trades"].update(floors_ms=[]),
    lambda found: found.pop("positions"),
    lambda found: found.update(positions=[NAME]),
    lambda found: found["positions"][NAME].pop("size_lots"),
    lambda found: found.pop("parts"),
    lambda found: found.update(parts=5),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_checkpoint_is_said_in_one_line_and_not_used(damage: Any) -> None:
    _, found = earlier()
    broken = copy.deepcopy(found)
    damage(broken)
    desk = later(broken)
    desk.venue.positions = [position(50.0)]
    desk.go()
    assert desk.noted("error").count("\n") == 0
    assert "recovery is from the venue alone" in desk.noted("error")
    assert desk.core.positions[0] == (5, 61_000.5)
    assert desk.session.snapshot()["differences"]["positions"] == 0
    assert desk.session.checkpoint()["runs"] == [RUN_ID + 1]


@pytest.mark.parametrize("found", [None, 3, "text", []])
def test_a_restore_without_an_object_is_refused(found: Any) -> None:
    desk = later(found)
    desk.go()
    assert "restore: not a checkpoint" in desk.noted("error")


def test_a_restore_after_a_connection_is_refused() -> None:
    _, found = earlier()
    desk = Desk().go()
    desk.command("restore", checkpoint=found)
    assert "restore: too late" in desk.noted("error")


def test_parts_of_the_session_outlive_a_restart() -> None:
    desk = Desk()
    desk.session._ctx.lasting["part"] = Part(41)
    desk.go()
    found = left_behind(desk)
    other = later(found)
    other.venue.positions = []
    part = other.session._ctx.lasting["part"] = Part()
    other.go()
    assert part.value == 41


def test_a_part_that_cannot_be_used_starts_anew_and_the_rest_goes_on() -> None:
    _, found = earlier()
    found["parts"]["part"] = {"value": "many"}
    desk = later(found)
    part = desk.session._ctx.lasting["part"] = Part(5)
    desk.venue.positions = [position(30.0)]
    desk.go()
    assert part.value == 5
    assert "part starts anew" in desk.noted("error")
    assert desk.core.positions[0][0] == 3


@pytest.mark.parametrize("runs", [RUNS_KEPT - 1, RUNS_KEPT])
def test_so_many_runs_are_remembered(runs: int) -> None:
    _, found = earlier()
    found["runs"] = list(range(1, runs + 1))
    desk = later(found).go()
    kept = desk.session.checkpoint()["runs"]
    assert kept == [*range(1, runs + 1), RUN_ID + 1][-RUNS_KEPT:]
    assert len(kept) == RUNS_KEPT
