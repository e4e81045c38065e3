"""The rules of the house hold everywhere; each failure names file and line."""

import pytest

from tests.tidy import rules
from tests.tidy.sources import ROOT

TESTED_ELSEWHERE = {
    # What the session's scripts share; it has no behaviour without them.
    "engine/session/context.py": "tests/unit/session/test_recover.py",
    "engine/session/plan.py": "tests/unit/session/test_machine.py",
    "engine/session/port.py": "tests/unit/session/test_with_core.py",
}
"""Module -> the test file that covers it, where that is not the one of its name."""

RULES = [
    rules.look_at,
    rules.oracles_are_independent,
    rules.unplaced_modules,
    rules.purity,
    rules.sizes,
    rules.cython_form,
    rules.texts,
    rules.strategy_sizes,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule):
    found = rule(ROOT)
    assert not found, "\n".join(found)


def test_every_module_has_its_own_test_file():
    found = rules.mirror(ROOT, TESTED_ELSEWHERE)
    assert not found, "\n".join(found)


def test_the_exceptions_are_needed():
    needed = "\n".join(rules.mirror(ROOT, {}))
    idle = [module for module in TESTED_ELSEWHERE if f"{module}: " not in needed]
    assert not idle
