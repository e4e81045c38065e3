"""Recorded option books of 2021 come out of the simulated venue as they went in."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.sim.flow.capture import BookEvent, Capture, index_of
from engine.sim.flow.playback import Playback
from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ContractConfig
from engine.sim.venue.markets.matching import BUY, SELL
from engine.sim.venue.products.calendar import MONTHS, SETTLEMENT_MS, day_from_civil
from engine.sim.venue.venue import Venue
from tests.data.shared import recorded

DAY_MS = 86_400_000
FILES = ["ws_options_raw_20210405.jsonl.zst", "ws_options_raw_20210417.jsonl.zst"]


def expiry_ms(day: str) -> int:
    """Return the expiry of a name's date, as 30APR21."""
    month = MONTHS.index(day[-5:-2]) + 1
    number = day_from_civil(2_000 + int(day[-2:]), month, int(day[:-5]))
    return number * DAY_MS + SETTLEMENT_MS


def contracts(names: list[str]) -> list[ContractConfig]:
    """Return the options of a capture, and a future for each of their expiries."""
    found: dict[str, ContractConfig] = {}
    for name in names:
        base, day, strike, letter = name.split("-")
        common = {
            "base_currency": base,
            "price_index": index_of(name),
            "index_id": 1,
            "settlement_period": "month",
            "expiration_timestamp": expiry_ms(day),
            "creation_timestamp": 0,
            "settlement_currency": base,
        }
        future = f"{base}-{day}"
        found[future] = ContractConfig(
            instrument_name=future, instrument_id=len(found) + 1,
            tick_size=Decimal("0.5"), contract_size=Decimal(10),
            min_trade_amount=Decimal(10), **common,
        )  # fmt: skip
        found[name] = ContractConfig(
            instrument_name=name, instrument_id=len(found) + 1, kind="option",
            tick_size=Decimal("0.0005"), contract_size=Decimal(1),
            min_trade_amount=Decimal("0.1"), quote_currency=base,
            strike=Decimal(strike), option_type="call" if letter == "C" else "put",
            **common,
        )  # fmt: skip
    return list(found.values())


@pytest.mark.replay
@pytest.mark.parametrize("file", FILES)
def test_a_recorded_option_chain_is_reproduced(file: str) -> None:
    capture = Capture(recorded("data", "deribit", file))
    outline = capture.outline()
    prices = {name: Decimal(str(price)) for name, price in outline.indices.items()}
    venue_config = VenueConfig(
        contracts=tuple(contracts(list(outline.books))), index_prices=prices
    )
    wanted: dict[str, dict[tuple[bool, float], float]] = {}
    events = list(capture)
    for event in events:
        if isinstance(event, BookEvent):
            book = {} if event.is_whole else wanted[event.instrument]
            for is_bid, levels in ((True, event.bids), (False, event.asks)):
                book |= {(is_bid, price): amount for price, amount in levels}
            wanted[event.instrument] = {k: q for k, q in book.items() if q}
    assert len(wanted) == 10
    venue = Venue(venue_config, events[0].t_ns)
    playback = Playback(capture)
    playback.start(venue, events[0].t_ns)
    playback.step(events[-1].t_ns)
    assert playback.next_timer_ns() == 0
    assert not playback.skipped
    for name, book in wanted.items():
        market = venue.exchange.markets[name]
        i = market.instrument
        found = {
            (side == BUY, i.price(ticks)): i.amount(lots)
            for side in (BUY, SELL)
            for ticks, lots in market.book.levels(side)
        }
        assert found == book, name
