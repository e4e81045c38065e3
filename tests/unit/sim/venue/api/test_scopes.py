"""Scope texts, and what comes of them."""

import pytest

from engine.sim.venue.api.scopes import Wish, reaches, read_scope, scope_text
from engine.sim.venue.errors import Reject

KEY = {"account": "read_write", "trade": "read", "wallet": "none"}


@pytest.mark.parametrize(
    ("text", "granted"),
    [
        ("", KEY),
        ("connection mainaccount", KEY),
        ("session:one expires:5 unknown:read no_colon", KEY),
        ("trade:read", {"trade": "read"}),
        ("trade:read_write", {"trade": "read"}),
        ("account:read wallet:read", {"account": "read", "wallet": "none"}),
        ("account:none", KEY | {"account": "none"}),
        ("account:none trade:read", {"account": "none", "trade": "read"}),
        ("block_rfq:read", KEY),
        ("trade:write", KEY),
    ],
)
def test_never_more_than_the_key_has(text: str, granted: dict[str, str]) -> None:
    assert read_scope(text).granted(KEY) == granted


def test_how_a_token_is_bound() -> None:
    wish = read_scope("session:a:b expires:60 ip:192.0.2.10")
    assert (wish.session, wish.expires_s) == ("a:b", 60)
    assert str(wish.network) == "192.0.2.10/32"
    assert read_scope("expires:x expires:- ip:*") == Wish()


@pytest.mark.parametrize("text", ["ip:", "ip:nowhere", "ip:192.0.2.10/99"])
def test_an_address_must_be_one(text: str) -> None:
    with pytest.raises(Reject, match="Invalid params"):
        read_scope(text)


def test_where_a_token_may_be_used() -> None:
    network = read_scope("ip:192.0.2.0/24").network
    assert reaches(network, "192.0.2.200")
    assert not reaches(network, "192.0.3.1")
    assert not reaches(network, "")
    assert not reaches(network, "::1")
    assert not reaches(network, "not an address")
    assert reaches(read_scope("ip:127.0.0.1").network, "")
    assert reaches(None, "anything")


def test_what_is_shown_is_sorted() -> None:
    network = read_scope("ip:192.0.2.10").network
    text = scope_text({"trade": "read", "account": "none"}, "one", network, True)
    assert text == "account:none ip:192.0.2.10/32 mainaccount session:one trade:read"
    assert scope_text({}, "", None, False) == "connection"
