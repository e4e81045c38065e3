"""Every method and channel the venue offers, called rightly and wrongly, on the record.

What is sent and what comes back is written to ``build/conformance`` and checked there
against the published schema, where that is at hand.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.sim.venue.api.rpc import LOGIN
from engine.sim.venue.methods.not_offered import METHODS_BY_REASON
from engine.sim.venue.methods.registry import METHODS
from tests.conformance import served
from tests.conformance.calls import ALONE, CALLS, NO_ANSWER
from tests.conformance.client import Client, Record, RefusedError, connected
from tests.conformance.day import PERPETUAL, Day, Login
from tests.conformance.recorder import Http, merged, write
from tests.conformance.schema import load_checker, split
from tests.conformance.served import Venue
from tests.conformance.shapes import NOTIFICATIONS, RESULTS, problems
from tests.conformance.subscriptions import NOT_OFFERED, OFFERED
from tests.conformance.ways import Way
from tests.conformance.wrongs import Wrong, wrongs
from tests.data.shared import recorded

pytestmark = [pytest.mark.conformance, pytest.mark.loopback]

BUILD = served.ROOT / "build" / "conformance"
MAKER, TAKER = Login(*served.MAKER, 1001), Login(*served.TAKER, 1002)
SPEAK_S = 40.0
BAD_PARAMS, NO_METHOD = -32602, -32601
SOCKET_ONLY, NOT_IMPLEMENTED = 10030, 10033
NO_LOGIN = {10000, 13009}
NO_SCOPE = {13021, 13403}
NO_RIGHTS = "session:poor account:none trade:none wallet:none block_trade:none"
READ_ONLY = "session:reader account:read trade:read wallet:read block_trade:read"


@dataclass
class Outcome:
    """One call and its answer. ``door`` is how it was sent: socket, get or post."""

    door: str
    method: str
    params: dict[str, Any]
    answer: dict[str, Any]
    about: str = ""

    @property
    def code(self) -> int:
        """Return the error code, 0 for a result."""
        return int(self.answer.get("error", {}).get("code", 0))

    def __str__(self) -> str:
        said = self.answer.get("error", "a result")
        return f"{self.door} {self.method} {self.about} {self.params}: {said}"


@dataclass
class Run:
    """What a run has done: its outcomes, and the traffic of each connection.

    ``left_out`` are channels the venue did not know, ``awaited`` those that should have
    spoken and did not.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    traffic: list[list[Record]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    awaited: set[str] = field(default_factory=set)


async def params_of(way: Way, day: Day) -> dict[str, Any]:
    """Return the parameters a way of the table makes."""
    made = way(day)
    return await made if inspect.isawaitable(made) else made


@pytest.fixture(scope="module")
def venue(busy: Venue) -> Venue:
    """Return the lively market everything here runs on."""
    return busy


# Right calls.


@pytest.fixture(scope="module")
def right(venue: Venue) -> Run:
    """Return the run of every valid call, over a socket and both ways of HTTP."""
    run = Run()

    async def scenario() -> None:
        async with open_for(venue, run) as (day, client, http):
            speaker = Speaker(venue, run, day, client, http)
            await speaker.subscribe()
            for method in sorted(METHODS):
                for way in CALLS[method]:
                    await speaker.say(method, way)
            await speaker.hear()

    asyncio.run(scenario())
    write(BUILD / "right.jsonl", merged(run.traffic))
    return run


@asynccontextmanager
async def open_for(venue: Venue, run: Run) -> AsyncIterator[tuple[Day, Client, Http]]:
    """Open what a run speaks through: preparations, a socket, an HTTP connection."""
    records: list[Record] = []
    http = Http(venue, served.MAKER)
    run.traffic += [records, http.records]
    try:
        async with (
            connected(venue.ws) as preparing,
            connected(venue.ws, records) as client,
        ):
            day = await Day.begin(preparing, MAKER)
            await client.log_in(MAKER.name, MAKER.secret)
            del records[:]  # the schema wants more of a login than a client sends
            yield day, client, http
    finally:
        http.close()


@dataclass
class Speaker:
    """Says every valid call and listens to every channel."""

    venue: Venue
    run: Run
    day: Day
    client: Client
    http: Http

    async def subscribe(self) -> None:
        """Subscribe to every kind of channel; remember what was left out."""
        for offer in OFFERED:
            names = offer.names(self.day)
            accepted = await self.client.call("private/subscribe", channels=names)
            self.run.left_out += [name for name in names if name not in accepted]
            self.run.awaited |= set(accepted) if offer.speaks else set()

    async def say(self, method: str, way: Way) -> None:
        """Make one valid call through every door it goes through."""
        doors = ["socket"] if METHODS[method].socket_only else ["socket", "get", "post"]
        for door in doors:
            try:
                params = await params_of(way, self.day)
            except RefusedError as refusal:
                answer = {"error": {"code": refusal.code, "message": str(refusal)}}
                outcome = Outcome("preparing", method, {}, answer)
                self.run.outcomes.append(outcome)
                return
            if door == "socket":
                await self._through_socket(method, params)
                continue
            send = self.http.get if door == "get" else self.http.post
            answer = await send(method, params)
            self.run.outcomes.append(Outcome(door, method, params, answer))

    async def _through_socket(self, method: str, params: dict[str, Any]) -> None:
        if method not in ALONE:
            answer = await self.client.ask(method, **params)
            self.run.outcomes.append(Outcome("socket", method, params, answer))
            return
        records: list[Record] = []
        async with connected(self.venue.ws, records) as other:
            await other.log_in(self.day.login.name, self.day.login.secret)
            del records[:]  # the schema wants more of a login than a client sends
            if method in NO_ANSWER:
                await other.tell(method, **params)
                async with asyncio.timeout(SPEAK_S):
                    await other.socket.wait_closed()
                return
            answer = await other.ask(method, **params)
        self.run.traffic.append(records)
        self.run.outcomes.append(Outcome("socket", method, params, answer))

    async def hear(self) -> None:
        """Trade until every channel that speaks in a lively market has spoken."""
        heard = self.client.messages
        deadline = asyncio.get_running_loop().time() + SPEAK_S
        while missing := self.run.awaited - set(heard):
            if asyncio.get_running_loop().time() > deadline:
                break
            if any(name.startswith("user.") for name in missing):
                await self.client.ask(
                    "private/buy",
                    instrument_name=PERPETUAL,
                    amount=10,
                    type="market",
                )
            await asyncio.sleep(0.05)
        self.run.awaited -= set(heard)


def test_the_table_names_every_offered_method() -> None:
    assert set(METHODS) == set(CALLS)


def test_every_right_call_has_a_result(right: Run) -> None:
    refused = [str(one) for one in right.outcomes if one.code]
    assert not refused, "\n".join(refused)
    called = {one.method for one in right.outcomes}
    assert called == set(METHODS) - NO_ANSWER


def test_both_doors_answer_alike(right: Run) -> None:
    """The same call has the same members in its result, however it was sent."""
    doors: dict[str, dict[str, list[Any]]] = {"socket": {}, "get": {}, "post": {}}
    for one in right.outcomes:
        result = one.answer.get("result")
        shape = sorted(result) if isinstance(result, dict) else type(result).__name__
        if one.door in doors:
            doors[one.door].setdefault(one.method, []).append(shape)
    for method, shapes in doors["get"].items():
        if method not in ("public/auth", "private/buy", "private/sell"):
            assert shapes == doors["post"][method] == doors["socket"][method], method


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the checker's open files
def test_the_right_calls_satisfy_the_official_schema(
    right: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Frames the schema is right about hold as it is, the others with our excuses."""
    script = recorded("spec", "check_frames.py")
    split(BUILD / "right.jsonl", load_checker(script, excused=False))
    for name, excused, frames_min in (("right", False, 1_000), ("excused", True, 1)):
        checker = load_checker(script, excused)
        words = ["check_frames", str(BUILD / f"{name}.jsonl"), "--max", "100"]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            checker.main()
        said = capsys.readouterr().out
        assert ended.value.code == 0, said
        assert int(said.split()[0]) > frames_min
    assert len(right.outcomes) > 200


def test_results_have_their_members(right: Run) -> None:
    lacking = {
        problem
        for one in right.outcomes
        if one.method in RESULTS and not one.code
        for problem in problems(one.answer["result"], RESULTS[one.method], one.method)
    }
    assert not lacking, "\n".join(sorted(lacking))


def test_notifications_have_their_members(right: Run) -> None:
    lacking, seen = set(), set()
    for direction, frame in right.traffic[0]:
        if direction == "in" and frame.get("method") == "subscription":
            channel, data = frame["params"]["channel"], frame["params"]["data"]
            if channel in NOTIFICATIONS:
                seen.add(channel)
                lacking |= set(problems(data, NOTIFICATIONS[channel], channel))
    assert not lacking, "\n".join(sorted(lacking))
    assert seen == set(NOTIFICATIONS)


def test_what_is_not_offered_says_so_at_both_doors(venue: Venue) -> None:
    others = [name for names in METHODS_BY_REASON.values() for name in names]
    assert not set(others) & set(METHODS)

    async def scenario() -> None:
        http = Http(venue, served.TAKER)
        async with connected(venue.ws) as client:
            await client.log_in(*served.TAKER)
            for method in others:
                for answer in (await client.ask(method), await http.get(method, {})):
                    assert answer["error"]["code"] == NOT_IMPLEMENTED, method
        http.close()

    asyncio.run(scenario())


def test_every_documented_method_is_offered_or_not() -> None:
    schema = json.loads(recorded("spec", "deribit-schema.json").read_text())
    others = {name for names in METHODS_BY_REASON.values() for name in names}
    assert set(METHODS) | others >= set(schema["methods"])


# Channels.


def test_every_offered_channel_is_accepted_and_speaks(right: Run) -> None:
    assert right.left_out == []
    assert right.awaited == set()


def test_the_tables_name_every_kind_of_channel() -> None:
    schema = json.loads(recorded("spec", "deribit-schema.json").read_text())
    offered = {offer.kind for offer in OFFERED}
    assert offered | set(NOT_OFFERED) == set(schema["channels"])
    assert not offered & set(NOT_OFFERED)


def test_a_kind_that_is_not_offered_is_left_out(venue: Venue) -> None:
    async def scenario() -> None:
        async with connected(venue.ws) as client:
            await client.log_in(*served.TAKER)
            for name in NOT_OFFERED.values():
                assert await client.call("private/subscribe", channels=[name]) == []

    asyncio.run(scenario())


# Wrong calls.


@pytest.fixture(scope="module")
def wrong(venue: Venue) -> Run:
    """Return the run of every wrong call; no account is any different after it."""
    run = Run()

    async def scenario() -> None:
        async with connected(venue.ws) as preparing:
            day = await Day.begin(preparing, TAKER)
            bases = {name: await params_of(CALLS[name][0], day) for name in METHODS}
            before = await standing(day)
            for method in sorted(METHODS):
                await spoil(venue, run, method, bases[method])
            await trespass(venue, run, bases)
            assert await standing(day) == before

    asyncio.run(scenario())
    write(BUILD / "wrong.jsonl", merged(run.traffic))
    return run


async def standing(day: Day) -> list[Any]:
    """Return what only the account's own requests can change."""
    summaries = await day.client.call("private/get_account_summaries")
    positions = await day.client.call("private/get_positions")
    orders = await day.client.call("private/get_open_orders")
    return [
        {row["currency"]: row["balance"] for row in summaries["summaries"]},
        {row["instrument_name"]: row["size"] for row in positions},
        orders,
    ]


async def spoil(venue: Venue, run: Run, method: str, base: dict[str, Any]) -> None:
    """Send every spoiled form of one call."""
    records: list[Record] = []
    http = Http(venue, served.TAKER)
    run.traffic += [records, http.records]
    found = METHODS[method]
    async with connected(venue.ws, records) as client:
        await client.log_in(*served.TAKER)
        for one in wrongs(found, base):
            answer = await client.ask(method, **one.params)
            run.outcomes.append(
                Outcome("socket", method, one.params, answer, one.about)
            )
            if found.socket_only:
                continue
            answer = await http.post(method, one.params)
            run.outcomes.append(Outcome("post", method, one.params, answer, one.about))
            if wrong_as_text(method, one):
                answer = await http.get(method, one.params)
                run.outcomes.append(
                    Outcome("get", method, one.params, answer, one.about)
                )
    http.close()


def wrong_as_text(method: str, one: Wrong) -> bool:
    """Say whether a call is still wrong when every value is text, as in a query."""
    param = METHODS[method].params[one.param]
    value = one.params.get(one.param, "")
    fits = param.kind != "text or object" and not isinstance(value, str)
    fits = fits and "text" in param.kind
    return not fits and len(str(value)) < 1_000 and value is not None


async def trespass(venue: Venue, run: Run, bases: dict[str, dict[str, Any]]) -> None:
    """Ask for what needs a login without one, and for what needs more rights."""
    for about, scope in (
        ("nobody", ""),
        ("no rights", NO_RIGHTS),
        ("reads", READ_ONLY),
    ):
        records: list[Record] = []
        run.traffic.append(records)
        async with connected(venue.ws, records) as client:
            if scope:
                await client.log_in(*served.TAKER, scope=scope)
            for method in sorted(METHODS):
                needs = METHODS[method].scope
                if not needs or (scope and needs == LOGIN):
                    continue
                if about == "reads" and not needs.endswith(":read_write"):
                    continue
                answer = await client.ask(method, **bases[method])
                run.outcomes.append(
                    Outcome("socket", method, bases[method], answer, about)
                )
    http = Http(venue)
    run.traffic.append(http.records)
    for method in sorted(METHODS):
        if METHODS[method].scope and not METHODS[method].socket_only:
            answer = await http.get(method, bases[method])
            run.outcomes.append(Outcome("get", method, bases[method], answer, "nobody"))
    http.close()


def test_every_wrong_call_is_refused(wrong: Run) -> None:
    accepted = [str(one) for one in wrong.outcomes if not one.code]
    assert not accepted, "\n".join(accepted)
    assert len(wrong.outcomes) > 1_000


def test_every_refusal_has_a_code_and_a_message(wrong: Run) -> None:
    for one in wrong.outcomes:
        error = one.answer["error"]
        assert type(error["code"]) is int, one
        assert isinstance(error["message"], str), one
        assert error["message"], one
        if one.code == BAD_PARAMS:
            assert set(error["data"]) >= {"param", "reason"}, one


def test_a_bad_parameter_is_named(wrong: Run) -> None:
    shapes = [
        one
        for one in wrong.outcomes
        if one.about not in ("nobody", "no rights", "reads")
    ]
    others = [str(one) for one in shapes if one.code != BAD_PARAMS]
    assert not others, "\n".join(others)


def test_who_may_not_is_told_so(wrong: Run) -> None:
    for one in wrong.outcomes:
        if one.about == "nobody":
            assert one.code in NO_LOGIN, one
        elif one.about in ("no rights", "reads"):
            assert one.code in NO_SCOPE, one
    asked = {one.about for one in wrong.outcomes}
    assert {"nobody", "no rights", "reads"} <= asked


def test_socket_methods_are_refused_over_http(venue: Venue) -> None:
    async def scenario() -> None:
        http = Http(venue, served.TAKER)
        for method, found in METHODS.items():
            if found.socket_only:
                answer = await http.get(method, {})
                assert answer["error"]["code"] == SOCKET_ONLY, method
        answer = await http.get("public/no_such_method", {})
        assert answer["error"]["code"] == NO_METHOD
        http.close()

    asyncio.run(scenario())
