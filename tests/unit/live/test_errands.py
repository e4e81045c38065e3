"""Errands: begun at once, done beside the loop, told to the core, each once."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from engine.live import errands as errands_module
from engine.live.errands import Errands
from engine.live.rest import Rest
from engine.live.secrets import Credentials, Signer
from tests.unit.live.http_server import Answer, error, result, serving

pytestmark = pytest.mark.loopback

ORDER = {"order_id": "1", "label": "hs-0badcafe-0-1"}


def run(
    answer: Answer, then: Callable[[Errands], Awaitable[None]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Do something with errands; gives the reports, and what was asked."""
    reports: list[dict[str, Any]] = []

    async def scenario(url: str) -> None:
        rest = Rest([url], Signer(Credentials("me", "my-own-secret")))
        made = Errands(rest, reports.append)
        try:
            await then(made)
        finally:
            made.close()
            rest.close()

    with serving(answer) as server:
        asyncio.run(scenario(server.url))
    return reports, [path.removeprefix("/api/v2/private/") for path in server.paths]


def test_an_errand_is_done_and_told() -> None:
    async def once(errands: Errands) -> None:
        errands.take(["cancel_all"])
        assert await errands.finish(10)

    reports, asked = run(lambda *_: result([]), once)
    assert asked[:2] == ["cancel_all", "cancel_quotes"]
    assert reports == [
        {"cmd": "errand_done", "errand": "cancel_all", "open_orders": 0, "problem": ""}
    ]


def test_one_under_way_is_begun_again_when_it_is_over_once_however_often_asked() -> (
    None
):
    async def thrice(errands: Errands) -> None:
        errands.take(["cancel_all"])
        errands.take(["cancel_all"])
        errands.take(["cancel_all"])
        assert await errands.finish(10)

    reports, asked = run(lambda *_: result([]), thrice)
    assert len(reports) == 2
    assert asked.count("cancel_all") == 2


def test_it_goes_on_while_the_loop_does_not() -> None:
    read = threading.Event()

    def answer(method: str, params: dict[str, Any]) -> bytes:
        if method == "private/get_open_orders":
            read.set()
        return result([])

    async def hang(errands: Errands) -> None:
        errands.take(["cancel_all"])
        assert read.wait(10), "the loop stands still until the venue was asked"
        assert await errands.finish(10)

    reports, _ = run(answer, hang)
    assert reports[0]["open_orders"] == 0


def test_what_is_open_at_the_end_is_told_and_so_is_that_nobody_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(errands_module, "TIMEOUT_S", 0.4)

    async def once(errands: Errands) -> None:
        errands.take(["cancel_all"])
        assert await errands.finish(10)

    reports, _ = run(lambda *_: result([ORDER]), once)
    assert reports[0]["open_orders"] == 1
    reports, _ = run(lambda *_: error(10040, "retry"), once)
    assert reports[0]["open_orders"] is None
    assert "10040" in reports[0]["problem"]


def test_both_kinds_are_under_way_together() -> None:
    async def both(errands: Errands) -> None:
        errands.take(["cancel_all", "cancel_ours"])
        assert await errands.finish(10)

    reports, _ = run(lambda *_: result([]), both)
    assert sorted(report["errand"] for report in reports) == [
        "cancel_all",
        "cancel_ours",
    ]


def test_waiting_has_an_end_and_after_closing_nothing_is_told() -> None:
    release = threading.Event()

    def answer(method: str, params: dict[str, Any]) -> bytes:
        release.wait(10)
        return result([])

    async def impatient(errands: Errands) -> None:
        errands.take(["cancel_all"])
        assert not await errands.finish(0.05)
        errands.close()
        release.set()

    reports, _ = run(answer, impatient)
    assert reports == []


def test_a_bug_on_the_way_is_told_and_does_not_block_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("lost my mind")

    monkeypatch.setattr(errands_module, "by_http", broken)

    async def once(errands: Errands) -> None:
        errands.take(["cancel_all"])
        assert await errands.finish(10)

    reports, _ = run(lambda *_: result([]), once)
    assert reports[0]["open_orders"] is None
    assert "RuntimeError: lost my mind" in reports[0]["problem"]


def test_a_name_nobody_knows_is_a_bug() -> None:
    async def wrong(errands: Errands) -> None:
        with pytest.raises(KeyError):
            errands.take(["make_tea"])

    run(lambda *_: result([]), wrong)
