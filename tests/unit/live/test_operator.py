"""The operator's socket: who may open it, what it takes, what it answers."""

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.live import operator
from engine.live.commands import COMMANDS
from engine.live.operator import (
    CLIENTS_MAX,
    LINE_BYTES_MAX,
    TEXT_CHARS_MAX,
    WAIT_MAX_S,
    Operator,
    read_command,
)
from tests.unit.live.test_commands import SNAPSHOT, status_of

pytestmark = pytest.mark.loopback


class Engine:
    """Takes commands; `orders` are open until a pull or pause."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.refuses: list[str] = []
        self.stops = 0
        self.looks_until_so = 0

    def tell(self, **cmd: Any) -> list[str]:
        self.told.append(cmd)
        return self.refuses

    def stop(self) -> None:
        self.stops += 1

    def status(self) -> dict[str, Any]:
        found = status_of(SNAPSHOT, connected=1)
        self.looks_until_so -= 1
        if self.told and self.looks_until_so < 0:
            for row in found["instruments"].values():
                row["orders"] = 0
        if self.stops:
            found["state"] = "stopping"
        return found


def run(tmp_path: Path, then: Callable[[Engine, Path], Awaitable[None]]) -> Engine:
    """Listen, and do something with the socket."""

    async def scenario() -> Engine:
        engine, path = Engine(), tmp_path / "ctl.sock"
        served = Operator(path, engine.tell, engine.status, engine.stop)
        await served.open()
        try:
            await then(engine, path)
        finally:
            await served.close()
        assert not path.exists()
        return engine

    return asyncio.run(scenario())


async def say(path: Path, line: bytes) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(line)
    await writer.drain()
    answer: dict[str, Any] = orjson.loads(await reader.readline())
    assert await reader.read() == b"", "one answer, then the end"
    writer.close()
    return answer


async def order(path: Path, name: str, **fields: Any) -> dict[str, Any]:
    return await say(path, orjson.dumps({"cmd": name, **fields}) + b"\n")


def test_only_the_owner_may_open_it_and_a_left_over_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "ctl.sock").write_text("a left-over")

    async def look(engine: Engine, path: Path) -> None:
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600

    run(tmp_path, look)


def test_status_tells_the_core_nothing(tmp_path: Path) -> None:
    async def ask(engine: Engine, path: Path) -> None:
        answer = await order(path, "status")
        assert answer["is_so"]
        assert answer["now"]["state"] == "quoting"
        assert engine.told == []

    run(tmp_path, ask)


def test_a_command_reaches_the_core_and_the_answer_waits_until_it_is_so(
    tmp_path: Path,
) -> None:
    async def ask(engine: Engine, path: Path) -> None:
        engine.looks_until_so = 3
        answer = await order(
            path, "pull", wait_s=10, instrument="BTC-PERPETUAL", reason="news"
        )
        assert answer["is_so"]
        assert answer["refused"] == []
        assert answer["now"]["instruments"]["BTC-PERPETUAL"]["orders"] == 0
        assert engine.told == [
            {"cmd": "pull", "instrument": "BTC-PERPETUAL", "reason": "news"}
        ]

    run(tmp_path, ask)


def test_what_does_not_come_true_is_said_when_the_time_is_over(tmp_path: Path) -> None:
    async def ask(engine: Engine, path: Path) -> None:
        engine.looks_until_so = 1_000_000
        answer = await order(path, "pull", wait_s=0.05)
        assert not answer["is_so"]
        assert answer["now"]["instruments"]["BTC-PERPETUAL"]["orders"] == 2

    run(tmp_path, ask)


def test_a_refusal_of_the_core_is_passed_on_at_once(tmp_path: Path) -> None:
    async def ask(engine: Engine, path: Path) -> None:
        engine.refuses = ["reduce: X is not quoted here"]
        answer = await order(path, "reduce", instrument="X", wait_s=60)
        assert answer["refused"] == ["reduce: X is not quoted here"]
        assert not answer["is_so"]

    run(tmp_path, ask)


def test_stop_ends_the_run_and_tells_the_core_nothing_itself(tmp_path: Path) -> None:
    async def ask(engine: Engine, path: Path) -> None:
        answer = await order(path, "stop", wait_s=1)
        assert answer["is_so"]
        assert (engine.stops, engine.told) == (1, [])

    run(tmp_path, ask)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", "one JSON object"),
        (b"pause", "one JSON object"),
        (b"[]", "one JSON object"),
        (b"{}", "cmd must be one of status, pause"),
        (b'{"cmd":"halt"}', "cmd must be one of"),
        (b'{"cmd":"entropy"}', "cmd must be one of"),
        (b'{"cmd":["pause"]}', "cmd must be one of"),
        (b'{"cmd":"pause","instrument":"X"}', "pause takes nothing, not instrument"),
        (b'{"cmd":"rearm","reason":"X"}', "rearm takes rule, instrument, not reason"),
        (b'{"cmd":"pull","instrument":1}', "instrument must be 1 to 200"),
        (b'{"cmd":"pull","reason":""}', "reason must be 1 to 200"),
        (b'{"cmd":"status","wait_s":-1}', "wait_s must be 0 to 60"),
        (b'{"cmd":"status","wait_s":"1"}', "wait_s must be 0 to 60"),
    ],
)
def test_what_is_no_command_is_refused_in_words(line: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_command(line)


def test_limits_hold_at_their_edge() -> None:
    read_command(orjson.dumps({"cmd": "status", "wait_s": WAIT_MAX_S}))
    with pytest.raises(ValueError, match="wait_s"):
        read_command(orjson.dumps({"cmd": "status", "wait_s": WAIT_MAX_S + 0.1}))
    read_command(orjson.dumps({"cmd": "pull", "reason": "x" * TEXT_CHARS_MAX}))
    with pytest.raises(ValueError, match="reason"):
        read_command(
            orjson.dumps({"cmd": "pull", "reason": "x" * (TEXT_CHARS_MAX + 1)})
        )


def test_a_line_has_a_longest_length(tmp_path: Path) -> None:
    async def ask(engine: Engine, path: Path) -> None:
        pad = LINE_BYTES_MAX - len(b'{"cmd":"status"}\n')
        line = b'{"cmd":"status"' + b" " * pad + b"}\n"
        assert (await say(path, line))["is_so"]
        answer = await say(path, line[:-2] + b" " * 2 * LINE_BYTES_MAX + b"}\n")
        assert "one JSON object" in answer["refused"][0]

    run(tmp_path, ask)


def test_who_says_nothing_is_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator, "SAY_TIMEOUT_S", 0.05)

    async def ask(engine: Engine, path: Path) -> None:
        reader, writer = await asyncio.open_unix_connection(str(path))
        assert await reader.read() == b""
        writer.close()

    run(tmp_path, ask)


def test_no_more_clients_than_there_may_be_and_one_that_left_makes_room(
    tmp_path: Path,
) -> None:
    async def ask(engine: Engine, path: Path) -> None:
        engine.looks_until_so = 1_000_000
        waiting = [
            await asyncio.open_unix_connection(str(path)) for _ in range(CLIENTS_MAX)
        ]
        reader, writer = await asyncio.open_unix_connection(str(path))
        answer = orjson.loads(await reader.readline())
        assert "under way already" in answer["refused"][0]
        writer.close()
        reader, writer = waiting.pop()
        writer.write(b'{"cmd":"status"}\n')
        assert b'"is_so":true' in await reader.read()
        writer.close()
        assert (await order(path, "status"))["is_so"]
        for _, writer in waiting:
            writer.close()

    run(tmp_path, ask)


def test_who_still_waits_at_the_end_is_told_how_things_stand(tmp_path: Path) -> None:
    answers: list[dict[str, Any]] = []

    async def scenario() -> None:
        engine, path = Engine(), tmp_path / "ctl.sock"
        engine.looks_until_so = 1_000_000
        served = Operator(path, engine.tell, engine.status, engine.stop)
        await served.open()
        waiting = asyncio.create_task(order(path, "pull", wait_s=60))
        while not engine.told:
            await asyncio.sleep(0)
        await served.close()
        answers.append(await waiting)

    asyncio.run(scenario())
    assert not answers[0]["is_so"]
    assert answers[0]["now"]["state"] == "quoting"


def test_who_has_not_said_anything_at_the_end_is_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator, "GRACE_S", 0.05)

    async def scenario() -> bytes:
        engine, path = Engine(), tmp_path / "ctl.sock"
        served = Operator(path, engine.tell, engine.status, engine.stop)
        await served.open()
        reader, writer = await asyncio.open_unix_connection(str(path))
        while not served._tasks:
            await asyncio.sleep(0)
        await served.close()
        said = await reader.read()
        writer.close()
        return said

    assert asyncio.run(scenario()) == b""


def test_no_command_reaches_the_core_under_a_name_of_the_shells() -> None:
    shells = {"entropy", "restore", "errand_done", "halt", "stop"}
    assert not shells & {one.core for one in COMMANDS.values()}
