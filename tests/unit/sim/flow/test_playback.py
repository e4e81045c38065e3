"""A capture played into the venue: its books, its prints, and clients in the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.sim.flow.capture import Capture
from engine.sim.flow.playback import BOOK_ACCOUNT, Playback
from engine.sim.settings import SimConfig, load, world_config
from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.markets.matching import BUY, SELL
from engine.sim.venue.venue import Venue
from engine.sim.world import World
from tests.unit.sim.flow.captures import PERP, book, index, trade, written

START_NS = 1_790_000_000_000_000_000
MS = 1_000_000
LISTING = ListingConfig(families=("BTC",), options=False, combos=False)
CONFIG = replace(VenueConfig(), listing=LISTING, bump_exempt=())

BIDS, ASKS = [(80_000.0, 500.0), (79_999.5, 200.0)], [(80_001.0, 300.0)]
SNAPSHOT = book(0, 10, BIDS, ASKS)


def played(path: Path, config: VenueConfig = CONFIG) -> tuple[Playback, Venue]:
    venue = Venue(config, START_NS)
    playback = Playback(Capture(path))
    playback.start(venue, START_NS)
    return playback, venue


def levels(
    venue: Venue, name: str = PERP
) -> tuple[dict[float, float], dict[float, float]]:
    market = venue.exchange.markets[name]
    i = market.instrument
    bids, asks = (
        {i.price(ticks): i.amount(lots) for ticks, lots in market.book.levels(side)}
        for side in (BUY, SELL)
    )
    return bids, asks


def tape(venue: Venue) -> list[tuple[float, float, str]]:
    market = venue.exchange.markets[PERP]
    i = market.instrument
    return [
        (i.price(t.price_ticks), i.amount(t.lots), t.taker.direction)
        for t in market.tape
    ]


def test_the_first_event_happens_at_the_start(tmp_path: Path) -> None:
    path = written(tmp_path, [index(0, 80_123.5), SNAPSHOT])
    playback, venue = played(path)
    assert levels(venue) == (dict(BIDS), dict(ASKS))
    assert venue.exchange.indices["btc_usd"].ref == 8_012_350_000_000
    assert playback.next_timer_ns() == 0


def test_changes_come_at_their_distance_in_time(tmp_path: Path) -> None:
    change = book(250, 11, [(79_999.5, 0.0)], [(80_001.5, 70.0)], prev=10)
    playback, venue = played(written(tmp_path, [SNAPSHOT, change]))
    assert playback.next_timer_ns() == START_NS + 250 * MS
    playback.step(START_NS + 249 * MS)
    assert levels(venue)[0] == dict(BIDS)
    playback.step(START_NS + 250 * MS)
    assert levels(venue) == (
        {80_000.0: 500.0},
        {80_001.0: 300.0, 80_001.5: 70.0},
    )
    assert playback.next_timer_ns() == 0


def test_a_new_picture_takes_away_what_it_does_not_name(tmp_path: Path) -> None:
    frames = [SNAPSHOT, book(1, 20, [(80_000.5, 10.0)], [(80_002.0, 20.0)])]
    playback, venue = played(written(tmp_path, frames))
    playback.step(START_NS + MS)
    assert levels(venue) == ({80_000.5: 10.0}, {80_002.0: 20.0})


def test_a_book_may_move_through_itself(tmp_path: Path) -> None:
    up = book(1, 11, [(80_005.0, 50.0)], [(80_001.0, 0.0), (80_006.0, 60.0)], prev=10)
    playback, venue = played(written(tmp_path, [SNAPSHOT, up]))
    playback.step(START_NS + MS)
    bids, asks = levels(venue)
    assert max(bids) == 80_005.0
    assert asks == {80_006.0: 60.0}
    assert not tape(venue)


@pytest.mark.parametrize("first", ["trade", "book"])
def test_a_trade_is_printed_and_the_book_ends_as_recorded(
    tmp_path: Path, first: str
) -> None:
    print_, change = (
        trade(1, "buy", 80_001.0, 100.0),
        book(1, 11, [], [(80_001.0, 200.0)], prev=10),
    )
    later = book(2, 12, [(79_000.0, 10.0)], [], prev=11)
    order = [print_, change] if first == "trade" else [change, print_]
    playback, venue = played(written(tmp_path, [SNAPSHOT, *order, later]))
    playback.step(START_NS + MS)
    assert tape(venue) == [(80_001.0, 100.0, "buy")]
    playback.step(START_NS + 2 * MS)
    assert levels(venue)[1] == {80_001.0: 200.0}


def test_a_trade_that_emptied_its_level_before_it_was_heard_is_printed(
    tmp_path: Path,
) -> None:
    frames = [
        SNAPSHOT,
        book(1, 11, [], [(80_001.0, 0.0), (80_002.0, 10.0)], prev=10),
        trade(1, "buy", 80_001.0, 300.0),
    ]
    playback, venue = played(written(tmp_path, frames))
    playback.step(START_NS + MS)
    assert tape(venue) == [(80_001.0, 300.0, "buy")]
    assert levels(venue) == (dict(BIDS), {80_002.0: 10.0})
    assert not playback.skipped


def test_a_clients_order_in_the_way_trades_first(tmp_path: Path) -> None:
    frames = [SNAPSHOT, trade(5, "buy", 80_001.0, 100.0)]
    playback, venue = played(written(tmp_path, frames))
    mine = venue.place("maker", PERP, "sell", 80_000.5, 40.0, t_ns=START_NS + MS)
    playback.step(START_NS + 5 * MS)
    assert mine.state == "filled"
    assert [one[:2] for one in tape(venue)] == [(80_000.5, 40.0), (80_001.0, 60.0)]


def test_a_client_at_a_recorded_level_waits_behind_it(tmp_path: Path) -> None:
    frames = [
        SNAPSHOT,
        trade(5, "buy", 80_001.0, 300.0),
        trade(6, "buy", 80_001.0, 10.0),
    ]
    playback, venue = played(written(tmp_path, frames))
    mine = venue.place("maker", PERP, "sell", 80_001.0, 10.0, t_ns=START_NS + MS)
    playback.step(START_NS + 5 * MS)
    assert mine.state == "open"
    playback.step(START_NS + 6 * MS)
    assert mine.state == "filled"


def test_what_a_client_takes_comes_back_when_the_level_is_named(tmp_path: Path) -> None:
    frames = [SNAPSHOT, book(5, 11, [], [(80_001.0, 280.0)], prev=10)]
    playback, venue = played(written(tmp_path, frames), replace(CONFIG, bump_ms=0))
    venue.place("taker", PERP, "buy", 80_001.0, 300.0, t_ns=START_NS + MS)
    assert levels(venue)[1] == {}
    playback.step(START_NS + 5 * MS)
    assert levels(venue)[1] == {80_001.0: 280.0}


def test_a_pause_moves_what_is_to_come(tmp_path: Path) -> None:
    frames = [SNAPSHOT, index(100, 80_000.5)]
    playback, _ = played(written(tmp_path, frames))
    playback.pause_until(START_NS, START_NS + 1_000 * MS)
    assert playback.next_timer_ns() == START_NS + 1_100 * MS


def test_off_the_grid_is_skipped_and_counted(tmp_path: Path) -> None:
    frames = [
        SNAPSHOT,
        book(
            1, 11, [(79_000.1, 10.0), (79_000.0, 15.0), (78_000.0, 20.0)], [], prev=10
        ),
        trade(2, "buy", 80_000.1, 10.0),
    ]
    playback, venue = played(written(tmp_path, frames))
    playback.step(START_NS + 2 * MS)
    assert playback.skipped == {"level off the grid": 2, "trade off the grid": 1}
    assert levels(venue)[0][78_000.0] == 20.0


def test_other_instruments_are_passed_over(tmp_path: Path) -> None:
    other = book(1, 20, [(5.0, 1.0)], [], name="DOGE-PERPETUAL")
    playback, venue = played(written(tmp_path, [SNAPSHOT, other]))
    playback.step(START_NS + MS)
    assert levels(venue) == (dict(BIDS), dict(ASKS))


def test_nothing_that_is_listed_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [book(0, 1, [(5.0, 1.0)], [], name="DOGE-PERPETUAL")])
    with pytest.raises(ConfigError, match="has DOGE-PERPETUAL"):
        played(path)


def test_another_grid_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [book(0, 1, [(80_000.1, 10.0)], [])])
    with pytest.raises(ConfigError, match="on the grid of BTC-PERPETUAL"):
        played(path)


AMOUNTS = st.integers(0, 5).map(lambda n: n * 10.0)
CHANGES = st.lists(
    st.tuples(st.integers(-6, 6), st.dictionaries(st.integers(0, 5), AMOUNTS)),
    max_size=12,
)


@given(CHANGES)
def test_any_recorded_book_is_reproduced(
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[tuple[int, dict[int, float]]],
) -> None:
    """The touch wanders; each change sets levels beside it and clears what it met."""
    bids, asks = dict(BIDS), dict(ASKS)
    frames: list[Any] = [SNAPSHOT]
    for number, (shift, sizes) in enumerate(changes):
        middle = 80_000.0 + shift * 0.5
        new_bids = {p: 0.0 for p in bids if p >= middle}
        new_asks = {p: 0.0 for p in asks if p <= middle}
        for distance, amount in sizes.items():
            new_bids[middle - 0.5 - distance * 0.5] = amount
            new_asks[middle + 0.5 + distance * 0.5] = amount
        bids = {p: q for p, q in (bids | new_bids).items() if q}
        asks = {p: q for p, q in (asks | new_asks).items() if q}
        frames.append(
            book(
                number, 11 + number, list(new_bids.items()), list(new_asks.items()),
                prev=10 + number,
            )
        )  # fmt: skip
    playback, venue = played(written(tmp_path_factory.mktemp("capture"), frames))
    playback.step(START_NS + 1_000 * MS)
    assert levels(venue) == (bids, asks)
    assert not playback.skipped
    account = venue.exchange.accounts[BOOK_ACCOUNT]
    assert len(account.open_orders) == len(bids) + len(asks)


def test_a_world_plays_the_capture_its_file_names(tmp_path: Path) -> None:
    written(
        tmp_path,
        [index(0, 64_000.0), book(0, 1, [(64_000.0, 10.0)], [(64_000.5, 20.0)])],
    )
    toml = tmp_path / "sim.toml"
    toml.write_text('[market]\ncapture = "capture.jsonl"\n[listing]\noptions = false\n')
    config = world_config(load(toml), 1)
    assert config.venue.index_prices["btc_usd"] == 64_000
    assert config.venue.index_prices["btc_usdc"] == 64_000
    world = World(1, config, START_NS)
    assert levels(world.venue) == ({64_000.0: 10.0}, {64_000.5: 20.0})
    world.handle_timer(START_NS + 5_000 * MS)
    assert levels(world.venue) == ({64_000.0: 10.0}, {64_000.5: 20.0})


def test_a_world_without_its_capture_is_refused(tmp_path: Path) -> None:
    sim = SimConfig.model_validate({"market": {"capture": str(tmp_path / "none")}})
    with pytest.raises(ConfigError, match="cannot be read"):
        world_config(sim, 1)
