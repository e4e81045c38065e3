"""The panic button without a venue: arguments, requests, words."""

import argparse

import pytest

from engine.errors import ConfigError
from engine.live.panic import (
    ROWS_SHOWN_MAX,
    Outcome,
    Target,
    add_arguments,
    describe,
    prepare,
)
from tests.loopback.processes import ENV


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("some.toml", "--url", "ws://127.0.0.1:1"),
        ("--url", "http://127.0.0.1"),
        ("--url", "ws://test.deribit.com/ws/api/v2"),
        ("--url", "wss://www.deribit.com/ws/api/v2"),
        ("--url", "wss://me:mine@test.deribit.com/ws/api/v2"),
        ("--url", "ws://127.0.0.1:1", "--timeout", "0"),
        ("--url", "ws://127.0.0.1:1", "--timeout", "nan"),
    ],
)
def test_wrong_arguments_never_reach_a_venue(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        prepare(parsed(*arguments))
    assert "mine" not in str(caught.value)


def test_production_needs_a_word() -> None:
    url = "wss://www.deribit.com/ws/api/v2"
    target, _ = prepare(parsed("--url", url, "--production"))
    assert target.urls == [url]


@pytest.mark.parametrize(
    ("target", "cancel", "listing"),
    [
        (Target([], "", 1), "private/cancel_all", "private/get_open_orders"),
        (
            Target([], "", 1, currency="BTC"),
            "private/cancel_all_by_currency",
            "private/get_open_orders_by_currency",
        ),
        (
            Target([], "", 1, instrument="BTC-PERPETUAL"),
            "private/cancel_all_by_instrument",
            "private/get_open_orders_by_instrument",
        ),
    ],
)
def test_what_is_cancelled_is_what_is_read_back(
    target: Target, cancel: str, listing: str
) -> None:
    assert target.cancel_request()[0] == cancel
    assert target.list_request()[0] == listing
    assert target.cancel_request()[1] == target.list_request()[1]


def order(number: int) -> dict[str, object]:
    return {
        "order_id": str(number),
        "instrument_name": "BTC-PERPETUAL",
        "direction": "buy",
        "amount": 10,
        "price": 64990.5,
        "label": f"hs-1-0-{number}",
    }


def test_words_say_what_went_and_what_is_left() -> None:
    rows = {str(number): order(number) for number in range(3)}
    done = describe(Outcome(rows, {}))
    assert "cancelled  BTC-PERPETUAL buy 10 @ 64990.5  hs-1-0-2" in done
    assert done.endswith("done: 3 orders cancelled, none is open")
    left = describe(Outcome(rows, {"1": rows["1"]}, "too late"))
    assert left.count("cancelled  ") == 2
    assert "OPEN       BTC-PERPETUAL" in left
    assert "FAILED: 1 order still open (too late)" in left
    never = describe(Outcome({}, None, "no way"))
    assert never == "FAILED: the venue never said what is open: no way"


def test_a_long_list_is_cut_but_what_is_open_never() -> None:
    rows = {str(number): order(number) for number in range(2 * ROWS_SHOWN_MAX)}
    assert describe(Outcome(rows, {})).count("cancelled  ") == ROWS_SHOWN_MAX
    assert describe(Outcome(rows, rows)).count("OPEN  ") == 2 * ROWS_SHOWN_MAX
