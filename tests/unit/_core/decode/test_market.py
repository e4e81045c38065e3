"""Market data: levels and tickers, field by field."""

import pytest

from engine._core.decode.message import Decoder

BOOK = (
    b'{"jsonrpc":"2.0","method":"subscription","params":{"channel":'
    b'"book.BTC-PERPETUAL.raw","data":{"timestamp":1789344931639,"type":"change",'
    b'"change_id":118850969743,"instrument_name":"BTC-PERPETUAL",'
    b'"bids":[%s],"asks":[%s],"prev_change_id":118850968930}}}'
)
TICKER = (
    b'{"jsonrpc":"2.0","method":"subscription","params":{"channel":'
    b'"ticker.BTC-PERPETUAL.100ms","data":{%s}}}'
)


def levels(decoder: Decoder, bids: bytes, asks: bytes = b"") -> object:
    out = decoder.read(BOOK % (bids, asks))
    return out["levels"] if out["kind"] == "book" else out["kind"]


def test_levels_in_the_order_of_the_frame(decoder: Decoder) -> None:
    bids = b'["change",76914.0,1.0002e6],["new",76899.0,10.0],["delete",76893.0,0.0]'
    asks = b'["new",8.39e4,8.3e3],["delete",77027.5,0]'
    assert levels(decoder, bids, asks) == [
        ("bid", 153828, 100020),
        ("bid", 153798, 1),
        ("bid", 153786, 0),
        ("ask", 167800, 830),
        ("ask", 154055, 0),
    ]
    assert decoder.surprises == 0


def test_white_space_inside_a_level(decoder: Decoder) -> None:
    spaced = b'\n[ "new" , 76899.0\t,\r\n 10.0 ] , [ "delete" ,1 , 0 ]'
    assert levels(decoder, spaced) == [("bid", 153798, 1), ("bid", 2, 0)]


def test_deletes_have_no_size_whatever_they_say(decoder: Decoder) -> None:
    assert levels(decoder, b'["delete",1.5,70]') == [("bid", 3, 0)]


@pytest.mark.parametrize(
    "level",
    [
        b'["new",76914.25,10]',
        b'["new",76914.0,5]',
        b'["new",76914.0,-10]',
        b'["delete",76914.0,-10]',
        b'["new",1e30,10]',
        b'["new",76914.0,1e30]',
        b'["new",1e400,10]',
        b'["new",1,123456789012345678901234567890]',
        b'["paint",76914.0,10]',
        b'["NEW",76914.0,10]',
        b'["",76914.0,10]',
    ],
)
def test_levels_out_of_range_name_their_book(decoder: Decoder, level: bytes) -> None:
    for bids, asks in ((level, b""), (b'["new",1,10]', level)):
        out = decoder.read(BOOK % (bids, asks))
        assert out == {"kind": "out_of_range", "instrument": 0}


@pytest.mark.parametrize(
    "level",
    [
        b"[]",
        b"{}",
        b"1",
        b"null",
        b"[1,2]",
        b"[76914.0,10]",
        b'["new"]',
        b'["new",1]',
        b'["new",1,10,2]',
        b'["new","1",10]',
        b'["new",1,null]',
        b'["new",null,10]',
        b'["new",true,10]',
        b'["new",[1],10]',
        b"[null,1,10]",
    ],
)
def test_levels_of_no_known_shape(decoder: Decoder, level: bytes) -> None:
    assert decoder.read(BOOK % (level, b"")) == {"kind": "unknown", "instrument": 0}


@pytest.mark.parametrize(
    "level",
    [
        b'["new",01,10]',
        b'["new",1.,10]',
        b'["new",1 10]',
        b'["new" 1,10]',
        b'["new",,10]',
        b'["new",1,10',
        b'["new,1,10]',
        b'["new",1,10]]',
        b'["new",1,10],',
        b'["new",-,10]',
        b'["new",1e,10]',
        b'["new",NaN,10]',
    ],
)
def test_levels_that_are_not_json(decoder: Decoder, level: bytes) -> None:
    assert levels(decoder, level) == "malformed"


def test_escaped_action_is_read_by_orjson(decoder: Decoder) -> None:
    assert levels(decoder, b'["n\\u0065w",1,10]') == [("bid", 2, 1)]
    assert decoder.surprises == 1


def test_more_digits_than_a_mantissa_holds(decoder: Decoder) -> None:
    tenth = b"0.5000000000000000000000000000000000001"
    assert levels(decoder, b'["new",%s,10]' % tenth) == [("bid", 1, 1)]
    assert decoder.surprises == 1


def test_ticker(decoder: Decoder) -> None:
    fields = (
        b'"timestamp":1765541474086,"state":"open","stats":{"high":null},'
        b'"index_price":92263.55,"instrument_name":"BTC-PERPETUAL","min_price":90897.5,'
        b'"max_price":9.36665e4,"mark_price":92281.78,"estimated_delivery_price":"x",'
        b'"current_funding":-0.00001,"funding_8h":1.5e-05,"underlying_price":92300.25,'
        b'"greeks":{"vega":1.5,"delta":-2.5e-1,"rho":null}'
    )
    assert decoder.read(TICKER % fields) == {
        "kind": "ticker",
        "instrument": 0,
        "is_open": True,
        "venue_ms": 1765541474086,
        "mark_price": 92281.78,
        "index_price": 92263.55,
        "underlying_price": 92300.25,
        "delta": -0.25,
        "current_funding": -0.00001,
        "funding_8h": 0.000015,
        "min_price_ticks": 181795,
        "max_price_ticks": 187333,
    }


def test_ticker_fields_may_be_missing_or_null(decoder: Decoder) -> None:
    empty = {
        "kind": "ticker",
        "instrument": 0,
        "is_open": True,
        "venue_ms": 0,
        "mark_price": 0.0,
        "index_price": 0.0,
        "underlying_price": 0.0,
        "delta": None,
        "current_funding": 0.0,
        "funding_8h": 0.0,
        "min_price_ticks": None,
        "max_price_ticks": None,
    }
    nulls = (
        b'"timestamp":null,"state":null,"index_price":null,"min_price":null,'
        b'"max_price":null,"mark_price":null,"underlying_price":null,'
        b'"current_funding":null,"funding_8h":null,"greeks":null'
    )
    assert decoder.read(TICKER % b"") == empty
    assert decoder.read(TICKER % nulls) == empty


@pytest.mark.parametrize("greeks", [b"{}", b'{"gamma":1}', b'{"delta":null}'])
def test_greeks_without_a_delta(decoder: Decoder, greeks: bytes) -> None:
    assert decoder.read(TICKER % (b'"greeks":' + greeks))["delta"] is None


@pytest.mark.parametrize("greeks", [b"1", b"[]", b'"x"', b'{"delta":[]}'])
def test_greeks_of_another_shape_are_refused(decoder: Decoder, greeks: bytes) -> None:
    assert decoder.read(TICKER % (b'"greeks":' + greeks))["kind"] != "ticker"


def test_ticker_of_a_closed_book(decoder: Decoder) -> None:
    assert decoder.read(TICKER % b'"state":"settlement"')["is_open"] is False


def test_bounds_off_the_grid_move_inward(decoder: Decoder) -> None:
    out = decoder.read(TICKER % b'"min_price":29485.31,"max_price":30383.34')
    assert (out["min_price_ticks"], out["max_price_ticks"]) == (58971, 60766)
    out = decoder.read(TICKER % b'"min_price":-0.3,"max_price":-0.3')
    assert (out["min_price_ticks"], out["max_price_ticks"]) == (0, -1)
    out = decoder.read(TICKER % b'"min_price":1e30,"max_price":-1e30')
    assert (out["min_price_ticks"], out["max_price_ticks"]) == (None, None)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        (b'"timestamp":-1', "out_of_range"),
        (b'"timestamp":1.5', "out_of_range"),
        (b'"mark_price":1e400', "out_of_range"),
        (b'"mark_price":"1"', "unknown"),
        (b'"state":1', "unknown"),
        (b'"instrument_name":"ETH-PERPETUAL"', "unknown"),
        (b'"instrument_name":null', "unknown"),
    ],
)
def test_tickers_that_do_not_fit(decoder: Decoder, fields: bytes, kind: str) -> None:
    assert decoder.read(TICKER % fields)["kind"] == kind
