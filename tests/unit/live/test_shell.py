"""The shell: verbs in order, one write a turn, timers, and nothing lost or decided."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from engine._core.core import Core
from engine.live.fastlink import FastLink
from engine.live.log import Log
from engine.live.rest import Rest
from engine.live.secrets import Credentials, Signer
from engine.live.shell import Shell
from tests.rig import SilentSession
from tests.unit.live.http_server import result, serving
from tests.unit.live.wire import ALL, FakeTransport, arrive, frame, frames_in


class FakeCore:
    """Writes down every verb; says what a test put into it."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.frames: dict[int, bytes] = {}
        self.to_close: list[tuple[int, str]] = []
        self.wanted: list[str] = []
        self.said: list[tuple[int, str, str, str]] = []
        self.timer_ns = 0
        self.error: Exception | None = None

    def connection_made(self, conn: int, t_ns: int) -> None:
        self._call("made", conn)

    def receive_data(
        self, conn: int, t_ns: int, data: bytes, more_coming: bool = False
    ) -> None:
        self._call("data", conn, data, more_coming)

    def connection_lost(self, conn: int, t_ns: int) -> None:
        self._call("lost", conn)

    def handle_timer(self, t_ns: int) -> None:
        self.timer_ns = 0
        self._call("timer")

    def command(self, t_ns: int, cmd: bytes) -> None:
        self._call("command", orjson.loads(cmd))

    def data_to_send(self, conn: int) -> bytes:
        return self.frames.pop(conn, b"")

    def errands(self) -> list[str]:
        taken, self.wanted = self.wanted, []
        return taken

    def connections_to_close(self) -> list[tuple[int, str]]:
        taken, self.to_close = self.to_close, []
        return taken

    def next_timer_ns(self) -> int:
        return self.timer_ns

    def notes(self) -> list[tuple[int, str, str, str]]:
        taken, self.said = self.said, []
        return taken

    def snapshot(self) -> dict[str, Any]:
        return {"session": {"state": "quoting"}}

    def checkpoint(self) -> dict[str, Any]:
        return {}

    def _call(self, *call: Any) -> None:
        self.calls.append(call)
        if self.error is not None:
            raise self.error


class FakeLink:
    """Takes writes; `is_open` False refuses them."""

    def __init__(self) -> None:
        self.received_ns = 1
        self.writes: list[bytes] = []
        self.hung_up: list[str] = []
        self.is_open = True

    def write_turn(self, frames: bytes) -> bool:
        if self.is_open:
            self.writes.append(frames)
        return self.is_open

    def hang_up(self, reason: str) -> None:
        self.hung_up.append(reason)


Scenario = Callable[[Shell, FakeCore, FakeLink], Any]


def play(scenario: Scenario) -> None:
    async def run() -> None:
        core, link = FakeCore(), FakeLink()
        signer = Signer(Credentials("me", "my-own-secret"))
        shell = Shell(core, signer, Log("debug", None), 2)
        try:
            result = scenario(shell, core, link)
            if asyncio.iscoroutine(result):
                await result
        finally:
            shell.close()

    asyncio.run(run())


def test_errands_without_a_second_road_are_noted_not_lost() -> None:
    async def scenario() -> list[str]:
        core, log = FakeCore(), Log("debug", None)
        shell = Shell(core, Signer(Credentials("me", "my-own-secret")), log, 1)
        core.wanted.append("cancel_all")
        shell.command(cmd="any")
        shell.close()
        return [str(note) for note in log.recent]

    (note,) = asyncio.run(scenario())
    assert "no second road" in note
    assert "cancel_all" in note


def test_errands_are_done_over_http_and_told_to_the_core() -> None:
    async def scenario(url: str) -> list[tuple[Any, ...]]:
        core = FakeCore()
        signer = Signer(Credentials("me", "my-own-secret"))
        rest = Rest([url], Signer(Credentials("me", "my-own-secret")))
        shell = Shell(core, signer, Log("debug", None), 1, rest)
        assert shell.errands is not None
        core.wanted.append("cancel_all")
        shell.command(cmd="any")
        assert await shell.errands.finish(10)
        shell.close()
        rest.close()
        return core.calls

    with serving(lambda *_: result([])) as server:
        calls = asyncio.run(scenario(server.url))
    told = calls[-1][1]
    assert calls[-1][0] == "command"
    assert (told["cmd"], told["errand"], told["open_orders"]) == (
        "errand_done",
        "cancel_all",
        0,
    )


def test_entropy_comes_before_every_connection_with_a_new_nonce() -> None:
    def scenario(shell: Shell, core: FakeCore, link: FakeLink) -> None:
        for conn in (0, 1):
            shell.line_up(conn, link)  # type: ignore[arg-type]
        kinds = [call[0] for call in core.calls]
        assert kinds == ["command", "made", "command", "made"]
        first, second = core.calls[0][1], core.calls[2][1]
        assert first["cmd"] == "entropy"
        assert first["wall_ms"] > 1_700_000_000_000
        assert first["nonce"] != second["nonce"]
        assert shell.connected == 2

    play(scenario)


def test_a_burst_is_one_turn_and_one_write() -> None:
    def scenario(shell: Shell, core: FakeCore, link: FakeLink) -> None:
        shell.line_up(0, link)  # type: ignore[arg-type]
        core.calls.clear()
        core.frames[0] = b'{"method":"private/edit"}\n{"method":"private/edit"}\n'
        shell.payloads(0, [b"one", b"two", b"three"])
        assert core.calls == [
            ("data", 0, b"one", True),
            ("data", 0, b"two", True),
            ("data", 0, b"three", False),
        ]
        assert len(link.writes) == 1
        assert shell.histograms()["tick_to_order"].count == 1
        assert shell.histograms()["write"].count == 1

    play(scenario)


def test_a_turn_without_orders_is_not_a_tick_to_order() -> None:
    def scenario(shell: Shell, core: FakeCore, link: FakeLink) -> None:
        shell.line_up(0, link)  # type: ignore[arg-type]
        core.frames[0] = b'{"method":"public/test"}\n'
        shell.payloads(0, [b"x"])
        assert len(link.writes) == 1
        assert shell.histograms()["tick_to_order"].count == 0

    play(scenario)


def test_auth_is_signed_on_the_way_out_and_cleaned_on_the_way_in() -> None:
    def scenario(shell: Shell, core: FakeCore, link: FakeLink) -> None:
        auth = {"id": 1, "method": "public/auth"}
        params = {"client_id": "$CLIENT_ID", "client_secret": "$CLIENT_SECRET"}
        other = b'{"id":2,"method":"public/hello"}'
        frame = orjson.dumps({**auth, "params": params})
        core.frames[0] = frame + b"\n" + other + b"\n"
        shell.line_up(0, link)  # type: ignore[arg-type]
        signed, kept, end = link.writes[0].split(b"\n")
        assert orjson.loads(signed)["params"]["client_secret"] == "my-own-secret"
        assert (kept, end) == (other, b"")
        tokens = {"access_token": "access-1234", "refresh_token": "refresh-1234"}
        shell.payloads(0, [orjson.dumps({"id": 1, "result": tokens})])
        shell.payloads(0, [b"my-own-secret access-1234 refresh-1234"])
        for call in core.calls:
            assert b"1234" not in repr(call).encode()
            assert b"my-own-secret" not in repr(call).encode()

    play(scenario)


def test_frames_for_a_line_that_is_down_are_dropped() -> None:
    def scenario(shell: Shell, core: FakeCore, link: FakeLink) -> None:
        core.frames[1] = b"nobody there\n"
        shell.line_up(0, link)  # type: ignore[arg-type]
        link.is_open = False
        core.frames[0] = b"closing\n"
        shell.payloads(0, [b"x"])
        assert link.writes == []
        assert shell.bytes_written == 0

    play(scenario)


def test_the_core_closes_a_line_and_hears_of_it_once() -> None:
    def scenario(shell: Shell, core: FakeCore, link: FakeLink) -> None:
        shell.line_up(0, link)  # type: ignore[arg-type]
        core.to_close = [(0, "silent"), (1, "not there")]
        shell.payloads(0, [b"x"])
        assert link.hung_up == ["silent"]
        assert ("lost", 0) not in core.calls
        shell.line_down(0, "silent")
        assert core.calls.count(("lost", 0)) == 1
        assert (shell.connected, shell.disconnects) == (0, 1)

    play(scenario)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("closed by the venue: 1008 too_many_requests", 1),
        ("closed by the venue: 4000 10028", 1),
        ("connection lost", 0),
    ],
)
def test_closes_for_spent_credits_are_counted(reason: str, expected: int) -> None:
    def scenario(shell: Shell, core: FakeCore, link: FakeLink) -> None:
        shell.line_up(0, link)  # type: ignore[arg-type]
        shell.line_down(0, reason)
        assert shell.rate_limit_closes == expected

    play(scenario)


def test_an_ending_on_purpose_is_no_disconnect() -> None:
    def scenario(shell: Shell, core: FakeCore, link: FakeLink) -> None:
        shell.line_up(0, link)  # type: ignore[arg-type]
        shell.is_ending = True
        shell.line_down(0, "end of run")
        assert shell.disconnects == 0

    play(scenario)


def test_the_timer_fires_once_it_is_due_and_not_before() -> None:
    async def scenario(shell: Shell, core: FakeCore, link: FakeLink) -> None:
        loop = asyncio.get_running_loop()
        now_ns = int(loop.time() * 1e9)
        core.timer_ns = now_ns + 3_600 * 10**9
        shell.line_up(0, link)  # type: ignore[arg-type]
        core.timer_ns = now_ns + 2_000_000
        shell.payloads(0, [b"x"])
        async with asyncio.timeout(5):
            while ("timer",) not in core.calls:
                await asyncio.sleep(0.001)
        assert loop.time() * 1e9 >= now_ns + 2_000_000
        assert core.calls.count(("timer",)) == 1

    play(scenario)


def test_a_timer_that_moved_away_is_no_verb() -> None:
    async def scenario(shell: Shell, core: FakeCore, link: FakeLink) -> None:
        core.timer_ns = 1
        shell.line_up(0, link)  # type: ignore[arg-type]
        core.timer_ns = 0
        await asyncio.sleep(0.01)
        assert ("timer",) not in core.calls

    play(scenario)


def test_a_bug_that_comes_out_of_the_core_ends_the_run_not_the_loop() -> None:
    async def scenario(shell: Shell, core: FakeCore, link: FakeLink) -> None:
        shell.line_up(0, link)  # type: ignore[arg-type]
        core.error = RuntimeError("bug")
        shell.payloads(0, [b"x"])
        shell.payloads(0, [b"y"])
        shell.command(cmd="stop")
        shell.line_down(0, "gone")
        assert isinstance(shell.failure.exception(), RuntimeError)

    play(scenario)


def test_notes_of_the_core_reach_the_log() -> None:
    async def run() -> None:
        core, log = FakeCore(), Log("info", None)
        shell = Shell(core, Signer(Credentials("me", "my-own-secret")), log, 1)
        core.said = [(0, "warning", "gap", "book is unreadable")]
        shell.command(cmd="pause")
        shell.close()
        assert core.calls == [("command", {"cmd": "pause"})]
        assert log.recent[-1][1:] == ("warning", "book is unreadable")

    asyncio.run(run())


class Fast:
    """A shell over a core itself, with one fast line."""

    def __init__(self) -> None:
        self.session, self.core = SilentSession(), Core(7)
        self.core.attach(self.session)
        signer = Signer(Credentials("me", "my-own-secret"))
        self.log = Log("debug", None)
        self.shell = Shell(self.core, signer, self.log, 1)
        self.transport, self.link = FakeTransport(), FastLink(ALL, ALL)
        self.lists: list[list[bytes]] = []
        self.link.take_over(self.transport, b"")  # type: ignore[arg-type]
        self.shell.line_up(0, self.link)
        self.link.attach(self._payloads, lambda why: self.shell.line_down(0, why))

    def _payloads(self, payloads: list[bytes]) -> None:
        self.lists.append(payloads)
        self.shell.payloads(0, payloads)

    def texts(self) -> list[bytes]:
        """Return the texts written since the last call."""
        data, self.transport.writes = b"".join(self.transport.writes), []
        return [text for _, text, _ in frames_in(data)]


def on_a_fast_line(scenario: Callable[[Fast], None]) -> None:
    async def run() -> None:
        fast = Fast()
        scenario(fast)
        fast.shell.close()

    asyncio.run(run())


def test_a_fast_line_feeds_the_core_without_the_shell() -> None:
    def scenario(fast: Fast) -> None:
        fast.core.send(0, b'{"method":"public/hello"}')
        arrive(fast.link, frame(b'{"id":1,"result":"ok"}'))
        assert fast.session.told("control") == [b'{"id":1,"result":"ok"}']
        assert fast.lists == []
        assert fast.texts() == [b'{"method":"public/hello"}']
        assert fast.shell.bytes_written == 26

    on_a_fast_line(scenario)


def test_on_a_fast_line_auth_passes_the_signer_both_ways() -> None:
    def scenario(fast: Fast) -> None:
        params = {"client_id": "$CLIENT_ID", "client_secret": "$CLIENT_SECRET"}
        request = {"id": 5, "method": "public/auth", "params": params}
        fast.core.send(0, orjson.dumps(request))
        arrive(fast.link, frame(b'{"id":1,"result":"ok"}'))
        (signed,) = fast.texts()
        assert orjson.loads(signed)["params"]["client_secret"] == "my-own-secret"
        tokens = {"access_token": "access-1234", "refresh_token": "refresh-1234"}
        arrive(fast.link, frame(orjson.dumps({"id": 5, "result": tokens})))
        arrive(fast.link, frame(b'{"id":6,"result":"ok"}'))
        assert len(fast.lists) == 1
        _, auth, last = fast.session.told("control")
        assert orjson.loads(auth)["result"]["access_token"] == "$ACCESS_TOKEN"
        assert last == b'{"id":6,"result":"ok"}'

    on_a_fast_line(scenario)


def test_an_auth_answer_lost_with_its_line_is_waited_for_no_more() -> None:
    def scenario(fast: Fast) -> None:
        fast.core.send(
            0, b'{"id":5,"method":"public/auth","params":{"a":"$CLIENT_ID"}}'
        )
        arrive(fast.link, frame(b'{"id":1,"result":"ok"}'))
        fast.link.connection_lost(None)
        assert fast.session.calls[-1] == ("lost", 0)
        link = FastLink(ALL, ALL)
        link.take_over(FakeTransport(), b"")  # type: ignore[arg-type]
        fast.shell.line_up(0, link)
        link.attach(fast.lists.append, lambda why: None)
        arrive(link, frame(b'{"id":1,"result":"ok"}'))
        assert fast.lists == []

    on_a_fast_line(scenario)


def test_news_behind_a_fast_turn_reach_log_line_and_timer() -> None:
    def scenario(fast: Fast) -> None:
        fast.core.note("warning", "gap", "book is unreadable")
        fast.core.close(0, "silent")
        arrive(fast.link, frame(b'{"id":1,"result":"ok"}'))
        assert fast.log.recent[-1][2] == "book is unreadable"
        ((opcode, _, _),) = frames_in(b"".join(fast.transport.writes))
        assert opcode == 8
        fast.link.connection_lost(None)
        assert (fast.shell.connected, fast.shell.disconnects) == (0, 1)

    on_a_fast_line(scenario)


def test_a_bug_on_a_fast_turn_ends_the_run_not_the_loop() -> None:
    def scenario(fast: Fast) -> None:
        fast.core.send(0, b"x" * 40_000)  # more than the venue takes in a frame
        arrive(fast.link, frame(b'{"id":1,"result":"ok"}'))
        assert isinstance(fast.shell.failure.exception(), ValueError)

    on_a_fast_line(scenario)
