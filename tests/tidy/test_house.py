"""The rules of the house hold everywhere; each failure names file and line."""

import pytest

from tests.tidy import rules
from tests.tidy.sources import ROOT

VENUE = "tests/unit/sim/venue/test_"

TESTED_ELSEWHERE = {
    # What the session's scripts share; it has no behaviour without them.
    "engine/session/context.py": "tests/unit/session/test_recover.py",
    "engine/session/plan.py": "tests/unit/session/test_machine.py",
    "engine/session/port.py": "tests/unit/session/test_machine.py",
    # The simulated venue is asked over its wire, by what a client can do.
    "engine/sim/venue/config.py": f"{VENUE}venue.py",
    "engine/sim/venue/connection.py": f"{VENUE}session.py",
    "engine/sim/venue/errors.py": f"{VENUE}rpc.py",
    "engine/sim/venue/exchange.py": f"{VENUE}orders.py",
    "engine/sim/venue/feeds_market.py": f"{VENUE}channels.py",
    "engine/sim/venue/feeds_user.py": f"{VENUE}channels.py",
    "engine/sim/venue/hub.py": f"{VENUE}channels.py",
    "engine/sim/venue/methods.py": f"{VENUE}schema.py",
    "engine/sim/venue/methods_account.py": f"{VENUE}account_methods.py",
    "engine/sim/venue/methods_market.py": f"{VENUE}market.py",
    "engine/sim/venue/methods_session.py": f"{VENUE}session.py",
    "engine/sim/venue/methods_trading.py": f"{VENUE}edits.py",
    "engine/sim/venue/rows.py": f"{VENUE}channels.py",
    "engine/sim/venue/trades.py": f"{VENUE}channels.py",
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
    assert all(f"{module}: " in needed for module in TESTED_ELSEWHERE)
