"""A connection and the watch on its silence."""

import pytest

from engine.session.link import Link, Silence, Stage

INTERVAL, GRACE = 30_000, 5_000


@pytest.fixture
def link() -> Link:
    link = Link(0)
    link.connected(1_000)
    return link


@pytest.fixture
def silence() -> Silence:
    return Silence(INTERVAL, GRACE)


def test_a_late_heartbeat_is_asked_for_once(link: Link, silence: Silence) -> None:
    due_ns = 1_000 + INTERVAL + GRACE // 2
    assert silence.next_ns(link) == due_ns
    assert silence.probe(link, due_ns - 1) is None
    ask = silence.probe(link, due_ns)
    assert ask is not None
    assert (ask.method, ask.urgent) == ("public/test", True)
    assert silence.probe(link, due_ns + 1) is None


def test_silence_past_interval_and_grace_is_death(link: Link, silence: Silence) -> None:
    silence.probe(link, 1_000 + INTERVAL + GRACE // 2)
    dead_ns = 1_000 + INTERVAL + GRACE
    assert silence.next_ns(link) == dead_ns
    assert not silence.is_dead(link, dead_ns - 1)
    assert silence.is_dead(link, dead_ns)


def test_a_word_from_the_venue_starts_the_count_anew(
    link: Link, silence: Silence
) -> None:
    silence.probe(link, 1_000 + INTERVAL + GRACE // 2)
    link.hear(35_000)
    assert not silence.is_dead(link, 1_000 + INTERVAL + GRACE)
    assert silence.next_ns(link) == 35_000 + INTERVAL + GRACE // 2


def test_a_stall_of_our_own_kills_nobody_before_it_was_asked(
    link: Link, silence: Silence
) -> None:
    late_ns = 500_000
    assert not silence.is_dead(link, late_ns)
    assert silence.probe(link, late_ns) is not None
    assert not silence.is_dead(link, late_ns + GRACE // 2 - 1)
    assert silence.is_dead(link, late_ns + GRACE // 2)


@pytest.mark.parametrize("stage", [Stage.DOWN, Stage.CLOSING])
def test_what_is_not_up_is_not_watched(
    link: Link, silence: Silence, stage: Stage
) -> None:
    link.gone(stage)
    assert silence.next_ns(link) == 0
    assert silence.probe(link, 10**9) is None
    assert not silence.is_dead(link, 10**9)


def test_a_new_socket_forgets_the_old_one(link: Link) -> None:
    link.stage = Stage.READY
    link.confirmed["book.X.raw"] = None
    link.refresh_ns = link.expires_ns = 5
    link.gone(Stage.DOWN)
    assert not link.is_up
    assert not link.is_logged_in
    link.connected(2_000)
    assert (link.stage, link.confirmed, link.refresh_ns) == (Stage.UP, {}, 0)
    assert link.connections == 2
