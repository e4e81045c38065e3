"""Codes and bodies of refusals."""

import pytest

from engine.sim.venue.errors import CODES, NAMES, Reject, bad_param


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("order_overlap", 10003),
        ("too_many_requests", 10028),
        ("price_wrong_tick", 10043),
        ("post_only_reject", 11054),
        ("unauthorized", 13009),
        ("raw_subscriptions_not_available_for_unauthorized", 13778),
        ("timed_out", 13888),
    ],
)
def test_names_are_the_messages(name: str, code: int) -> None:
    assert Reject(name).body() == {"message": name, "code": code}


def test_limits_are_appended_to_the_message() -> None:
    body = Reject("price_too_high", "82044.0").body()
    assert body == {"message": "price_too_high 82044.0", "code": 10007}


def test_bad_parameters() -> None:
    assert bad_param("price", "must be a number").body() == {
        "message": "Invalid params",
        "code": -32602,
        "data": {"reason": "must be a number", "param": "price"},
    }


def test_an_unknown_name_is_our_bug() -> None:
    with pytest.raises(KeyError):
        Reject("no_such_error")


def test_only_what_the_documentation_says_twice_shares_a_code() -> None:
    shared = {code for code in CODES.values() if list(CODES.values()).count(code) > 1}
    assert shared == {-32600, 13907}


def test_every_code_has_a_name() -> None:
    assert set(NAMES) == {*CODES.values(), 13792}
    assert all(CODES[name] == code for code, name in NAMES.items() if code != 13792)
    assert NAMES[-32600] == "Invalid Request"
    assert NAMES[13792] == NAMES[13037] == "incomplete_KYC_data"
