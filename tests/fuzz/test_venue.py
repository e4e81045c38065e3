"""The simulated venue against any request: it answers or closes, and the books balance.

Runs of requests, each from its seed, through every method the registry has and both
ways in, with time passing; what the venue says is checked as it comes and the whole is
audited in between. ``HALFSPREAD_FUZZ_RUNS`` sets how many runs (default: a slice of a
few seconds), ``HALFSPREAD_SEED`` where they begin. A failure names the run's seed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import fields, replace
from hashlib import sha256
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sim.venue import Reject, Venue, VenueConfig, default_accounts
from engine.sim.venue.api.control import CONTROLS
from engine.sim.venue.api.rest import HttpRequest
from engine.sim.venue.config import FREE, CreditConfig, ListingConfig
from engine.sim.venue.errors import NAMES
from engine.sim.venue.faults.fault import Fault
from engine.sim.venue.faults.kinds import FAULTS, read_fault
from engine.sim.venue.faults.traffic import TrafficFault
from engine.sim.venue.methods.registry import METHODS
from tests.generators.requests import WRONG, Asker, frame, query
from tests.generators.venues import one_of_each
from tests.oracles.venue_audit import Auditor
from tests.unit.sim.venue.client import MS, SECOND, START_NS, rebuild

RUNS = int(os.environ.get("HALFSPREAD_FUZZ_RUNS") or "10")
SEED = int(os.environ.get("HALFSPREAD_SEED") or "1") * 1_000_000
SEEDS = range(SEED, SEED + RUNS)
STEPS = 150
AUDIT_EVERY = 15
EXAMPLES = 25 * RUNS
FLOW = ("ann", "bob", "eve")
GROUPS = ({}, {"mmp_group": "default"}, {"mmp_group": "one"})
MMP = {
    "index_name": "btc_usd", "interval": 5, "frozen_time": 1,
    "max_quote_quantity": 5, "quantity_limit": 2,
}  # fmt: skip
WAITS_NS = (0, 0, 0, 0, MS, 10 * MS, 10 * MS, 100 * MS, SECOND)
LEAPS_NS = (60 * SECOND, 3_600 * SECOND, 30_000 * SECOND)  # over settlements
LOGINS = ("maker", "taker", "maker", "taker", "")
LISTING = ListingConfig(families=("BTC",), strikes_each_side=1)
RICH = default_accounts(10**6, 10**6)
CONFIG = VenueConfig(
    accounts=RICH,
    contracts=one_of_each(START_NS // MS),
    credits=FREE,
    expires_in_s=10**7,
)


def config_of(seed: int) -> VenueConfig:
    """Return the venue of a seed; without funding the audit knows all equities."""
    config = CONFIG
    if seed % 2 == 0:
        config = replace(config, funding_cap_bps=0)
    if seed % 3 == 1:
        config = replace(config, matching_us=3_000)
    if seed % 4 == 3:
        config = replace(config, contracts=(), listing=LISTING)
    if seed % 5 == 2:
        config = replace(config, credits=CreditConfig(), accounts=default_accounts())
    return config


class Session:
    """A venue, clients that come back when they are closed, and what they were told."""

    def __init__(self, seed: int, *, strict: bool = True) -> None:
        self.random = Random(seed)
        self.strict = strict  # with faults, frames may be lost and connections cut
        self.config = config = config_of(seed)
        self.now_ns = START_NS
        self.venue = Venue(config, START_NS)
        self.audit = Auditor(self.venue)
        self.asker = Asker(self.venue, self.random)
        self.open: dict[int, str] = {}
        self.waiting: dict[tuple[int, int], bytes] = {}
        self.books: dict[str, list[Any]] = {}
        self.conns = self.requests = 0
        self.digest = sha256()
        self.codes: dict[int, int] = {}
        self.stale: list[int] = []
        self.reader = self.connect("")
        self.login(self.reader, "maker")
        names = list(self.venue.exchange.markets)
        channels = [f"book.{name}.{i}" for name in names for i in ("raw", "100ms")]
        self.ask(self.reader, "private/subscribe", {"channels": channels})
        for name in LOGINS:
            self.connect(name)
        for name in names:
            self.quote(name)

    def connect(self, login: str) -> int:
        self.conns += 1
        self.open[self.conns] = login
        self.venue.connection_made(self.conns, self.now_ns)
        if login:
            self.login(self.conns, login)
        if login and self.random.random() < 0.7:
            self.ask(self.conns, "private/enable_cancel_on_disconnect", {})
            for group in GROUPS:
                self.ask(self.conns, "private/set_mmp_config", {**MMP, **group})
        return self.conns

    def login(self, conn: int, account: str) -> None:
        key = {"client_id": account, "client_secret": f"{account}-secret"}
        self.ask(conn, "public/auth", {"grant_type": "client_credentials", **key})

    # Asking.

    def ask(self, conn: int, method: str, params: Any) -> None:
        self.requests += 1
        text = frame(self.requests, method, params)
        if len(text) <= self.config.frame_max:
            self.waiting[conn, self.requests] = text
        self.venue.receive_data(conn, self.now_ns, text)
        self.hear()

    def ask_http(self, method: str, params: dict[str, Any]) -> None:
        random = self.random
        self.conns += 1
        self.waiting[self.conns, 0] = b"%s %s" % (method.encode(), _text(params))
        headers = {
            "authorization": random.choice(("", "Basic bWFrZXI6bWFrZXItc2VjcmV0"))
        }
        target = f"/api/v2/{method}"
        if random.random() < 0.5:
            http = HttpRequest("GET", f"{target}?{query(params)}", headers)
        else:
            http = HttpRequest("POST", target, headers, frame(0, method, params))
        self.venue.request_made(self.conns, self.now_ns, http, "192.0.2.1")
        self.hear()

    def step(self) -> None:
        random = self.random
        stale, self.stale = self.stale, []
        for conn in stale:
            if self.open.get(conn):
                self.login(conn, self.open[conn])
        method = self.asker.method()
        params = self.asker.params(method)
        if random.random() < 0.15:
            self.ask_http(method, params)
        else:
            conn = random.choice([c for c in self.open if c != self.reader])
            self.ask(conn, method, params)
        leaps = random.random() < 0.03
        self.wait(random.choice(LEAPS_NS if leaps else WAITS_NS))
        if random.random() < 0.3:
            self.quote(random.choice(list(self.venue.exchange.markets)))

    def quote(self, name: str) -> None:
        """Let the background market stand around a mark."""
        market = self.venue.exchange.markets[name]
        i, random = market.instrument, self.random
        for side, direction in ((1, "buy"), (-1, "sell")):
            near = i.ticks_below(market.mark_ref) + (side < 0)
            ticks = near - side * random.randrange(3) * i.step_at(near)
            with suppress(Reject):
                self.venue.place(
                    random.choice(FLOW), name, direction, i.price(i.floor(ticks)),
                    i.amount(random.randrange(1, 30)), t_ns=self.now_ns,
                )  # fmt: skip

    def wait(self, ns: int) -> None:
        self.now_ns += ns
        self.venue.handle_timer(self.now_ns)
        if self.random.random() < 0.1:
            price = 80_000 * self.random.uniform(0.98, 1.02)
            for name in ("btc_usd", "btc_usdc"):
                self.venue.set_index(name, price, self.now_ns)
        self.hear()

    # Hearing.

    def hear(self) -> None:
        for conn in list(self.open):
            for text in self.venue.data_to_send(conn):
                self.digest.update(text)
                if self.strict:
                    self.heard(conn, orjson.loads(text))
        for conn, status, text in self.venue.responses():
            self.digest.update(text)
            if self.strict:
                said = orjson.loads(text)
                assert status == (400 if "error" in said else 200), said
                self.answered(conn, 0, said)
        for conn, _, _ in self.venue.connections_to_close():
            if conn in self.open:
                assert conn != self.reader or not self.strict, "it asked nothing wrong"
                login = self.open.pop(conn)
                self.venue.connection_lost(conn, self.now_ns)
                self.forget(conn)
                self.connect(login)

    def forget(self, conn: int) -> None:
        for key in [key for key in self.waiting if key[0] == conn]:
            del self.waiting[key]

    def heard(self, conn: int, said: dict[str, Any]) -> None:
        assert said["jsonrpc"] == "2.0"
        if "method" in said:
            assert said.keys() == {"jsonrpc", "method", "params"}
            if conn == self.reader:
                self.notified(said)
        elif "id" in said:
            self.answered(conn, said["id"], said)
        else:
            assert "error" in said

    def notified(self, said: dict[str, Any]) -> None:
        channel = said["params"].get("channel", "")
        if channel.startswith("book.") and channel.count(".") == 2:
            self.books.setdefault(channel, []).append(said["params"]["data"])

    def answered(self, conn: int, request_id: Any, said: dict[str, Any]) -> None:
        request = self.waiting.pop((conn, request_id), None)
        assert request is not None, f"nobody asked: {said}"
        assert ("result" in said) != ("error" in said), said
        if "error" in said:
            code = said["error"]["code"]
            assert code in NAMES, said
            assert code != 11094, said
            self.codes[code] = self.codes.get(code, 0) + 1
            if code in (13009, 13021):
                self.stale.append(conn)
        elif isinstance(said["result"], dict) and "access_token" in said["result"]:
            self.asker.tokens = [said["result"]["access_token"], *self.asker.tokens[:3]]


def _text(params: dict[str, Any]) -> bytes:
    return repr(params).encode(errors="replace")


def finish(session: Session) -> None:
    """Let everything be answered, then check all that was said."""
    for _ in range(3):
        session.wait(6 * SECOND)
    session.audit.check()
    for channel, slow in session.books.items():
        if channel.endswith(".raw"):
            continue
        raw = session.books[channel.replace(".100ms", ".raw")]
        until = slow[-1]["change_id"]
        assert rebuild(slow) == rebuild([m for m in raw if m["change_id"] <= until])
        market = session.audit.markets()[channel.split(".")[1]]
        i = market.instrument
        for levels, side in zip(rebuild(raw), (1, -1), strict=True):
            assert levels == {
                i.price(ticks): i.amount(lots)
                for ticks, lots in market.book.levels(side)
            }, channel


@pytest.mark.parametrize("seed", SEEDS)
def test_any_request_is_answered_once_and_the_books_balance(seed: int) -> None:
    session = Session(seed)
    for number in range(STEPS):
        session.step()
        if number % AUDIT_EVERY == 0:
            session.audit.check()
    finish(session)
    assert not session.waiting, f"never answered: {session.waiting}"


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_hide_what_happened_and_never_change_it(seed: int) -> None:
    session = Session(seed, strict=False)
    for number in range(STEPS):
        session.step()
        if session.random.random() < 0.1:
            session.venue.faults.inject(any_fault(session.random))
        if number % AUDIT_EVERY == 0:
            session.audit.check()
    session.venue.faults.board.clear_all()
    session.wait(0)
    session.audit.check()


def test_the_same_seed_gives_the_same_bytes_faults_and_all() -> None:
    def digest(seed: int) -> str:
        session = Session(seed, strict=False)
        for _ in range(STEPS):
            session.step()
            if session.random.random() < 0.2:
                session.venue.faults.inject(any_fault(session.random))
        return session.digest.hexdigest()

    assert digest(SEED) == digest(SEED)
    assert digest(SEED) != digest(SEED + 5)


def any_fault(random: Random) -> Fault:
    """Return a fault of a kind, now and then with conditions."""
    kind = FAULTS[random.choice(list(FAULTS))]
    table: dict[str, Any] = {
        "kind": kind.kind,
        "duration_ms": 10 ** random.randrange(6),
    }
    for one in fields(kind):
        choices = one.metadata["choices"]
        if choices and random.random() < 0.7:
            table[one.name] = random.choice(choices)
    if issubclass(kind, TrafficFault):
        table["count"] = random.randrange(1, 5)
        table["method"] = random.choice(("*", "private/*", "public/*"))
        table["account"] = random.choice(("", "maker", "taker"))
    if kind.kind == "error":
        table["code"] = random.choice(list(NAMES))
    if kind.kind == "omit_fields":
        table["fields"] = ["*_id", "price"]
    if kind.kind in ("held_lock", "account_lock"):
        table["account"] = "maker"
    if kind.kind == "clock_offset":
        table["offset_ms"] = random.randrange(-(10**8), 10**8)
    return read_fault(table)


def test_every_parameter_of_every_method_with_everything_wrong() -> None:
    session = Session(SEED)
    asked = 0
    for name, method in METHODS.items():
        if name in ("private/logout", "public/auth"):
            continue
        for param in method.params:
            for value in WRONG:
                params = session.asker.fields(method.params)
                session.ask(2, name, {**params, param: value})
                asked += 1
        session.audit.check()
    finish(session)
    assert asked > len(METHODS) * len(WRONG)


def test_the_control_api_with_anything() -> None:
    session = Session(SEED, strict=False)
    for name, method in CONTROLS.items():
        session.ask(session.reader, name, session.asker.fields(method.params))
        for param in method.params:
            for value in WRONG:
                params = session.asker.fields(method.params)
                session.ask(session.reader, name, {**params, param: value})
        session.wait(100 * MS)
    session.venue.faults.board.clear_all()
    session.wait(2 * SECOND)
    session.ask(session.connect(""), "sim/snapshot", {})


# Anything at all.

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inside: st.lists(inside, max_size=4)
    | st.dictionaries(st.text(max_size=12), inside, max_size=4),
    max_leaves=12,
)  # fmt: skip
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": JSON,
        "id": JSON,
        "method": st.sampled_from(list(METHODS)) | JSON,
        "params": st.dictionaries(
            st.sampled_from(sorted({p for m in METHODS.values() for p in m.params})),
            JSON,
            max_size=5,
        )
        | JSON,
    },
)
PLAIN = VenueConfig(accounts=RICH, credits=FREE)


def answers(venue: Venue, conn: int, payload: bytes) -> list[dict[str, Any]]:
    """Return what comes back for bytes: nothing but JSON objects."""
    venue.receive_data(conn, START_NS, payload)
    return [orjson.loads(text) for text in venue.data_to_send(conn)]


@given(st.binary(max_size=200) | JSON.map(orjson.dumps) | MEMBERS.map(orjson.dumps))
@settings(max_examples=EXAMPLES)
def test_any_frame_gets_one_answer(payload: bytes) -> None:
    venue = Venue(PLAIN, START_NS)
    venue.connection_made(1, START_NS)
    said = [one for one in answers(venue, 1, payload) if "method" not in one]
    assert len(said) == 1
    assert said[0].get("error", {"code": -32_602})["code"] in NAMES


@given(st.integers(-1, 2), st.binary(max_size=3), st.data())
@settings(max_examples=EXAMPLES)
def test_a_good_frame_with_a_few_bytes_changed(n: int, new: bytes, data: Any) -> None:
    good = frame(1, "public/get_order_book", {"instrument_name": "BTC-PERPETUAL"})
    at = data.draw(st.integers(0, len(good)))
    venue = Venue(PLAIN, START_NS)
    venue.connection_made(1, START_NS)
    assert len(answers(venue, 1, good[:at] + new + good[at + n :])) == 1


TARGETS = st.sampled_from(("/api/v2", "/api/v2/", "/api/v2/public/ticker", "/sim/x"))
HEADERS = st.dictionaries(
    st.sampled_from(("authorization", "content-type", "host")),
    st.text(max_size=60)
    | st.tuples(
        st.sampled_from(("Bearer", "basic", "deri-hmac-sha256", "Digest")),
        st.text(max_size=60) | st.sampled_from(("id=maker,ts=1,nonce=,sig=", "Og==")),
    ).map(" ".join),
)


@given(
    st.sampled_from(("GET", "POST", "HEAD", "")),
    st.text(max_size=60) | st.tuples(TARGETS, st.text(max_size=60)).map("".join),
    HEADERS,
    st.binary(max_size=100) | MEMBERS.map(orjson.dumps),
)
@settings(max_examples=EXAMPLES)
def test_any_http_request_gets_one_answer(
    verb: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    venue = Venue(PLAIN, START_NS)
    venue.request_made(1, START_NS, HttpRequest(verb, target, headers, body), "::1")
    ((conn, status, text),) = venue.responses()
    said = orjson.loads(text)
    assert conn == 1
    assert status in ((200,) if "result" in said else (400, 404))
