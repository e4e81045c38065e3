"""Error codes and the shape of answers."""

import pytest

from engine.errors import ProtocolError
from engine.session.verdict import (
    ASK_AGAIN,
    Verdict,
    as_object,
    as_rows,
    rejection,
    short,
    verdict_of,
)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (10028, Verdict.ENDED),
        (10040, Verdict.RETRY),
        (10041, Verdict.RETRY),
        (10047, Verdict.RETRY),
        (11051, Verdict.WAIT),
        (10001, Verdict.ASK),
        (10050, Verdict.ASK),
        (11094, Verdict.ASK),
        (13028, Verdict.ASK),
        (13004, Verdict.REFUSED),
        (13020, Verdict.REFUSED),
        (-32602, Verdict.REFUSED),
        (10049, Verdict.REFUSED),
        (13009, Verdict.LOGIN),
        (13778, Verdict.LOGIN),
        (10004, Verdict.GONE),
        (11044, Verdict.GONE),
    ],
)
def test_a_known_code_has_its_verdict(code: int, verdict: Verdict) -> None:
    assert verdict_of(code) is verdict


@pytest.mark.parametrize("code", [1, 99999, -1, 424242])
def test_a_code_we_do_not_know_leaves_the_outcome_open(code: int) -> None:
    assert verdict_of(code) is Verdict.ASK
    assert Verdict.ASK in ASK_AGAIN


@pytest.mark.parametrize("value", [None, [], "ok", 3, True])
def test_an_object_must_be_one(value: object) -> None:
    with pytest.raises(ProtocolError, match="public/x"):
        as_object("public/x", value)


@pytest.mark.parametrize("value", [None, {}, [1], [{}, None], "rows"])
def test_rows_must_be_rows(value: object) -> None:
    with pytest.raises(ProtocolError, match="public/x"):
        as_rows("public/x", value)


def test_long_texts_of_the_venue_are_cut() -> None:
    assert len(short("x" * 1_000)) == 120
    assert short("brief") == "brief"
    assert len(str(rejection("public/x", 1, "y" * 10_000))) < 200
