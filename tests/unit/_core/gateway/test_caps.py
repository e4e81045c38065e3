"""The caps on traffic; what they hold back is driven in test_config_risk."""

import pytest

from engine._core.gateway.caps import Caps


@pytest.mark.parametrize("found", [(0, 0), (1, 1), (1_000_000, 10_000)])
def test_what_can_be_set(found: tuple[int, int]) -> None:
    caps = Caps()
    caps.set(*found)
    assert (caps.open_orders_max, caps.requests_per_s_max) == found


@pytest.mark.parametrize("found", [(-1, 0), (0, -1), (0, 10_001)])
def test_what_cannot_be_set(found: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"at most 10000/s"):
        Caps().set(*found)
