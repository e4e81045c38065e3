"""A frame on its way through a door."""

import orjson

from engine.sim.venue.api.connection import Connection
from engine.sim.venue.api.limits import Credits
from engine.sim.venue.config import CreditConfig
from engine.sim.venue.faults.passage import REPLY, Passage

TEXT = b'{"jsonrpc":"2.0","id":1,"result":{"price":80000.0}}'


def passage() -> Passage:
    connection = Connection(1, 1, Credits(CreditConfig(), 0, 0, 0), 0)
    return Passage(REPLY, connection, "public/ticker", TEXT)


def test_what_nothing_touches_leaves_as_it_came() -> None:
    assert passage().texts() == [TEXT]


def test_looking_at_a_frame_does_not_respell_it() -> None:
    one = passage()
    assert one.frame["result"] == {"price": 80000.0}
    assert one.texts() == [TEXT]


def test_what_is_said_instead_is_sent_and_seen() -> None:
    one = passage()
    one.say({"id": 1, "result": 2.0})
    assert one.frame == {"id": 1, "result": 2.0}
    assert one.texts() == [b'{"id":1,"result":2.0}']


def test_copies_followers_and_spelling() -> None:
    one = passage()
    one.copies, one.scientific = 2, True
    one.following.append(b'{"amount":10.0}')
    texts = one.texts()
    assert [orjson.loads(text) for text in texts[:2]] == [orjson.loads(TEXT)] * 2
    assert texts[0] == texts[1] == TEXT.replace(b"80000.0", b"8.0e4")
    assert texts[2] == b'{"amount":1.0e1}'


def test_only_a_part() -> None:
    one = passage()
    one.keep_bytes = 0
    assert one.texts() == [b""]
    one.keep_bytes = 5
    assert one.texts() == [TEXT[:5]]
