"""Faults and the control API on a real port, as the documentation shows them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.client import connected
from tests.loopback.test_sim_server import PERPETUAL, ROOT, WAIT_S, ask, rest, running

pytestmark = pytest.mark.loopback

DOCUMENTED = "http://127.0.0.1:8765"


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    """Serve one venue for all of them."""
    with running() as (_, line):
        yield line


def address(ready: dict[str, Any]) -> str:
    """Return where the served venue's HTTP is, without a path."""
    return str(ready["http"]).removesuffix("/api/v2")


def test_the_examples_of_the_documentation_work(ready: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "venue-faults.md").read_text()
    targets = re.findall(rf"curl '?{DOCUMENTED}([^'\s]+)", page)
    (program,) = re.findall(r"```\n(import json.*?)```", page, re.DOTALL)
    assert len(targets) == 5
    for target in targets:
        status, frame = ask(address(ready) + target)
        assert (status, "result" in frame) == (200, True), frame
    exec(program.replace(DOCUMENTED, address(ready)), {})
    assert ask(f"{address(ready)}/sim/faults")[1]["result"] == []
    accounts = ask(f"{address(ready)}/sim/snapshot")[1]["result"]["accounts"]
    assert accounts["third"]["balances"] == {"BTC": 2.0}


def test_a_line_cut_between_execution_and_answer(ready: dict[str, Any]) -> None:

    async def scenario() -> None:
        async with connected(ready["ws"]) as client:
            await rest(client, 1)
            await client.call("private/disable_cancel_on_disconnect")
            cut = {"kind": "cut", "of": "reply", "method": "private/buy"}
            target = f"{address(ready)}/sim/inject"
            await asyncio.to_thread(ask, target, {"params": cut | {"count": 1}})
            order = {"instrument_name": PERPETUAL, "amount": 10, "price": 999.0}
            await client.tell("private/buy", **order)
            await client.socket.wait_closed()
            assert client.socket.close_code == 1006
        async with connected(ready["ws"]) as client:
            await client.log_in("maker", "maker-secret")
            orders = await client.call("private/get_open_orders")
            assert [order["price"] for order in orders] == [1_000.0, 999.0]

    asyncio.run(scenario())


def test_a_half_open_socket_stays_up_and_silent(ready: dict[str, Any]) -> None:

    async def scenario() -> None:
        async with connected(ready["ws"]) as client, connected(ready["ws"]) as boss:
            await client.log_in("maker", "maker-secret")
            assert await boss.call("sim/silence", account="maker") == 1
            heard = len(client.records)
            await client.tell("public/test")
            await asyncio.wait_for(await client.socket.ping(), WAIT_S)
            rows = await boss.call("sim/connections")
            assert [row["silent"] for row in rows] == [True, False]
            await asyncio.wait_for(await client.socket.ping(), WAIT_S)
            assert len(client.records) == heard + 1, "only what it said itself"

    asyncio.run(scenario())
