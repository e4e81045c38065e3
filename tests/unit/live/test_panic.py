"""The panic button without a venue: arguments, requests, words."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConfigError
from engine.live.panic import ROWS_SHOWN_MAX, add_arguments, describe, prepare
from engine.live.roads import Attempt, Target
from tests.loopback.processes import ENV, write_config


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
    venues, _, target, _ = prepare(parsed("--url", url, "--production"))
    assert venues.urls == [url]
    assert venues.rest_urls == ["https://www.deribit.com/api/v2"]
    assert target == Target()


def test_a_configuration_names_both_roads(tmp_path: Path) -> None:
    path = write_config(tmp_path)
    venues, _, target, _ = prepare(parsed(str(path), "--currency", "ETH"))
    assert venues.urls == ["ws://127.0.0.1:8765/ws/api/v2"]
    assert venues.rest_urls == ["http://127.0.0.1:8765/api/v2"]
    assert target == Target(currency="ETH")


def order(number: int) -> dict[str, object]:
    return {
        "order_id": str(number),
        "instrument_name": "BTC-PERPETUAL",
        "direction": "buy",
        "amount": 10,
        "price": 64990.5,
        "label": f"hs-1-0-{number}",
    }


def attempt(left: dict[str, object] | None, road: str = "", problem: str = "") -> Any:
    made = Attempt(Target(), 1)
    made.before = {str(number): order(number) for number in range(3)}
    made.left = left  # type: ignore[assignment]
    made.road = road
    if problem:
        made.problems["http"] = problem
    return made


def test_words_say_what_went_and_what_is_left() -> None:
    done = describe(attempt({}, "websocket"))
    assert "cancelled  BTC-PERPETUAL buy 10 @ 64990.5  hs-1-0-2" in done
    assert done.endswith(
        "done: 3 orders cancelled, none is open, read back by websocket"
    )
    helped = describe(attempt({}, "websocket", "no answer"))
    assert helped.endswith("by websocket (http: no answer)")
    left = describe(attempt({"1": order(1)}, "", "too late"))
    assert left.count("cancelled  ") == 2
    assert "OPEN       BTC-PERPETUAL" in left
    assert "FAILED: 1 order still open (http: too late)" in left
    never = describe(attempt(None, "", "no way"))
    assert never == "FAILED: the venue never said what is open: http: no way"
    unsure = describe(attempt({}))
    assert unsure.endswith("FAILED: none was open at last, but not for long enough")


def test_a_long_list_is_cut_but_what_is_open_never() -> None:
    rows = {str(number): order(number) for number in range(2 * ROWS_SHOWN_MAX)}
    many = attempt({}, "http")
    many.before = rows
    assert describe(many).count("cancelled  ") == ROWS_SHOWN_MAX
    many = attempt(dict(rows))
    many.before = rows
    assert describe(many).count("OPEN  ") == 2 * ROWS_SHOWN_MAX
