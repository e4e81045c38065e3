"""A line that dies in silence: nobody closes it, what is sent is lost.

The bounds of docs/running.md hold from the moment of the cut: the venue has ended the
orders after two intervals of its heartbeat, the engine has given the line up after one
interval, `request_timeout_s` and the second it leaves a closing handshake.
"""

import datetime
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.live.dialogue import Dialogue
from engine.live.ingress import CLOSE_TIMEOUT_S
from tests.loopback.processes import (
    ENV,
    TIMEOUT_S,
    Wire,
    ask,
    free_port,
    is_quoting,
    labels_open,
    reasons_of_end,
    running,
    scrape,
    until,
    venue_ms,
    write_config,
)

pytestmark = pytest.mark.loopback

HEARTBEAT_S = 10
REQUEST_TIMEOUT_S = 5
VENUE_BOUND_S = 2 * HEARTBEAT_S
ENGINE_BOUND_S = HEARTBEAT_S + REQUEST_TIMEOUT_S + CLOSE_TIMEOUT_S
SPARE_S = 1.0
"""Between reading a clock and the cut, and for a process to get its turn."""

JOIN_TOUCH = """strategy = "strategies.join_touch:JoinTouch"
params = { qty_lots = 2, skew_ticks = 0.1 }
requote_ticks = 2
"""
FAR = """strategy = "strategies.ladder:Ladder"
params = { qty_lots = 2, half_spread_ticks = 600 }
requote_ticks = 100
"""
"""Far from the market, so that no trade ends the orders before the venue does."""


@pytest.fixture
def wire(venue_url: str) -> Iterator[Wire]:
    """Return the cable between engine and venue."""
    found = Wire(venue_url)
    yield found
    found.close()


def configured(folder: Path) -> Path:
    """Write a configuration that quotes far from the market, with a short heartbeat."""
    path = write_config(folder)
    keys = f"heartbeat_s = {HEARTBEAT_S}\nrequest_timeout_s = {REQUEST_TIMEOUT_S}"
    text = path.read_text().replace("[venue]", f"[venue]\n{keys}")
    path.write_text(text.replace(JOIN_TOUCH, FAR))
    return path


async def lines(venue: Dialogue) -> set[int]:
    """Return the connections the venue counts as the maker's, but for this one."""
    rows = await venue.call("sim/connections")
    return {
        row["connection"]
        for row in rows
        if row["account"] == "maker" and not (row["here"] or row["http"])
    }


@pytest.mark.usefixtures("on_each_ingress")
def test_the_venue_ends_the_orders_and_the_engine_comes_back(
    venue_url: str, wire: Wire, tmp_path: Path
) -> None:
    """The host's only cable: neither side hears of the other, and none can call."""
    port, config = free_port(), str(configured(tmp_path))
    options = ["--url", wire.url, "--metrics-port", str(port)]
    with running("run", config, *options, env=ENV) as engine:
        until("quoting", lambda: is_quoting(port))
        until("both orders at the venue", lambda: len(labels_open(venue_url)) == 2)
        cut, since_ms = labels_open(venue_url), ask(venue_url, venue_ms)
        cut_at = datetime.datetime.now(datetime.UTC)
        wire.swallow()
        reasons = reasons_of_end(venue_url, cut, since_ms, VENUE_BOUND_S + SPARE_S)
        assert reasons == {"cancel_on_disconnect"}
        assert labels_open(venue_url) == set()
        until("given up", lambda: scrape(port).get("halfspread_connected") == 0)

        wire.mend()
        until("quoting again", lambda: is_quoting(port))
        until("both orders back", lambda: len(labels_open(venue_url)) == 2)
        assert not cut & labels_open(venue_url)
        engine.send_signal(signal.SIGTERM)
        _, log = engine.communicate(timeout=TIMEOUT_S)
    assert engine.returncode == 0, log.decode()
    assert labels_open(venue_url) == set()
    down = next(line for line in log.decode().splitlines() if "0 is down" in line)
    given_up_at = datetime.datetime.fromisoformat(down.split()[0])
    assert (given_up_at - cut_at).total_seconds() <= ENGINE_BOUND_S + SPARE_S


def test_the_engine_takes_another_way_while_the_venue_still_waits(
    venue_url: str, wire: Wire, tmp_path: Path
) -> None:
    """One way died. What is adopted from the dead line falls with it later."""
    port, config = free_port(), configured(tmp_path)
    config.write_text(config.read_text() + '[orders]\non_start = "adopt"\n')
    options = ["--url", wire.url, "--metrics-port", str(port)]
    with running("run", str(config), *options, env=ENV) as engine:
        until("quoting", lambda: is_quoting(port))
        until("both orders at the venue", lambda: len(labels_open(venue_url)) == 2)
        cut, dead = labels_open(venue_url), ask(venue_url, lines)
        assert len(dead) == 1
        wire.swallow()
        wire.mend()
        until("a new line", lambda: scrape(port).get("halfspread_connects_total") == 2)
        until("quoting again", lambda: is_quoting(port))
        until("the venue ends the old", lambda: not dead & ask(venue_url, lines))
        until("both orders back", lambda: len(labels_open(venue_url)) == 2)
        assert not cut & labels_open(venue_url)
        assert len(ask(venue_url, lines)) == 1
        assert is_quoting(port)
        engine.send_signal(signal.SIGTERM)
        _, log = engine.communicate(timeout=TIMEOUT_S)
    assert engine.returncode == 0, log.decode()
    assert labels_open(venue_url) == set()
