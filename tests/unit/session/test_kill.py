"""A kill is over when the venue shows an empty account, by whichever road."""

from engine.session.kill import READ_FOR_NS, SURE_NS, Kill
from tests.unit.session.stand_in import CoreStandIn

T = 1_000_000_000


def asked() -> tuple[Kill, CoreStandIn]:
    core = CoreStandIn()
    kill = Kill(core)
    kill.start("operator", T)
    assert core.kills == ["operator"]
    return kill, core


def test_nothing_is_pending_before_the_first() -> None:
    kill = Kill(CoreStandIn())
    kill.saw(0, T)
    assert kill.snapshot() == {
        "count": 0,
        "reason": "",
        "pending": False,
        "confirmed_by": "",
        "open_orders": 0,
    }


def test_the_connection_has_to_show_it_empty_twice_some_time_apart() -> None:
    kill, _ = asked()
    kill.saw(2, T)
    kill.saw(0, T + 1)
    kill.saw(0, T + SURE_NS)
    assert kill.is_pending
    kill.saw(0, T + 1 + SURE_NS)
    assert not kill.is_pending
    assert kill.snapshot()["confirmed_by"] == "connection"


def test_an_order_that_comes_back_starts_the_wait_anew() -> None:
    kill, _ = asked()
    kill.saw(0, T)
    kill.saw(1, T + SURE_NS - 1)
    kill.saw(0, T + SURE_NS)
    kill.saw(0, T + 2 * SURE_NS - 1)
    assert kill.is_pending
    kill.saw(0, T + 2 * SURE_NS)
    assert not kill.is_pending


def test_the_other_road_ends_it_with_one_word() -> None:
    kill, core = asked()
    assert kill.on_errand({"errand": "cancel_all", "open_orders": 1}) == 1
    assert kill.is_pending
    assert kill.on_errand({"errand": "cancel_ours", "open_orders": 0}) == 0
    assert kill.is_pending, "our orders are not the account"
    assert kill.on_errand({"errand": "cancel_all", "open_orders": 0}) == 0
    assert kill.snapshot()["confirmed_by"] == "http"
    assert core.noted[-1][:2] == ("warning", "kill")


def test_another_road_without_an_answer_decides_nothing_and_says_why() -> None:
    kill, core = asked()
    word = {"errand": "cancel_all", "open_orders": None, "problem": "no answer at all"}
    assert kill.on_errand(word) is None
    assert kill.is_pending
    assert "no answer at all" in core.noted[-1][2]


def test_a_kill_that_is_never_confirmed_says_so_once() -> None:
    kill, core = asked()
    kill.saw(3, T + READ_FOR_NS - 1)
    assert kill.is_pending
    kill.saw(3, T + READ_FOR_NS)
    kill.saw(3, T + READ_FOR_NS + 1)
    assert not kill.is_pending
    assert kill.snapshot()["confirmed_by"] == ""
    critical = [text for level, _, text in core.noted if level == "critical"]
    assert critical == ["not confirmed in time: 3 orders are open"]


def test_a_second_kill_begins_anew() -> None:
    kill, core = asked()
    kill.on_errand({"errand": "cancel_all", "open_orders": 0})
    kill.start("loss", T + 1)
    found = kill.snapshot()
    assert (found["count"], found["reason"], found["pending"]) == (2, "loss", True)
    assert (found["confirmed_by"], found["open_orders"]) == ("", None)
    assert core.kills == ["operator", "loss"]


def test_a_halt_of_the_core_has_sent_its_own() -> None:
    core = CoreStandIn()
    kill = Kill(core)
    kill.note_asked("fuse", T)
    assert kill.is_pending
    assert core.kills == []
