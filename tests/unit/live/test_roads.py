"""Two roads, one attempt: what is sent, what ends it, what does not."""

import time
from typing import Any

import pytest

from engine.errors import ProtocolError, RequestRejected, VenueError
from engine.live import roads
from engine.live.rest import Rest
from engine.live.roads import CANCELS_AT_ONCE, Attempt, Target, by_http
from engine.live.secrets import Credentials, Signer
from tests.unit.live.http_server import error, result, serving

pytestmark = pytest.mark.loopback

OURS = {"order_id": "1", "label": "hs-0badcafe-0-1"}
FOREIGN = {"order_id": "2", "label": "manual"}


@pytest.mark.parametrize(
    ("target", "cancels", "listing"),
    [
        (
            Target(),
            [
                ("private/cancel_all", {"detailed": True}),
                ("private/cancel_quotes", {"cancel_type": "all", "detailed": True}),
            ],
            ("private/get_open_orders", {}),
        ),
        (
            Target(currency="BTC"),
            [
                (
                    "private/cancel_all_by_currency",
                    {"detailed": True, "currency": "BTC"},
                ),
                (
                    "private/cancel_quotes",
                    {"cancel_type": "currency", "detailed": True, "currency": "BTC"},
                ),
            ],
            ("private/get_open_orders_by_currency", {"currency": "BTC"}),
        ),
        (
            Target(instrument="X"),
            [
                (
                    "private/cancel_all_by_instrument",
                    {"detailed": True, "instrument_name": "X"},
                ),
                (
                    "private/cancel_quotes",
                    {
                        "cancel_type": "instrument",
                        "detailed": True,
                        "instrument_name": "X",
                    },
                ),
            ],
            ("private/get_open_orders_by_instrument", {"instrument_name": "X"}),
        ),
    ],
)
def test_what_is_cancelled_is_what_is_read_back(
    target: Target, cancels: list[Any], listing: Any
) -> None:
    assert target.cancel_requests([OURS, FOREIGN]) == cancels
    assert target.list_request() == listing
    assert target.chosen([OURS, FOREIGN]) == [OURS, FOREIGN]


def test_only_ours_are_cancelled_one_by_one_so_many_at_once() -> None:
    target = Target(only_ours=True)
    assert target.chosen([OURS, FOREIGN]) == [OURS]
    rows = [{"order_id": str(number)} for number in range(CANCELS_AT_ONCE + 1)]
    requests = target.cancel_requests(rows)
    assert requests[0] == ("private/cancel", {"order_id": "0"})
    assert len(requests) == CANCELS_AT_ONCE


@pytest.mark.parametrize("listing", [None, {}, [1], "text"])
def test_what_is_no_list_is_no_reading(listing: Any) -> None:
    with pytest.raises(ProtocolError):
        Attempt(Target(), 1).saw("http", listing)


def test_empty_counts_when_the_same_road_says_so_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [100.0]
    monkeypatch.setattr(roads.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(roads, "SURE_S", 0.25)
    told: list[str] = []
    attempt = Attempt(Target(), 10, told.append)
    attempt.saw("http", [OURS])
    attempt.saw("http", [])
    attempt.saw("websocket", [])
    clock[0] += 0.125
    attempt.saw("http", [])
    assert not attempt.is_done
    attempt.saw("http", [OURS])
    clock[0] += 0.125
    attempt.saw("http", [])
    assert not attempt.is_done, "it was not empty all the while"
    attempt.failed("websocket", VenueError("line lost"))
    attempt.saw("websocket", [])
    assert not attempt.is_done, "after a break a road begins anew"
    clock[0] += 0.25
    attempt.saw("http", [])
    assert (attempt.road, attempt.left) == ("http", {})
    assert attempt.over.is_set()
    assert attempt.time_left_s() == 0
    attempt.saw("websocket", [OURS])
    assert told == ["http"]
    assert attempt.left == {}, "what comes later is another attempt's"


def test_what_a_cancel_names_was_there_before_in_whatever_shape_it_is_told() -> None:
    attempt = Attempt(Target(), 1)
    reports = [{"currency": "BTC", "type": "limit", "result": [OURS]}, {"error": {}}]
    for answer in (reports, FOREIGN, 3, None, "text", {"orders": [{"price": 1}]}):
        attempt.went(answer)
    assert attempt.before == {"1": OURS, "2": FOREIGN}


def test_a_refused_key_ends_a_road_and_another_refusal_does_not() -> None:
    attempt = Attempt(Target(), 1)
    assert not attempt.failed("http", RequestRejected("m", 13004, "invalid"))
    assert attempt.failed("http", RequestRejected("m", 10040, "retry"))
    assert attempt.failed("websocket", VenueError("gone"))
    assert attempt.problem() == "http: m was rejected: 10040 retry; websocket: gone"


def walk(
    answer: Any, target: Target, timeout_s: float = 5.0
) -> tuple[Attempt, list[str]]:
    """Walk the HTTP road against a server that answers as told."""
    attempt = Attempt(target, timeout_s)
    with serving(answer) as server:
        rest = Rest([server.url], Signer(Credentials("me", "my-own-secret")))
        by_http(rest, attempt)
        rest.close()
    return attempt, [path.removeprefix("/api/v2/") for path in server.paths]


def test_http_cancels_first_and_reads_until_it_is_sure() -> None:
    open_now = [OURS, FOREIGN]

    def answer(method: str, params: dict[str, Any]) -> Any:
        if method == "private/cancel_all":
            open_now.clear()
        return result(list(open_now) if "open_orders" in method else 0)

    attempt, asked = walk(answer, Target())
    assert asked[:2] == ["private/cancel_all", "private/cancel_quotes"]
    assert asked.count("private/cancel_all") == 1
    assert attempt.road == "http"


def test_quotes_that_may_not_be_cancelled_hold_nothing_up() -> None:
    def answer(method: str, params: dict[str, Any]) -> Any:
        return error(13021, "forbidden") if "quotes" in method else result([])

    attempt, _ = walk(answer, Target())
    assert attempt.is_done
    assert "cancel_quotes was rejected: 13021" in attempt.problem()


def test_http_repeats_while_something_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roads, "REPEAT_S", 0.05)
    open_now = [OURS]
    tries = iter(range(3))

    def answer(method: str, params: dict[str, Any]) -> Any:
        if method == "private/cancel_all" and next(tries, 2) == 2:
            open_now.clear()
        return result(list(open_now) if "open_orders" in method else 0)

    attempt, asked = walk(answer, Target())
    assert attempt.is_done
    assert asked.count("private/cancel_all") == 3


def test_only_ours_leaves_the_rest_alone() -> None:
    open_now = [OURS, FOREIGN]

    def answer(method: str, params: dict[str, Any]) -> Any:
        if method == "private/cancel":
            open_now.remove({"1": OURS, "2": FOREIGN}[params["order_id"]])
        return result(list(open_now) if "open_orders" in method else {})

    attempt, asked = walk(answer, Target(only_ours=True))
    assert attempt.is_done
    assert open_now == [FOREIGN]
    assert asked.count("private/cancel") == 1


def test_a_refused_key_ends_the_road_at_once() -> None:
    attempt, asked = walk(lambda *_: error(13004, "invalid_credentials"), Target(), 60)
    assert not attempt.is_done
    assert attempt.left is None
    assert len(asked) <= 3


def test_the_road_ends_with_the_time() -> None:
    began_s = time.monotonic()
    attempt, asked = walk(lambda method, _: result([OURS]), Target(), 0.5)
    assert not attempt.is_done
    assert attempt.left == {"1": OURS}
    assert "private/cancel_all" in asked
    assert time.monotonic() - began_s >= 0.5
