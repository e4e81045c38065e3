"""The venue's clock, reckoned from answers."""

from engine.session.clock import SAMPLE_LIFE_NS, Clock
from engine.session.flow import Reply

MS = 1_000_000


def reply(sent_ms: int, got_ms: int, in_ms: float, out_ms: float) -> Reply:
    return Reply(
        "public/test",
        sent_ns=sent_ms * MS,
        got_ns=got_ms * MS,
        us_in=int(in_ms * 1_000),
        us_out=int(out_ms * 1_000),
    )


def clock() -> Clock:
    clock = Clock()
    clock.set_wall(0, 1_000_000)
    return clock


def test_before_the_shell_spoke_no_time_is_known() -> None:
    clock = Clock()
    assert (clock.wall_ms(5), clock.venue_ms(5)) == (None, None)
    assert (clock.offset_ns, clock.offset_ms) == (None, None)


def test_until_the_venue_answered_our_own_clock_serves() -> None:
    assert clock().venue_ms(250 * MS) == 1_000_250
    assert clock().offset_ns is None


def test_a_wrong_wall_clock_moves_nothing_once_the_venue_answered() -> None:
    one = clock()
    one.sample(reply(100, 120, 1_000_610, 1_000_612))
    known = one.offset_ns
    one.set_wall(200 * MS, 5_000_000)
    assert one.offset_ns == known
    assert one.venue_ms(200 * MS) == 1_000_701
    assert one.offset_ms == 1_000_701 - 5_000_000


def test_a_sample_that_contradicts_wins_whatever_its_round_trip() -> None:
    one = clock()
    one.sample(reply(100, 102, 1_000_101, 1_000_101))
    one.sample(reply(200, 230, 1_000_215, 1_000_215))
    assert one.offset_ms == 0.0, "it agrees and is worse"
    one.sample(reply(300, 330, 1_020_315, 1_020_315))
    assert one.offset_ms == 20_000.0, "the venue's clock was set, or the host slept"


def test_after_a_doubt_the_next_sample_counts() -> None:
    one = clock()
    one.sample(reply(100, 102, 1_000_101, 1_000_101))
    one.doubt()
    one.sample(reply(200, 230, 1_000_216, 1_000_216))
    assert one.offset_ms == 1.0


def test_wall_clock_goes_on_with_the_cores_clock() -> None:
    assert clock().wall_ms(250 * MS) == 1_000_250


def test_offset_is_half_way_of_the_round_trip() -> None:
    one = clock()
    one.sample(reply(100, 120, 1_000_610, 1_000_612))
    assert one.offset_ms == 501.0
    assert one.venue_ms(200 * MS) == 1_000_701


def test_a_shorter_round_trip_wins_and_a_longer_one_does_not() -> None:
    one = clock()
    one.sample(reply(100, 120, 1_000_610, 1_000_610))
    one.sample(reply(200, 400, 1_000_900, 1_000_900))
    assert one.offset_ms == 500.0
    one.sample(reply(500, 504, 1_000_999, 1_000_999))
    assert one.offset_ms == 497.0


def test_an_old_sample_gives_way_even_to_a_worse_one() -> None:
    one = clock()
    one.sample(reply(100, 101, 1_000_100, 1_000_100))
    later_ms = SAMPLE_LIFE_NS // MS + 200
    one.sample(
        reply(later_ms, later_ms + 200, 1_000_000 + later_ms, 1_000_000 + later_ms)
    )
    assert one.offset_ms == -100.0


def test_answers_without_times_or_with_impossible_ones_teach_nothing() -> None:
    one = clock()
    one.sample(reply(100, 120, 0, 0))
    one.sample(reply(100, 120, 1_000_200, 1_000_100))
    assert one.offset_ms is None
