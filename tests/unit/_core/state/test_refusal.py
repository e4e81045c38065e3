"""What an error code says about the request it answers."""

import pytest

from engine._core.state.refusal import verdict


@pytest.mark.parametrize("code", [10004, 10010, 11008, 11044, 11054])
def test_the_order_is_not_open_any_more(code: int) -> None:
    assert verdict(code) == "ended"


@pytest.mark.parametrize("code", [13777, 13666, 13888, 10041, 10047, 10005, -32602])
def test_nothing_was_done(code: int) -> None:
    assert verdict(code) == "refused"


@pytest.mark.parametrize("code", [10001, 10050, 11030, 11094, 13028, 0, 98765])
def test_it_may_have_been_done(code: int) -> None:
    assert verdict(code) == "unclear"
