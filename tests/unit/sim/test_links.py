"""The links between a core and a venue, with stand-ins that note what they see."""

from __future__ import annotations

import random
from collections import defaultdict

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvariantError
from engine.sim.links import (
    BACKOFF_FIRST_NS,
    BACKOFF_LAST_NS,
    CORE_EPOCH_NS,
    ENTROPY_INTERVAL_NS,
    MILLISECOND_NS,
    Links,
    LogNormal,
    Uniform,
)

VENUE_EPOCH_NS = 1_790_000_000_000_000_000
SECOND_NS = 1_000 * MILLISECOND_NS


class FakeCore:
    """Writes down every verb; says what the test puts into ``outbox``."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []
        self.outbox: dict[int, bytes] = defaultdict(bytes)
        self.to_close: list[tuple[int, str]] = []
        self.timer_ns = 0

    def connection_made(self, conn: int, t_ns: int) -> None:
        self.seen.append(("made", t_ns - CORE_EPOCH_NS, conn))

    def receive_data(
        self, conn: int, t_ns: int, data: bytes, more_coming: bool = False
    ) -> None:
        self.seen.append(("data", t_ns - CORE_EPOCH_NS, conn, data, more_coming))

    def connection_lost(self, conn: int, t_ns: int) -> None:
        self.seen.append(("lost", t_ns - CORE_EPOCH_NS, conn))

    def handle_timer(self, t_ns: int) -> None:
        self.seen.append(("timer", t_ns - CORE_EPOCH_NS))
        self.timer_ns = 0

    def command(self, t_ns: int, cmd: bytes) -> None:
        self.seen.append(("command", t_ns - CORE_EPOCH_NS, orjson.loads(cmd)))

    def data_to_send(self, conn: int) -> bytes:
        return self.outbox.pop(conn, b"")

    def connections_to_close(self) -> list[tuple[int, str]]:
        taken, self.to_close = self.to_close, []
        return taken

    def errands(self) -> list[str]:
        return []

    def snapshot(self) -> dict[str, dict[str, bool]]:
        return {"session": {}}

    def next_timer_ns(self) -> int:
        return self.timer_ns

    def notes(self) -> list[tuple[int, str, str, str]]:
        return []

    def of(self, kind: str) -> list[tuple[object, ...]]:
        return [entry for entry in self.seen if entry[0] == kind]


class FakeVenue:
    """Echoes every frame, or says what the test puts into ``outbox``."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []
        self.outbox: dict[int, list[bytes]] = defaultdict(list)
        self.to_close: list[tuple[int, int, str]] = []
        self.echoes = False

    def connection_made(self, conn: int, t_ns: int) -> None:
        self.seen.append(("made", t_ns - VENUE_EPOCH_NS, conn))

    def receive_data(self, conn: int, t_ns: int, payload: bytes) -> None:
        self.seen.append(("data", t_ns - VENUE_EPOCH_NS, conn, payload))
        if self.echoes:
            self.outbox[conn].append(payload)

    def connection_lost(self, conn: int, t_ns: int) -> None:
        self.seen.append(("lost", t_ns - VENUE_EPOCH_NS, conn))

    def handle_timer(self, t_ns: int) -> None:
        raise AssertionError("no timer was asked for")

    def next_timer_ns(self) -> int:
        return 0

    def data_to_send(self, conn: int) -> list[bytes]:
        return self.outbox.pop(conn, [])

    def request_made(self, conn: int, t_ns: int, http: object) -> None:
        raise AssertionError("nothing asks over HTTP here")

    def responses(self) -> list[tuple[int, int, bytes]]:
        return []

    def connections_to_close(self) -> list[tuple[int, int, str]]:
        taken, self.to_close = self.to_close, []
        return taken

    def of(self, kind: str) -> list[tuple[object, ...]]:
        return [entry for entry in self.seen if entry[0] == kind]


class FakeSigner:
    """Marks what passed it."""

    def __init__(self) -> None:
        self.forgotten: list[int] = []

    def outbound(self, conn: int, frame: bytes) -> bytes:
        return frame.replace(b"$SECRET", b"secret")

    def inbound(self, conn: int, payload: bytes) -> bytes:
        return payload.replace(b"secret", b"$SECRET")

    def authorization(self, *_: object) -> str:
        raise AssertionError("nothing asks over HTTP here")

    def forget(self, conn: int) -> None:
        self.forgotten.append(conn)


class Rig:
    """A harness with stand-ins on both ends."""

    def __init__(self, seed: int = 1, connections: int = 1) -> None:
        self.core, self.venue, self.signer = FakeCore(), FakeVenue(), FakeSigner()
        self.links = Links(
            self.core,
            self.venue,
            self.signer,
            seed=seed,
            venue_epoch_ns=VENUE_EPOCH_NS,
            connections=connections,
            up=Uniform(1 * MILLISECOND_NS, 5 * MILLISECOND_NS),
            down=Uniform(1 * MILLISECOND_NS, 5 * MILLISECOND_NS),
        )
        self.links.start()
        self.links.run_for(20 * MILLISECOND_NS)

    def say_up(self, *frames: bytes, conn: int = 0) -> None:
        self.core.outbox[conn] = b"".join(frame + b"\n" for frame in frames)
        self.links.at(self.links.now_ns, lambda: None)
        self.links.run_for(0)

    def say_down(self, *payloads: bytes, life: int = 1) -> None:
        self.venue.outbox[life] = list(payloads)
        self.links.at(self.links.now_ns, lambda: None)
        self.links.run_for(0)


def test_a_start_brings_entropy_before_the_connection() -> None:
    rig = Rig(connections=2)
    kinds = [entry[0] for entry in rig.core.seen]
    assert kinds[0] == "command"
    for made in (n for n, kind in enumerate(kinds) if kind == "made"):
        assert kinds[made - 1] == "command"
    entropy = [entry[2] for entry in rig.core.of("command")]
    assert all(one["cmd"] == "entropy" for one in entropy)
    nonces = [one["nonce"] for one in entropy]
    assert len(set(nonces)) == len(nonces)
    assert entropy[0]["wall_ms"] == VENUE_EPOCH_NS // MILLISECOND_NS
    assert len(rig.venue.of("made")) == 2


def test_the_wall_clock_is_refreshed_every_minute() -> None:
    rig = Rig()
    before = len(rig.core.of("command"))
    rig.links.run_for(3 * ENTROPY_INTERVAL_NS)
    assert len(rig.core.of("command")) - before == 3


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(1, 3), min_size=1, max_size=12))
def test_frames_arrive_in_order_each_way_within_their_delay(
    seed: int, writes: list[int]
) -> None:
    rig = Rig(seed)
    rig.venue.echoes = True
    sent, sent_ns = [], {}
    for number, size in enumerate(writes):
        frames = [b"%d.%d" % (number, part) for part in range(size)]
        sent += frames
        sent_ns.update(dict.fromkeys(frames, rig.links.now_ns))
        rig.say_up(*frames)
        rig.links.run_for(MILLISECOND_NS)
    rig.links.run_for(SECOND_NS)
    assert [entry[3] for entry in rig.venue.of("data")] == sent
    assert [entry[3] for entry in rig.core.of("data")] == sent
    for _, t_ns, _, frame in rig.venue.of("data"):
        assert t_ns - sent_ns[frame] >= MILLISECOND_NS
    for _, t_ns, _, frame, _ in rig.core.of("data"):
        assert t_ns - sent_ns[frame] <= 10 * MILLISECOND_NS


def test_a_burst_is_announced_until_its_last_payload() -> None:
    rig = Rig()
    rig.say_down(b"1", b"2", b"3")
    rig.links.run_for(SECOND_NS)
    assert [entry[3:] for entry in rig.core.of("data")] == [
        (b"1", True),
        (b"2", True),
        (b"3", False),
    ]


def test_the_signer_stands_between_core_and_wire() -> None:
    rig = Rig()
    rig.venue.echoes = True
    rig.say_up(b"a $SECRET")
    rig.links.run_for(SECOND_NS)
    assert rig.venue.of("data")[0][3] == b"a secret"
    assert rig.core.of("data")[0][3] == b"a $SECRET"


def test_a_drop_loses_what_is_in_flight_and_the_link_comes_back() -> None:
    rig = Rig()
    rig.say_up(b"lost")
    rig.say_down(b"lost too")
    dropped_ns = rig.links.now_ns
    rig.links.drop(0, venue_notices_ns=50 * MILLISECOND_NS)
    rig.links.run_for(SECOND_NS)
    assert rig.core.of("lost") == [("lost", dropped_ns, 0)]
    assert rig.signer.forgotten == [0]
    assert rig.core.of("data") == []
    lost_ns = dropped_ns + 50 * MILLISECOND_NS
    assert rig.venue.of("lost") == [("lost", lost_ns, 1)]
    assert [entry[2] for entry in rig.venue.of("made")] == [1, 2]
    assert len(rig.core.of("made")) == 2
    assert rig.links.counters.drops == 1


def test_a_frame_may_reach_a_venue_that_has_not_noticed_the_drop() -> None:
    rig = Rig()
    rig.say_up(b"last words")
    rig.links.drop(0, venue_notices_ns=SECOND_NS)
    rig.links.run_for(500 * MILLISECOND_NS)
    assert [entry[3] for entry in rig.venue.of("data")] == [b"last words"]


def test_silence_is_told_to_nobody_and_ends_with_that_life() -> None:
    rig = Rig()
    rig.links.silence(0)
    rig.say_up(b"up")
    rig.say_down(b"down")
    rig.links.run_for(SECOND_NS)
    assert rig.venue.of("data") == []
    assert rig.core.of("data") == []
    assert rig.core.of("lost") == []
    rig.core.to_close.append((0, "heartbeat"))
    rig.say_up()
    rig.links.run_for(SECOND_NS)
    assert len(rig.core.of("lost")) == 1
    assert rig.venue.of("lost") == []  # the close frame was lost like all others
    rig.say_up(b"again")
    rig.links.run_for(SECOND_NS)
    assert [entry[2:] for entry in rig.venue.of("data")] == [(2, b"again")]


def test_a_close_by_the_core_lets_its_last_frames_arrive_first() -> None:
    rig = Rig()
    rig.core.to_close.append((0, "stopping"))
    rig.say_up(b"cancel")
    rig.links.reconnects = False
    rig.links.run_for(SECOND_NS)
    assert [entry[0] for entry in rig.venue.seen] == ["made", "data", "lost"]
    assert rig.links.counters.closes == {"core: stopping": 1}


def test_a_close_by_the_venue_lets_its_last_frames_arrive_first() -> None:
    rig = Rig()
    rig.venue.to_close.append((1, 1008, "too_many_requests"))
    rig.say_down(b"error 10028")
    rig.links.run_for(20 * MILLISECOND_NS)
    assert [entry[0] for entry in rig.core.seen][-2:] == ["data", "lost"]
    assert rig.links.counters.closes == {"venue: too_many_requests": 1}


def test_without_reconnects_a_lost_link_stays_down() -> None:
    rig = Rig()
    rig.links.reconnects = False
    rig.links.drop(0)
    rig.links.run_for(60 * SECOND_NS)
    assert len(rig.venue.of("made")) == 1


def test_refused_connections_back_off_within_bounds() -> None:
    rig = Rig()
    attempts: list[int] = []
    rig.links.refuses_connections = True
    rig.links.on_event = lambda: attempts.append(rig.links.links[0].failures)
    rig.links.drop(0)
    rig.links.run_for(120 * SECOND_NS)
    assert len(rig.venue.of("made")) == 1
    least = 120 * SECOND_NS // (BACKOFF_LAST_NS + 5 * MILLISECOND_NS)
    assert least <= attempts[-1] <= 2 * least + 16
    rig.links.refuses_connections = False
    rig.links.run_for(2 * BACKOFF_LAST_NS)
    assert len(rig.venue.of("made")) == 2


def test_back_off_starts_over_after_a_stable_life() -> None:
    rig = Rig()
    for _ in range(4):
        rig.links.run_for(10 * SECOND_NS)
        rig.links.drop(0)
        dropped_ns = rig.links.now_ns
        rig.links.run_for(2 * BACKOFF_FIRST_NS)
        made_ns = rig.core.of("made")[-1][1]
        assert isinstance(made_ns, int)
        assert 0 < made_ns - dropped_ns <= BACKOFF_FIRST_NS + 10 * MILLISECOND_NS


def test_a_delayed_direction_is_late_until_told_otherwise() -> None:
    rig = Rig()
    rig.links.delay(0, up_ns=SECOND_NS)
    sent_ns = rig.links.now_ns
    rig.say_up(b"late")
    rig.links.delay(0)
    rig.say_up(b"after it")
    rig.links.run_for(2 * SECOND_NS)
    arrivals = [entry[1] for entry in rig.venue.of("data")]
    assert all(t_ns >= sent_ns + SECOND_NS for t_ns in arrivals)  # first in, first out
    assert [entry[3] for entry in rig.venue.of("data")] == [b"late", b"after it"]


def test_timers_of_the_core_run_at_their_time() -> None:
    rig = Rig()
    due_ns = rig.links.now_ns + 7 * MILLISECOND_NS
    rig.core.timer_ns = CORE_EPOCH_NS + due_ns
    rig.links.run_for(SECOND_NS)
    assert rig.core.of("timer") == [("timer", due_ns)]


def test_a_timer_that_stays_due_is_an_error_not_a_standstill() -> None:
    rig = Rig()
    stuck_ns = CORE_EPOCH_NS + rig.links.now_ns + MILLISECOND_NS
    rig.core.next_timer_ns = lambda: stuck_ns  # type: ignore[method-assign]
    with pytest.raises(InvariantError, match="a timer stays due"):
        rig.links.run_for(SECOND_NS)


@pytest.mark.parametrize("other_seed", [1, 2])
def test_the_fingerprint_is_that_of_the_seed(other_seed: int) -> None:
    prints = []
    for seed in (1, other_seed):
        rig = Rig(seed)
        rig.venue.echoes = True
        for number in range(20):
            rig.say_up(b"frame %d" % number)
            rig.links.run_for(MILLISECOND_NS)
        rig.links.run_for(SECOND_NS)
        prints.append(rig.links.fingerprint())
    assert (prints[0] == prints[1]) == (other_seed == 1)


@given(st.integers(0, 2**32), st.integers(0, 10**9), st.integers(0, 10**9))
def test_uniform_delays_keep_their_bounds(seed: int, low: int, span: int) -> None:
    delay = Uniform(low, low + span).draw_ns(random.Random(seed))
    assert low <= delay <= low + span


@given(st.integers(0, 2**32))
def test_lognormal_delays_are_capped(seed: int) -> None:
    delay = LogNormal(1_000_000, 2.0, 3_000_000).draw_ns(random.Random(seed))
    assert 0 <= delay <= 3_000_000


def test_frames_are_shown_as_they_are_written_and_before_they_are_read() -> None:
    rig = Rig()
    shown: list[tuple[str, int, bytes]] = []
    rig.links.on_frame = lambda *seen: shown.append(seen)
    rig.say_up(b"ask")
    rig.say_down(b"told")
    rig.links.run_for(SECOND_NS)
    rig.links.drop(0)
    assert shown == [("up", 0, b"ask"), ("down", 0, b"told"), ("lost", 0, b"")]


def test_a_stalled_core_reads_what_came_as_one_burst() -> None:
    rig = Rig()
    rig.links.stall(SECOND_NS)
    rig.say_down(b"1", b"2")
    rig.links.run_for(SECOND_NS // 2)
    rig.say_down(b"3")
    rig.links.command("pause")
    rig.core.timer_ns = CORE_EPOCH_NS + rig.links.now_ns
    seen = len(rig.core.seen)
    rig.links.run_for(SECOND_NS // 4)
    assert len(rig.core.seen) == seen
    rig.links.run_for(SECOND_NS)
    kinds = [entry[0] for entry in rig.core.seen[seen:]]
    assert sorted(kinds) == ["command", "data", "data", "data", "timer"]
    assert [entry[3:] for entry in rig.core.of("data")] == [
        (b"1", True),
        (b"2", True),
        (b"3", False),
    ]


def test_a_stalled_core_hears_of_a_lost_line_when_it_is_awake() -> None:
    rig = Rig()
    rig.links.stall(SECOND_NS)
    rig.say_down(b"last words")
    rig.links.run_for(10 * MILLISECOND_NS)
    rig.links.drop(0)
    rig.links.stall(9 * SECOND_NS)  # it is stalled already
    rig.links.run_for(SECOND_NS // 2)
    assert rig.core.of("lost") == []
    rig.links.run_for(SECOND_NS // 2)
    kinds = [entry[0] for entry in rig.core.seen if entry[0] in ("data", "lost")]
    assert kinds == ["data", "lost"]


def test_the_wall_clock_can_jump() -> None:
    rig = Rig()
    rig.links.step_wall(-5_000)
    entropy = rig.core.of("command")[-1][2]
    assert isinstance(entropy, dict)
    now_ms = (VENUE_EPOCH_NS + rig.links.now_ns) // MILLISECOND_NS
    assert entropy["wall_ms"] == now_ms - 5_000


def test_a_crash_loses_the_process_and_the_next_one_connects() -> None:
    rig = Rig(connections=2)
    first, second = rig.core, FakeCore()
    rig.say_up(b"on its way")
    rig.links.crash(
        second,
        FakeSigner(),
        venue_notices_ns=SECOND_NS,
        restarts_ns=2 * SECOND_NS,
    )
    before = len(first.seen)
    rig.say_down(b"to nobody")
    rig.links.run_for(SECOND_NS)
    assert [entry[3] for entry in rig.venue.of("data")] == [b"on its way"]
    assert len(rig.venue.of("lost")) == 2
    rig.links.run_for(2 * SECOND_NS)
    assert len(first.seen) == before
    assert second.of("data") == []
    assert sorted(entry[2] for entry in second.of("made")) == [0, 1]
    assert rig.links.counters.crashes == 1


def test_a_crash_while_connecting_leaves_no_line_of_the_dead_process() -> None:
    rig = Rig()
    rig.links.drop(0)
    rig.links.run_for(BACKOFF_FIRST_NS)  # it is connecting, or about to
    second = FakeCore()
    rig.links.crash(second, FakeSigner())
    rig.links.run_for(SECOND_NS)
    made, lost = len(rig.venue.of("made")), len(rig.venue.of("lost"))
    assert made - lost == 1
    assert len(second.of("made")) == 1


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_a_crash_in_the_middle_of_a_write(kept: int) -> None:
    rig = Rig()
    second = FakeCore()
    rig.links.crash_at_next_write(
        kept,
        lambda: rig.links.crash(second, FakeSigner(), venue_notices_ns=SECOND_NS // 2),
    )
    rig.links.run_for(SECOND_NS)
    assert rig.links.counters.crashes == 0
    rig.say_up(b"1", b"2", b"3")
    rig.links.run_for(SECOND_NS)
    sent = [entry[3] for entry in rig.venue.of("data")]
    assert sent == [b"1", b"2", b"3"][:kept]
    assert rig.links.counters.crashes == 1
    rig.say_up(b"4")  # the new process is not harmed
    assert len(second.of("made")) == 1
