"""Trips: which one counts, which end by themselves, which wait for the operator."""

import pytest

from engine.session.risk import ladder as module
from engine.session.risk.ladder import ACCOUNT, Ladder, Stance, Trip


def trip(
    rule: str = "loss",
    scope: str = ACCOUNT,
    stance: Stance = Stance.PULL,
    latched: bool = False,
) -> Trip:
    return Trip(rule, scope, stance, "because", latched, 5)


def test_the_worst_of_the_scopes_counts_and_of_equals_the_oldest() -> None:
    ladder = Ladder()
    assert ladder.worst(ACCOUNT) is None
    ladder.add(trip("a", ACCOUNT, Stance.WIDEN))
    ladder.add(trip("b", "BTC", Stance.REDUCE))
    ladder.add(trip("c", "BTC-PERPETUAL", Stance.REDUCE))
    assert ladder.worst(ACCOUNT) == trip("a", ACCOUNT, Stance.WIDEN)
    assert ladder.worst("BTC-PERPETUAL", "BTC") == trip("b", "BTC", Stance.REDUCE)
    assert ladder.worst("ETH-PERPETUAL", "ETH") is None


def test_a_trip_ends_with_its_cause_a_latched_one_does_not() -> None:
    ladder = Ladder()
    ladder.add(trip("passing"))
    ladder.add(trip("latched", latched=True))
    assert ladder.end("passing", ACCOUNT) == trip("passing")
    assert ladder.end("passing", ACCOUNT) is None
    assert ladder.end("latched", ACCOUNT) is None
    assert [one.rule for one in ladder.trips] == ["latched"]


def test_a_latched_trip_gives_way_to_a_worse_one_only() -> None:
    ladder = Ladder()
    assert ladder.add(trip(stance=Stance.PULL, latched=True))
    assert not ladder.add(trip(stance=Stance.FLATTEN, latched=False))
    assert not ladder.add(trip(stance=Stance.REDUCE, latched=True))
    assert not ladder.add(trip(stance=Stance.PULL, latched=True))
    assert ladder.add(trip(stance=Stance.FLATTEN, latched=True))
    assert [one.stance for one in ladder.trips] == [Stance.FLATTEN]


@pytest.mark.parametrize(
    ("rule", "scope", "left"),
    [
        (None, None, ["passing"]),
        ("a", None, ["b", "passing"]),
        (None, "BTC", ["a", "passing"]),
        ("a", "BTC", ["a", "b", "passing"]),
    ],
)
def test_arming_again_drops_what_is_latched_and_meant(
    rule: str | None, scope: str | None, left: list[str]
) -> None:
    ladder = Ladder()
    ladder.add(trip("a", ACCOUNT, latched=True))
    ladder.add(trip("b", "BTC", latched=True))
    ladder.add(trip("passing"))
    gone = ladder.rearm(rule, scope)
    assert [one.rule for one in ladder.trips] == left
    assert len(gone) == 3 - len(left)


def test_latched_trips_outlive_the_process_and_others_do_not() -> None:
    ladder, after = Ladder(), Ladder()
    ladder.add(trip("passing"))
    ladder.add(trip("latched", "BTC", Stance.FLATTEN, latched=True))
    after.load(ladder.dump())
    assert after.trips == [trip("latched", "BTC", Stance.FLATTEN, latched=True)]


def test_one_trip_too_many_pulls_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRIPS_MAX", 3)
    ladder = Ladder()
    for i in range(3):
        ladder.add(trip("rule", f"X{i}", Stance.WIDEN))
    assert ladder.worst(ACCOUNT) is None
    ladder.add(trip("rule", "X3", Stance.WIDEN))
    worst = ladder.worst(ACCOUNT)
    assert worst is not None
    assert (worst.rule, worst.stance, worst.latched) == (
        "too_many_trips",
        Stance.PULL,
        True,
    )
