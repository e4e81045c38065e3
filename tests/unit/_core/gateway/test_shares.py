"""Shares of the credits: each budget has its own, cancels always go, and count."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine._core.core import Core
from engine._core.gateway.shares import Shares
from tests.oracles.venue import SlowVenue
from tests.rig import LIMITS, MID, MS, ROW, SilentSession, Wisher

RATE, BURST, RESERVE, SAFETY = 10.0, 45.0, 4, 1
USABLE = BURST - RESERVE - SAFETY
NAMES = ("A-PERPETUAL", "B-PERPETUAL", "C-PERPETUAL")


class Desk:
    """Three instruments: two budgets with a share, one instrument in none."""

    def __init__(self, **shares: float) -> None:
        self.core = Core(3)
        self.core.attach(SilentSession())
        self.core.set_budgets(
            {
                name: {
                    "instruments": [f"{name}-PERPETUAL"],
                    "exposure_max_usd": 0.0,
                    "delta_max_usd": 0.0,
                    "requests_per_s_max": 0,
                    "credit_share": share,
                }
                for name, share in shares.items()
            }
        )
        self.wishers = [Wisher() for _ in NAMES]
        self.t_ns = 1_000 * MS
        for name, wisher in zip(NAMES, self.wishers, strict=True):
            index = self.core.add_instrument({**ROW, "instrument_name": name})
            self.core.bind(index, wisher, LIMITS)
        self.core.connection_made(0, self.t_ns)
        self.core.set_credit_limits({"all": (RATE, BURST)})
        for index in range(len(NAMES)):
            self.core.route_credits(index, "all")
        self.pass_time(20_000)
        self.core.set_quoting(True, "test")
        self.changes = 0

    def pass_time(self, ms: int) -> None:
        self.t_ns += ms * MS
        self.core.handle_timer(self.t_ns)

    def wish(self, i: int) -> None:
        """Let an instrument wish for eight new prices a side."""
        self.changes += 1
        wisher, far = self.wishers[i], 1 + self.changes % 2 * 10
        wisher.bids = [(MID - far - k, 1) for k in range(8)]
        wisher.asks = [(MID + far + k, 1) for k in range(8)]
        data = {
            "type": "snapshot",
            "timestamp": 1,
            "instrument_name": NAMES[i],
            "change_id": self.changes,
            "bids": [["new", (MID - 1) * 0.5, 10.0]],
            "asks": [["new", (MID + 1) * 0.5, 10.0]],
        }
        params = {"channel": f"book.{NAMES[i]}.raw", "data": data}
        frame = {"jsonrpc": "2.0", "method": "subscription", "params": params}
        self.core.receive_data(0, self.t_ns, json.dumps(frame).encode())

    def sent(self) -> list[str]:
        """Return the instruments the requests since the last call were about."""
        lines = [json.loads(line) for line in self.core.data_to_send(0).splitlines()]
        return [line["params"].get("instrument_name", "") for line in lines]


def test_without_a_share_nobody_is_bounded() -> None:
    desk = Desk(A=0.0, B=0.0)
    assert not desk.core.shares.is_split
    desk.wish(0)
    assert len(desk.sent()) == 16


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_a_burst_is_cut_to_the_share(share: float) -> None:
    desk = Desk(A=share, B=0.5)
    desk.wish(0)
    assert desk.sent() == [NAMES[0]] * int(share * USABLE + 1e-9)
    desk.pass_time(1_000)
    desk.wish(0)
    assert len(desk.sent()) == int(share * RATE + 1e-9)


def burst_beside_greed(share: float) -> tuple[int, int]:
    """Return what B gets at once while A asks all the time, and A's requests."""
    desk, venue, greedy = Desk(A=share, B=share), SlowVenue(NAMES[0]), 0
    for _ in range(100):
        desk.pass_time(100)
        desk.wish(0)
        lines = desk.core.data_to_send(0)
        greedy += len(lines.splitlines())
        venue.receive(lines)
        while venue.requests:
            venue.work()
        frames, venue.frames = venue.frames, []
        for frame in frames:
            desk.core.receive_data(0, desk.t_ns, frame)
    desk.core.data_to_send(0)
    desk.wish(1)
    return desk.sent().count(NAMES[1]), greedy


def test_one_that_uses_up_its_requests_does_not_starve_another() -> None:
    shared, bounded = burst_beside_greed(0.4)
    alone, unbounded = burst_beside_greed(0.0)
    assert bounded <= 0.4 * (USABLE + RATE * 10.1) + 1
    assert unbounded > 2 * bounded
    assert shared == 16, "both sides of all eight levels, at once"
    assert alone < 8


def test_what_has_no_share_has_the_rest_together() -> None:
    desk = Desk(A=0.6, B=0.0)
    desk.wish(1)
    desk.wish(2)
    desk.wish(1)
    assert len(desk.sent()) == int(0.4 * USABLE)


def test_a_share_below_one_request_is_one() -> None:
    desk = Desk(A=0.001, B=0.5)
    desk.wish(0)
    assert desk.sent() == [NAMES[0]]


def test_cancels_go_and_count() -> None:
    """12 orders use up the share; 12 cancels go all the same, and are owed for."""
    desk = Desk(A=0.3, B=0.5)
    desk.wish(0)
    venue = SlowVenue(NAMES[0])
    venue.receive(desk.core.data_to_send(0))
    while venue.requests:
        venue.work()
    assert len(venue.open_orders()) == 12
    for frame in venue.frames:
        desk.core.receive_data(0, desk.t_ns, frame)
    desk.core.set_quoting(False, "test")
    desk.pass_time(1)
    lines = [json.loads(line) for line in desk.core.data_to_send(0).splitlines()]
    assert [line["method"] for line in lines] == ["private/cancel"] * 12
    desk.pass_time(3_900)  # 24 requests less 3 a second are still above 12
    assert desk.core.shares.left(0, 0, desk.t_ns) == 0.0
    desk.pass_time(4_100)
    assert desk.core.shares.left(0, 0, desk.t_ns) == pytest.approx(12.0, abs=0.1)


@pytest.mark.parametrize(
    "parts", [{0: 0.0}, {0: 1.1}, {0: -0.1}, {64: 0.5}, {-1: 0.5}, {0: 0.6, 1: 0.5}]
)
def test_what_is_no_share_is_refused(parts: dict[int, float]) -> None:
    with pytest.raises(ValueError, match=r"share"):
        Shares().set_parts(parts)


def test_the_whole_may_be_shared_out() -> None:
    shares = Shares()
    shares.set_parts({0: 0.7, 1: 0.1, 2: 0.2})
    assert shares.is_split


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 3_000)), min_size=1, max_size=30
    )
)
def test_no_share_is_passed_over_any_stretch_of_time(
    steps: list[tuple[int, int]],
) -> None:
    """New orders of one budget, from any moment on: burst and rate times time."""
    parts = {0: 0.25, 1: 0.5, 2: 0.25}
    desk = Desk(A=0.25, B=0.5)
    sent: list[tuple[float, int]] = []
    for i, wait_ms in steps:
        desk.pass_time(wait_ms)
        desk.wish(i)
        sent += [(desk.t_ns / 1e9, NAMES.index(name)) for name in desk.sent() if name]
    for who, part in parts.items():
        times = [t for t, i in sent if i == who]
        for k, start in enumerate(times):
            for n, end in enumerate(times[k:], start=1):
                assert n <= part * (USABLE + RATE * (end - start)) + 1e-6
