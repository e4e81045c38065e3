"""Captures: what is read, what is passed over, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.sim.flow.capture import (
    MILLISECOND_NS,
    BookEvent,
    Capture,
    IndexEvent,
    TradeEvent,
    index_of,
)
from tests.unit.sim.flow.captures import PERP, T_MS, book, index, notice, trade, written

SNAPSHOT = book(0, 10, [(100.0, 50.0), (99.5, 20.0)], [(101.0, 30.0)])


def test_books_trades_and_indices_come_in_order(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        [
            index(0, 100.5),
            SNAPSHOT,
            trade(5, "buy", 101.0, 10.0),
            book(6, 12, [(99.5, 0.0)], [(101.0, 20.0)], prev=10),
        ],
    )
    t_ns = T_MS * MILLISECOND_NS
    assert list(Capture(path)) == [
        IndexEvent(t_ns, "btc_usd", 100.5),
        BookEvent(t_ns, PERP, True, [(100.0, 50.0), (99.5, 20.0)], [(101.0, 30.0)]),
        TradeEvent(t_ns + 5 * MILLISECOND_NS, PERP, True, 101.0, 10.0),
        BookEvent(
            t_ns + 6 * MILLISECOND_NS, PERP, False, [(99.5, 0.0)], [(101.0, 20.0)]
        ),
    ]


@pytest.mark.parametrize("layout", ["bare", "record", "text", "timed", "zstd"])
def test_every_layout_of_a_recording_is_read(tmp_path: Path, layout: str) -> None:
    plain = orjson.dumps(SNAPSHOT)
    line = {
        "bare": plain,
        "record": b'{"ts":5.5,"dir":"recv","frame":' + plain + b"}",
        "text": orjson.dumps({"ts": 5.5, "dir": "recv", "frame": plain.decode()}),
        "timed": b"5500000000 " + plain,
        "zstd": plain,
    }[layout]
    path = tmp_path / "capture"
    path.write_bytes(zstandard.compress(line) if layout == "zstd" else line)
    (event,) = Capture(path)
    assert isinstance(event, BookEvent)
    received = layout not in ("bare", "zstd")
    assert event.t_ns == (5_500_000_000 if received else T_MS * MILLISECOND_NS)


def test_what_was_sent_is_no_event(tmp_path: Path) -> None:
    lines = [{"ts": 1, "dir": "send", "frame": SNAPSHOT}]
    assert list(Capture(written(tmp_path, lines))) == []


def test_a_gap_silences_a_book_until_its_next_snapshot(tmp_path: Path) -> None:
    frames = [
        SNAPSHOT,
        book(1, 20, [(100.0, 1.0)], [], prev=15),
        book(2, 30, [(100.0, 2.0)], [], prev=20),
        book(3, 40, [(100.0, 3.0)], []),
        book(4, 50, [(100.0, 4.0)], [], prev=40),
    ]
    capture = Capture(written(tmp_path, frames))
    sizes = [event.bids[0][1] for event in capture if isinstance(event, BookEvent)]
    assert sizes == [50.0, 3.0, 4.0]
    assert capture.problems == {"gap in a book; it waits for a snapshot": 1}


def test_a_second_channel_of_a_book_is_passed_over(tmp_path: Path) -> None:
    other = book(0, 10, [(90.0, 1.0)], [])
    other["params"]["channel"] = f"book.{PERP}.100ms"
    assert len(list(Capture(written(tmp_path, [SNAPSHOT, other])))) == 1


def test_a_grouped_book_is_a_whole_picture_each_time(tmp_path: Path) -> None:
    data = {
        "timestamp": T_MS, "instrument_name": PERP, "change_id": 1,
        "bids": [[100.0, 5.0]], "asks": [[101.0, 6.0]],
    }  # fmt: skip
    frame = notice(f"book.{PERP}.none.10.100ms", data)
    (event,) = Capture(written(tmp_path, [frame]))
    assert isinstance(event, BookEvent)
    assert event.is_whole
    assert (event.bids, event.asks) == ([(100.0, 5.0)], [(101.0, 6.0)])


def test_an_index_is_heard_from_tickers_and_trades_without_a_channel_of_its_own(
    tmp_path: Path,
) -> None:
    ticker = {"instrument_name": PERP, "index_price": 7.0, "timestamp": T_MS}
    frames = [
        notice(f"ticker.{PERP}.raw", ticker),
        notice(f"ticker.{PERP}.raw", ticker),
        trade(1, "buy", 7.0, 10.0, index_price=8.0),
        index(2, 9.0),
        trade(3, "buy", 7.0, 10.0, index_price=10.0),
    ]
    prices = [
        e.price for e in Capture(written(tmp_path, frames)) if isinstance(e, IndexEvent)
    ]
    assert prices == [7.0, 8.0, 9.0]


def test_prints_of_blocks_and_combos_are_no_trades_of_the_book(tmp_path: Path) -> None:
    frames = [
        trade(1, "buy", 7.0, 10.0, block_trade_id="1"),
        trade(1, "buy", 7.0, 10.0, combo_id="2"),
    ]
    assert list(Capture(written(tmp_path, frames))) == []


def test_times_never_go_back(tmp_path: Path) -> None:
    frames = [SNAPSHOT, index(-5_000, 7.0), index(1, 8.0)]
    times = [
        event.t_ns - T_MS * MILLISECOND_NS
        for event in Capture(written(tmp_path, frames))
    ]
    assert times == [0, 0, MILLISECOND_NS]


@pytest.mark.parametrize(
    ("name", "index_name"),
    [
        ("BTC-PERPETUAL", "btc_usd"),
        ("ETH-26MAR27-3000-C", "eth_usd"),
        ("SOL_USDC-PERPETUAL", "sol_usdc"),
        ("ETH_BTC", "eth_btc"),
    ],
)
def test_the_index_of_a_name(name: str, index_name: str) -> None:
    assert index_of(name) == index_name


def test_an_outline_has_first_books_and_prices(tmp_path: Path) -> None:
    frames = [SNAPSHOT, book(1, 11, [(99.0, 1.0)], []), index(2, 100.25), index(3, 7.0)]
    outline = Capture(written(tmp_path, frames)).outline()
    assert outline.indices == {"btc_usd": 100.25}
    assert outline.books[PERP].bids[0] == (100.0, 50.0)


def test_without_an_index_the_middle_of_the_book_stands_in(tmp_path: Path) -> None:
    assert Capture(written(tmp_path, [SNAPSHOT])).outline().indices == {
        "btc_usd": 100.5
    }


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([], "found none"),
        ([{"id": 1, "result": "ok"}], "found none"),
        ([index(0, 7.0)], "found none"),
        ([book(1, 20, [(100.0, 1.0)], [], prev=15)], "found none"),
        ([notice(f"book.{PERP}.raw", {"bids": 1})], "1 x frame that is no"),
        ([notice(f"trades.{PERP}.raw", [{"price": 1}])], "1 x frame that is no"),
    ],
    ids=["empty", "answers", "index", "changes", "book", "trade"],
)
def test_a_file_without_a_book_is_refused(
    tmp_path: Path, frames: list[Any], why: str
) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        Capture(written(tmp_path, frames)).outline()
    assert caught.value.key == "market.capture"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Capture(tmp_path / "none.jsonl")


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_no_bytes_make_reading_fail(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("capture") / "any"
    path.write_bytes(b"\n".join([*lines, orjson.dumps(SNAPSHOT)]))
    for event in Capture(path):
        assert event.t_ns >= 0
