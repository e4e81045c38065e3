"""Both faces of the core against those who wear them: no verb may drift away."""

import inspect
from typing import Any

import pytest

from engine._core.core import Core
from engine._core.verbs import SessionHooks, Verbs
from engine.session.machine import Session

PAIRS = [(Verbs, Core), (SessionHooks, Session)]


@pytest.mark.parametrize(("face", "actual"), PAIRS)
def test_every_verb_is_there_with_its_parameters(face: Any, actual: Any) -> None:
    verbs = {name: verb for name, verb in vars(face).items() if name[0] != "_"}
    assert verbs
    for name, verb in verbs.items():
        wanted = [p for p in inspect.signature(verb).parameters if p != "self"]
        taken = inspect.signature(getattr(actual, name)).parameters
        assert [p for p in taken if p != "self"] == wanted, name
