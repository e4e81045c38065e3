"""Quoting over a recording: what was wished for, with every request accepted."""

from __future__ import annotations

import json
from random import Random

import orjson

from engine.cli import main
from engine.replay.quoting import AcceptingVenue
from tests.generators import captures
from tests.unit.replay.test_dry import book

KEYS = {"frames", "book_frames", "gaps", "crossed", "unknown", "errors"}
CONFIG = """
environment = "simulation"
[venue]
urls = ["ws://127.0.0.1:1/ws/api/v2"]
[[quote]]
instrument = "BTC-PERPETUAL"
strategy = "tests.unit.replay.wide:Wide"
[quote.limits]
position_max = 10000.0
order_max = 100.0
collar_bps = 500.0
stale_ms = 60000
[[quote]]
instrument = "NOT-HERE"
strategy = "tests.unit.replay.wide:Wide"
[quote.limits]
position_max = 1.0
order_max = 1.0
collar_bps = 500.0
stale_ms = 60000
"""


def test_config_says_what_the_strategies_wished_for(tmp_path, capsys, monkeypatch):
    rng = Random(1)
    name = "BTC-PERPETUAL"
    monkeypatch.setattr(captures, "INSTRUMENTS", {name: captures.INSTRUMENTS[name]})
    frames = captures.make(rng, 400, garbage=False)
    path = captures.write(rng, tmp_path / "r.jsonl", frames, "envelope")
    config = tmp_path / "c.toml"
    config.write_text(CONFIG)
    assert main(["feed", str(path), "--json", "--books"]) == 0
    plain = json.loads(capsys.readouterr().out)
    arguments = ["feed", str(path), "--config", str(config)]
    assert main([*arguments, "--json", "--books"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["books"] == plain["books"]
    assert {key: report[key] for key in KEYS} == {key: plain[key] for key in KEYS}
    assert list(report["quotes"]) == [name]
    assert report["quotes"][name]["decisions"] > 10
    assert report["quotes"][name]["strategy_errors"] == 0
    assert report["requests"]["new"] >= 2
    assert report["requests"]["edit"] + report["requests"]["cancel"] > 2
    assert report["requests"]["cancel_all"] == 0
    assert "NOT-HERE: not in the recording" in report["messages"]
    assert main(arguments) == 0
    assert "quotes: BTC-PERPETUAL: decisions" in capsys.readouterr().out


def test_a_quote_stays_when_the_book_does(tmp_path, capsys):
    name = "BTC-PERPETUAL"
    frames = [
        book(1, '[["new",100.5,10]]', '[["new",101.0,30]]', name=name),
        book(2, '[["new",90.0,10]]', "[]", 1, name=name),
        book(3, '[["new",91.0,10]]', "[]", 2, name=name),
    ]
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"\n".join(frame.payload for frame in frames))
    config = tmp_path / "c.toml"
    config.write_text(CONFIG)
    assert main(["feed", str(path), "--config", str(config), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["requests"] == {"new": 2, "edit": 0, "cancel": 0, "cancel_all": 0}
    assert report["quotes"][name]["bid"] == [[100.2, 1.0]]
    assert report["quotes"][name]["ask"] == [[101.3, 1.0]]
    assert report["errors"] == 0


def test_the_accepting_venue_answers_like_one():
    venue = AcceptingVenue()

    def ask(method, **params):
        frame = orjson.dumps({"id": 7, "method": method, "params": params})
        answer = orjson.loads(venue.answer(frame, 5_000_000))
        assert answer["id"] == 7
        return answer["result"]

    new = {"instrument_name": "X", "label": "l", "price": 1.5, "amount": 2}
    order = ask("private/sell", **new)["order"]
    assert order.items() >= {**new, "direction": "sell", "order_state": "open"}.items()
    number = order["order_id"]
    order = ask("private/edit", order_id=number, price=2.5, amount=3)["order"]
    assert (order["price"], order["amount"], order["label"]) == (2.5, 3, "l")
    assert ask("private/cancel", order_id=number)["order_state"] == "cancelled"
    taken = ask("private/buy", **new, time_in_force="immediate_or_cancel")
    assert taken["order"]["order_state"] == "cancelled"
    assert taken["trades"] == []
    ask("private/buy", **new)
    assert ask("private/cancel_all") == 1
