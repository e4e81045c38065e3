"""Decoder: kinds of messages, keys in any order, and what becomes of surprises."""

import itertools
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine._core.base.instrument import InstrumentTable
from engine._core.decode.message import KIND_NAMES, Decoder
from tests.generators.frames import INSTRUMENTS

LEVELS_PER_FRAME_MAX = 131_072
ROWS_PER_FRAME_MAX = 1_024
NESTING_MAX = 64

BOOK: dict[str, Any] = {
    "timestamp": 1789344931639,
    "type": "change",
    "change_id": 118850969743,
    "instrument_name": "BTC-PERPETUAL",
    "bids": [["change", 76914.0, 10.0]],
    "asks": [["delete", 77027.5, 0.0]],
    "prev_change_id": 118850968930,
}
BOOK_READ = {
    "kind": "book",
    "instrument": 0,
    "is_snapshot": False,
    "change_id": 118850969743,
    "prev_change_id": 118850968930,
    "venue_ms": 1789344931639,
    "levels": [("bid", 153828, 1), ("ask", 154055, 0)],
}
ORDER: dict[str, Any] = {
    "order_id": "1",
    "order_state": "open",
    "direction": "sell",
    "instrument_name": "BTC-PERPETUAL",
    "amount": 10,
    "price": 1.0,
}
TRADE: dict[str, Any] = {
    "trade_id": "7",
    "order_id": "1",
    "direction": "sell",
    "instrument_name": "BTC-PERPETUAL",
    "amount": 10,
    "price": 1.0,
}


def frame(channel: str, data: Any) -> bytes:
    params = {"channel": channel, "data": data}
    return orjson.dumps({"jsonrpc": "2.0", "method": "subscription", "params": params})


def book(**changed: Any) -> bytes:
    data = {k: v for k, v in {**BOOK, **changed}.items() if v is not ...}
    return frame("book.BTC-PERPETUAL.raw", data)


def kind(decoder: Decoder, payload: Any) -> Any:
    raw = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    return decoder.read(raw)["kind"]


def test_kinds_have_the_names_of_the_enum() -> None:
    page = Path(__file__).parents[4] / "engine" / "_core" / "decode" / "message.pxd"
    found = re.findall(r"MESSAGE_([A-Z_]+) = (\d+)", page.read_text())
    names = {int(value): name.lower() for name, value in found}
    assert names.pop(len(KIND_NAMES)) == "kinds"
    assert names == KIND_NAMES


# -- order of keys


@pytest.mark.parametrize(
    "keys", list(itertools.permutations(("jsonrpc", "method", "params")))
)
@pytest.mark.parametrize("inner", [("channel", "data"), ("data", "channel")])
def test_envelope_in_any_order(
    decoder: Decoder, keys: tuple[str, ...], inner: tuple[str, ...]
) -> None:
    whole = orjson.loads(book())
    whole["params"] = {key: whole["params"][key] for key in inner}
    assert decoder.read(orjson.dumps({key: whole[key] for key in keys})) == BOOK_READ
    assert decoder.surprises == 0


def test_book_fields_in_any_order(decoder: Decoder) -> None:
    # Both sides stay in the order of the frame, so bids go before asks here.
    for keys in itertools.permutations(BOOK):
        if keys.index("bids") < keys.index("asks"):
            data = {key: BOOK[key] for key in keys}
            assert decoder.read(frame("book.BTC-PERPETUAL.raw", data)) == BOOK_READ
    assert decoder.surprises == 0


def test_levels_stand_in_the_order_of_the_frame(decoder: Decoder) -> None:
    data = dict(reversed(BOOK.items()))
    out = decoder.read(frame("book.BTC-PERPETUAL.raw", data))
    assert out["levels"] == BOOK_READ["levels"][::-1]  # type: ignore[index]


@pytest.mark.parametrize("keys", list(itertools.permutations(("id", "result", "usIn"))))
def test_reply_in_any_order(decoder: Decoder, keys: tuple[str, ...]) -> None:
    whole = {"id": 1_000_000, "result": {"trades": [TRADE], "order": ORDER}, "usIn": 1}
    out = decoder.read(orjson.dumps({key: whole[key] for key in keys}))
    assert (out["kind"], out["id"], out["is_error"]) == ("reply", 1_000_000, False)
    assert [row["order_id"] for row in out["orders"]] == ["1"]
    assert [row["trade_id"] for row in out["fills"]] == ["7"]


def test_unknown_keys_anywhere(decoder: Decoder) -> None:
    new = {"bids": [1], "method": "x", "id": 5, "channel": [{"data": None}]}
    data = {"new": new, **BOOK, "more": '\U0001f600 \\ " \n'}
    params = {"label": "mm-1", "x": new, "channel": "book.BTC-PERPETUAL.raw"}
    payload = {
        "x": new,
        "method": "subscription",
        "y": [new],
        "params": {**params, "data": data, "z": new},
        "": None,
    }
    assert decoder.read(orjson.dumps(payload)) == BOOK_READ
    assert decoder.surprises == 0


# -- book


def test_book_without_a_type(decoder: Decoder) -> None:
    out = decoder.read(book(type=..., prev_change_id=...))
    assert (out["is_snapshot"], out["prev_change_id"]) == (True, -1)
    out = decoder.read(book(type=...))
    assert (out["is_snapshot"], out["prev_change_id"]) == (False, 118850968930)


def test_snapshot_forgets_its_predecessor(decoder: Decoder) -> None:
    out = decoder.read(book(type="snapshot", prev_change_id=20))
    assert (out["is_snapshot"], out["prev_change_id"]) == (True, -1)


def test_change_passes_its_predecessor_on(decoder: Decoder) -> None:
    assert decoder.read(book(prev_change_id=0))["prev_change_id"] == 0
    for absent in (..., None):
        out = decoder.read(book(prev_change_id=absent))
        assert (out["is_snapshot"], out["prev_change_id"]) == (False, -1)


def test_book_of_an_unknown_instrument(decoder: Decoder) -> None:
    payload = frame("book.SOL_USDC-PERPETUAL.raw", {"anything": 1})
    assert kind(decoder, payload) == "unknown_instrument"
    payload = frame("ticker.SOL_USDC-PERPETUAL.raw", {})
    assert kind(decoder, payload) == "unknown_instrument"


def test_an_instrument_added_later_is_known() -> None:
    table = InstrumentTable()
    decoder = Decoder(table)
    assert kind(decoder, book()) == "unknown_instrument"
    table.add(INSTRUMENTS[0])
    assert kind(decoder, book()) == "book"
    table.remove(0)
    assert kind(decoder, book()) == "unknown_instrument"


@pytest.mark.parametrize("key", ["timestamp", "change_id", "bids", "asks"])
@pytest.mark.parametrize("value", [..., None, "1", True, {}])
def test_book_lacking_a_field(decoder: Decoder, key: str, value: Any) -> None:
    out = decoder.read(book(**{key: value}))
    assert out == {"kind": "unknown", "instrument": 0}


@pytest.mark.parametrize(
    "changed",
    [{"type": "delta"}, {"type": None}, {"instrument_name": "ETH-PERPETUAL"}],
)
def test_book_that_says_something_else(
    decoder: Decoder, changed: dict[str, Any]
) -> None:
    assert decoder.read(book(**changed)) == {"kind": "unknown", "instrument": 0}


@pytest.mark.parametrize(
    "changed",
    [
        {"change_id": -1},
        {"change_id": 1.5},
        {"change_id": 10**19},
        {"change_id": 9223372036854775807},
        {"prev_change_id": -1},
        {"timestamp": -5},
    ],
)
def test_book_numbers_out_of_range(decoder: Decoder, changed: dict[str, Any]) -> None:
    out = decoder.read(book(**changed))
    assert out == {"kind": "out_of_range", "instrument": 0}


def test_misfit_beats_out_of_range_wherever_it_stands(decoder: Decoder) -> None:
    bad = [["new", 1.1, 10]]
    assert kind(decoder, book(bids=bad, asks=[1])) == "unknown"
    assert kind(decoder, book(bids=[1], asks=bad)) == "unknown"


def test_levels_at_the_limit_and_one_past_it(decoder: Decoder) -> None:
    level = ["new", 1.0, 10.0]
    half = [level] * (LEVELS_PER_FRAME_MAX // 2)
    out = decoder.read(book(bids=half, asks=half))
    assert out["kind"] == "book"
    assert len(out["levels"]) == LEVELS_PER_FRAME_MAX
    assert out["levels"][-1] == ("ask", 2, 1)
    out = decoder.read(book(bids=half, asks=[*half, level]))
    assert out == {"kind": "out_of_range", "instrument": 0}
    assert decoder.read(book()) == BOOK_READ


# -- channels


@pytest.mark.parametrize(
    "channel",
    [
        "platform_state",
        "platform_state.public_methods_state",
        "instrument.state.any.any",
        "instrument.creation.future.BTC",
        "user.portfolio.btc",
        "user.lock",
        "user.mmp_trigger.any",
        "deribit_price_index.btc_usd",
    ],
)
def test_channels_of_the_session(decoder: Decoder, channel: str) -> None:
    assert kind(decoder, frame(channel, {"x": 1})) == "control"
    assert kind(decoder, frame(channel, None)) == "control"


@pytest.mark.parametrize(
    "channel",
    [
        "book.BTC-PERPETUAL.none.20.100ms",
        "book.BTC-PERPETUAL",
        "book.BTC-PERPETUAL.",
        "book",
        "ticker.BTC-PERPETUAL",
        "trades.option.any.raw",
        "quote.BTC-PERPETUAL",
        "chart.trades.BTC-PERPETUAL.1",
        "incremental_ticker.BTC-PERPETUAL",
        "user.access_log",
        "user.combo_trades.any.any.raw",
        "user.lock.x",
        "announcements",
        "",
        'a "quoted" one',
    ],
)
def test_channels_nobody_reads(decoder: Decoder, channel: str) -> None:
    assert kind(decoder, frame(channel, [{"x": [1, None]}])) == "ignored"


def test_private_channels(decoder: Decoder) -> None:
    def rows(channel: str, data: Any) -> tuple[int, int]:
        out = decoder.read(frame(channel, data))
        assert out["kind"] == "private", out
        return len(out["orders"]), len(out["fills"])

    assert rows("user.orders.BTC-PERPETUAL.raw", ORDER) == (1, 0)
    assert rows("user.orders.any.any.100ms", [ORDER, ORDER]) == (2, 0)
    assert rows("user.orders.any.any.100ms", []) == (0, 0)
    assert rows("user.trades.any.any.raw", [TRADE]) == (0, 1)
    both = {"orders": [ORDER], "trades": [TRADE, TRADE], "positions": [{}]}
    assert rows("user.changes.any.any.raw", both) == (1, 2)
    assert rows("user.changes.any.any.raw", {"instrument_name": "X"}) == (0, 0)
    assert kind(decoder, frame("user.trades.any.any.raw", TRADE)) == "unknown"
    assert kind(decoder, frame("user.orders.any.any.raw", None)) == "unknown"


@pytest.mark.parametrize(
    ("channel", "row"), [("user.orders.a.raw", ORDER), ("user.trades.a.raw", TRADE)]
)
def test_rows_at_the_limit_and_one_past_it(
    decoder: Decoder, channel: str, row: dict[str, Any]
) -> None:
    out = decoder.read(frame(channel, [row] * ROWS_PER_FRAME_MAX))
    assert len(out["orders"]) + len(out["fills"]) == ROWS_PER_FRAME_MAX
    out = decoder.read(frame(channel, [row] * (ROWS_PER_FRAME_MAX + 1)))
    assert out == {"kind": "out_of_range", "instrument": -1}


# -- answers and other envelopes


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"id": 999_999, "result": "ok"}, "control"),
        ({"id": 1, "result": [1, {}]}, "control"),
        ({"id": -5, "result": 1}, "control"),
        ({"id": "1000001", "result": 1}, "control"),
        ({"id": 1_000_000.5, "result": 1}, "control"),
        ({"id": 10**19, "result": 1}, "control"),
        ({"error": {"message": "system_maintenance", "code": 11051}}, "control"),
        ({"id": None, "error": {"code": -32700}}, "control"),
        ({"id": 5, "error": "anything"}, "control"),
        ({"method": "heartbeat", "params": {"type": "test_request"}}, "control"),
        ({"params": {"type": "heartbeat"}, "method": "heartbeat"}, "control"),
        ({"params": {"channel": 1, "data": 2}, "method": "heartbeat"}, "control"),
        ({"params": [], "method": "heartbeat"}, "control"),
        ({"id": 1_000_000, "result": 3}, "reply"),
        ({"id": 1_000_000.0, "result": 3.0}, "reply"),
        ({"id": 1e6, "result": ORDER}, "reply"),
        ({"id": 2**63 - 1, "result": 3}, "control"),
        ({"id": 1_000_000, "error": {"code": 10028}}, "reply"),
        ({"id": 1_000_000, "result": "ok"}, "unknown"),
        ({"id": 1_000_000, "result": None}, "unknown"),
        ({"id": 1_000_000, "result": []}, "unknown"),
        ({"id": 1_000_000, "result": {}}, "unknown"),
        ({"id": 1_000_000, "result": {"order": None}}, "unknown"),
        ({"id": 1_000_000, "error": {}}, "unknown"),
        ({"id": 1_000_000, "error": None}, "unknown"),
        ({"id": 1_000_000, "error": {"code": "10028"}}, "unknown"),
        ({"id": 1_000_000, "error": {"code": 2**31}}, "out_of_range"),
        ({"id": 1_000_000, "result": 1, "error": {"code": 1}}, "unknown"),
        ({"id": 1_000_000}, "unknown"),
        ({"result": 1}, "unknown"),
        ({"id": None, "result": 1}, "unknown"),
        ({"id": [], "result": 1}, "unknown"),
        ({}, "unknown"),
        ({"method": "public/test", "id": 5}, "unknown"),
        ({"method": None}, "unknown"),
        ({"method": "subscription"}, "unknown"),
        ({"method": "subscription", "params": None}, "unknown"),
        ({"method": "subscription", "params": {}}, "unknown"),
        ({"method": "subscription", "params": {"channel": "a"}}, "unknown"),
        ({"method": "subscription", "params": {"data": {}}}, "unknown"),
        ({"method": "subscription", "params": {"channel": 1, "data": 1}}, "unknown"),
    ],
)
def test_envelopes(decoder: Decoder, payload: dict[str, Any], expected: str) -> None:
    assert kind(decoder, payload) == expected
    assert kind(decoder, dict(reversed(payload.items()))) == expected


def test_error_reply(decoder: Decoder) -> None:
    payload = {
        "jsonrpc": "2.0",
        "id": 1_000_007,
        "error": {
            "message": "price_too_high 43666.4288",
            "code": 10007,
            "data": {"reason": "\u2026", "param": "price"},
        },
        "testnet": False,
    }
    assert decoder.read(orjson.dumps(payload)) == {
        "kind": "reply",
        "id": 1_000_007,
        "is_error": True,
        "code": 10007,
        "orders": [],
        "fills": [],
    }


def test_cancel_reply_is_a_bare_order(decoder: Decoder) -> None:
    row = {**ORDER, "order_state": "cancelled", "label": "hs-00c0ffee-1-2"}
    out = decoder.read(orjson.dumps({"id": 1_000_000, "result": row}))
    assert [order["status"] for order in out["orders"]] == ["cancelled"]
    assert out["orders"][0]["label"] == (0xC0FFEE, 1, 2)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b" ",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b'[{"id":1}]',
        b"{",
        b"}",
        b"{}{}",
        b"{}]",
        b'{"id":1000000,"result":01}',
        b'{"id":01,"result":1}',
        b'{"id":,"result":1}',
        b'{"method":"heartbeat"',
        b'{"method":"heartbeat",}',
        b'{"method":"heartbeat"}\x00',
        b'{"method":"heart\nbeat"}',
        b'{"x":"\xff","method":"heartbeat"}',
        b'{"x":"\\ud800","method":"heartbeat"}',
        b"\xef\xbb\xbf{}",
        b'{"params":{"channel":"a","data":[1,]},"method":"subscription"}',
    ],
)
def test_malformed(decoder: Decoder, payload: bytes) -> None:
    assert decoder.read(payload) == {"kind": "malformed"}
    assert decoder.surprises == 0


# -- surprises


def test_escaped_words(decoder: Decoder) -> None:
    plain = book()
    for word in (b"method", b"subscription", b"params", b"channel", b"bids", b"raw"):
        escaped = plain.replace(word, b"\\u%04x" % word[0] + word[1:])
        assert escaped != plain
        assert decoder.read(escaped) == BOOK_READ
    assert decoder.surprises == 6


def test_escapes_nobody_reads_are_no_surprise(decoder: Decoder) -> None:
    assert decoder.read(book(x='a "quoted"\n\\ text')) == BOOK_READ
    assert decoder.surprises == 0


@pytest.mark.parametrize("key", [b"method", b"params", b"channel", b"data", b"bids"])
def test_of_a_key_met_twice_the_last_counts(decoder: Decoder, key: bytes) -> None:
    whole = book().replace(b'"%s":' % key, b'"%s":[["new",1,10]],"%s":' % (key, key))
    assert decoder.read(whole) == BOOK_READ
    assert decoder.surprises == 1


def test_deeper_than_the_scanner_goes(decoder: Decoder) -> None:
    def deep(depth: int) -> bytes:
        return book(x=1).replace(b'"x":1', b'"x":' + b"[" * depth + b"]" * depth)

    assert decoder.read(deep(NESTING_MAX)) == BOOK_READ
    assert decoder.surprises == 0
    # orjson reads these, up to some depth; nobody here does.
    assert kind(decoder, deep(NESTING_MAX + 1)) == "unknown"
    assert kind(decoder, deep(500)) == "unknown"
    assert kind(decoder, deep(100_000)) == "malformed"
    assert kind(decoder, b'{"x":' + b"[" * 500_000) == "malformed"
    assert decoder.read(book()) == BOOK_READ


def test_a_number_too_large_for_orjson(decoder: Decoder) -> None:
    huge = book(bids=[["new", 1, 10]]).replace(b"10]", b"1e999]")
    assert decoder.read(huge) == {"kind": "out_of_range", "instrument": 0}
    skipped = book(x=5).replace(b'"x":5', b'"x":1e999')
    assert decoder.read(skipped) == BOOK_READ


def test_size_cuts_and_never_reads_on(decoder: Decoder) -> None:
    whole = book()
    for size in range(len(whole)):
        assert decoder.read(whole, size)["kind"] == "malformed"
    assert decoder.read(whole + b"garbage", len(whole)) == BOOK_READ
    with pytest.raises(ValueError, match="past"):
        decoder.read(whole, len(whole) + 1)


def test_nothing_is_left_over_from_the_last_frame(decoder: Decoder) -> None:
    decoder.read(frame("user.orders.any.any.raw", [ORDER] * 3))
    out = decoder.read(orjson.dumps({"id": 1_000_000, "result": 0}))
    assert (out["orders"], out["fills"]) == ([], [])
    decoder.read(book())
    assert decoder.read(b'{"method":"x"}') == {"kind": "unknown", "instrument": -1}


def test_a_decoder_needs_a_table() -> None:
    with pytest.raises(TypeError):
        Decoder(None)  # type: ignore[arg-type]


# -- trades of anybody

PRINT: dict[str, Any] = {
    "timestamp": 1789344933994,
    "price": 76917.5,
    "amount": 8450.0,
    "direction": "buy",
    "instrument_name": "BTC-PERPETUAL",
    "trade_seq": 140284854,
    "trade_id": "267258393",
}
PRINT_READ = {
    "side": "ask",
    "price_ticks": 153835,
    "qty_lots": 845,
    "venue_ms": 1789344933994,
}


def test_a_buyer_hits_the_asks(decoder: Decoder) -> None:
    out = decoder.read(frame("trades.BTC-PERPETUAL.raw", [PRINT]))
    assert out == {"kind": "trades", "instrument": 0, "prints": [PRINT_READ]}


@pytest.mark.parametrize("key", ["block_trade_id", "combo_id"])
def test_what_did_not_come_out_of_the_book_is_left_out(
    decoder: Decoder, key: str
) -> None:
    off_book = {**PRINT, key: "X-1", "price": 0.123}
    out = decoder.read(frame("trades.BTC-PERPETUAL.raw", [off_book, PRINT]))
    assert out["prints"] == [PRINT_READ]


def test_a_print_of_another_instrument_or_off_the_grid(decoder: Decoder) -> None:
    other = {**PRINT, "instrument_name": "ETH-PERPETUAL"}
    assert kind(decoder, frame("trades.BTC-PERPETUAL.raw", [other])) == "unknown"
    odd = {**PRINT, "price": 0.3}
    assert kind(decoder, frame("trades.BTC-PERPETUAL.raw", [odd])) == "out_of_range"
    assert kind(decoder, frame("trades.X.raw", [PRINT])) == "unknown_instrument"
    assert kind(decoder, frame("trades.future.BTC.raw", [PRINT])) == "ignored"


def test_prints_at_the_limit_and_one_past_it(decoder: Decoder) -> None:
    full = frame("trades.BTC-PERPETUAL.raw", [PRINT] * ROWS_PER_FRAME_MAX)
    assert len(decoder.read(full)["prints"]) == ROWS_PER_FRAME_MAX
    more = frame("trades.BTC-PERPETUAL.raw", [PRINT] * (ROWS_PER_FRAME_MAX + 1))
    assert kind(decoder, more) == "out_of_range"
