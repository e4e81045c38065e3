"""What is documented and not offered answers so."""

import pytest

from engine.sim.venue.methods.not_offered import METHODS_BY_REASON, NOT_OFFERED
from engine.sim.venue.methods.registry import METHODS
from tests.unit.sim.venue.client import Client, Refused


def test_nothing_is_both_offered_and_not() -> None:
    assert set(METHODS) & set(NOT_OFFERED) == set()
    assert len(NOT_OFFERED) == sum(map(len, METHODS_BY_REASON.values()))


@pytest.mark.parametrize("name", ["private/withdraw", "public/get_apr_history"])
def test_a_documented_method_says_why(client: Client, name: str) -> None:
    with pytest.raises(Refused) as caught:
        client.call(name)
    error = caught.value
    assert (error.code, error.message) == (10033, "not_implemented")
    assert error.data == {"reason": NOT_OFFERED[name]}


def test_an_unknown_method_does_not_exist(client: Client) -> None:
    assert client.code("private/become_rich") == -32601
