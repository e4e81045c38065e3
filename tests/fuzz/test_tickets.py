"""Tickets of every form: what the builder lets pass, neither schema nor venue refuses.

``HALFSPREAD_FUZZ_FRAMES`` sets how many (default: a slice of a second or two),
``HALFSPREAD_SEED`` where they begin. A failure names the seed.
"""

import json
import os
from random import Random
from typing import Any

import jsonschema
import pytest

from engine._core.base.instrument import InstrumentTable
from engine.session.tickets import spec as tickets
from engine.session.tickets.spec import TicketError, request_of, spec_from
from tests.data.shared import recorded
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    FUTURE,
    PERP,
    SPOT,
    USDC_PERP,
    listed_bench,
)
from tests.unit.sim.venue.client import Client, Refused

COUNT = int(os.environ.get("HALFSPREAD_FUZZ_FRAMES") or "1500")
SEED = int(os.environ.get("HALFSPREAD_SEED") or "1") * 1_000_000
NAMES = (PERP, FUTURE, USDC_PERP, COIN_CALL, SPOT)
OF_FORM = (-32602, 10002, 10021, 10023, 10026, 10031, 10043, 10044, 11039)
"""Refusals for the form of a request: the builder's business."""


def number(random: Random) -> Any:
    whole = random.choice((1, 10, 20, 100, 80_000, 79_990, 81_000, 15, 0, -10))
    return random.choice((whole, whole, str(whole), "0.1", "0.02", "0.0005", "80000.5"))


def ticket(random: Random, name: str, depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {
        "side": random.choice((*tickets.SIDES, "hold") if depth else tickets.SIDES),
        "amount": number(random),
    }
    if not depth:
        found["instrument"] = name
    kind = random.choice(tickets.TYPES)
    found["type"] = kind
    if kind in tickets.PRICED or random.random() < 0.05:
        found["price"] = number(random)
    if kind in tickets.TRIGGERED or random.random() < 0.05:
        found["trigger_price"] = number(random)
    if kind == "trailing_stop" or random.random() < 0.05:
        found["trigger_offset"] = number(random)
    if kind in (*tickets.TRIGGERED, "trailing_stop") or random.random() < 0.05:
        found["trigger"] = random.choice(tickets.TRIGGERS)
    if random.random() < 0.3:
        found["time_in_force"] = random.choice(tickets.TIMES_IN_FORCE)
    for flag in ("reduce_only", "post_only"):
        if random.random() < 0.2:
            found[flag] = True
    if not depth and random.random() < 0.2:
        found["linked"] = random.choice(tickets.LINKS)
        many = tickets.SECONDARIES_MAX[found["linked"]]
        found["then"] = [ticket(random, name, 1) for _ in range(many)]
        if random.random() < 0.5:
            found["fill_condition"] = random.choice(tickets.CONDITIONS)
    return found


class World:
    """A venue of everything, and the table the builder reads."""

    def __init__(self) -> None:
        bench = listed_bench()
        for name in NAMES[:3]:
            bench.place("buy", 79_990, 10, instrument=name)
            bench.place("sell", 80_010, 10, instrument=name)
        self.client: Client = bench.connect("maker")
        self.table = InstrumentTable()
        for name in NAMES:
            method = "public/get_instrument"
            self.table.add(self.client.call(method, instrument_name=name))

    def request(self, seed: int) -> tuple[str, dict[str, Any]] | None:
        """Return what a seed's ticket becomes, None when it is refused."""
        random = Random(seed)
        name = random.choice(NAMES)
        try:
            spec = spec_from(ticket(random, name))
            index = self.table.index_of(name)
            until_ms = 1_800_000_000_000
            return request_of(spec, self.table, index, f"hs-0-t-{seed}", until_ms)
        except TicketError:
            return None


def test_the_venue_refuses_no_ticket_for_its_form() -> None:
    world = World()
    sent = 0
    for seed in range(SEED, SEED + COUNT):
        request = world.request(seed)
        if request is None:
            continue
        sent += 1
        method, params = request
        try:
            world.client.call(method, **params)
        except Refused as refusal:
            assert refusal.code not in OF_FORM, f"seed {seed}: {refusal}: {params}"
        world.client.call("private/cancel_all")
    assert sent > COUNT // 20


def test_every_ticket_fits_the_published_schema() -> None:
    path = recorded("spec", "deribit-schema.json")
    schema = json.loads(path.read_text())
    world = World()
    judges = {}
    for method in ("private/buy", "private/sell"):
        form = {
            **schema["methods"][method]["params"],
            "$defs": schema["$defs"],
            "additionalProperties": False,
        }
        judges[method] = jsonschema.Draft202012Validator(form)
    for seed in range(SEED, SEED + COUNT):
        request = world.request(seed)
        if request is not None:
            problems = list(judges[request[0]].iter_errors(request[1]))
            assert problems == [], f"seed {seed}: {problems[0].message}"


@pytest.mark.parametrize("junk", [[], "x", None, {"then": 1}, {"amount": {}}])
def test_junk_is_refused_in_words(junk: Any) -> None:
    found = {"instrument": PERP, "side": "buy", "amount": 10, "then": [junk]}
    with pytest.raises(TicketError):
        spec_from(found)
