"""The swarm itself: it repeats itself, it varies, it finishes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation import soak
from tests.simulation.swarm.draw import EPOCH_NS, JOURNAL_BYTES, draw
from tests.simulation.swarm.limits import DRILLS, Latches
from tests.simulation.swarm.market import SECOND_NS
from tests.simulation.swarm.mischief import DEEDS
from tests.simulation.swarm.products import EIGHT_NS, draw_products
from tests.simulation.swarm.run import Run, Verdict, judge
from tests.simulation.swarm.watch import Shelf

pytestmark = pytest.mark.simulation

SHORT_S = 20.0


def test_a_seed_is_one_run() -> None:
    def fingerprint(seed: int) -> str:
        run = Run(seed, SHORT_S)
        judge(run)
        return run.engines[0].links.fingerprint()

    assert fingerprint(5) == fingerprint(5)
    assert fingerprint(5) != fingerprint(6)


def test_seeds_differ_in_what_is_on() -> None:
    setups = [draw(seed) for seed in range(60)]
    assert set().union(*(one.kinds for one in setups)) == set(DEEDS)
    assert max(len(one.kinds) for one in setups) < len(DEEDS)
    assert {len(one.limits) for one in setups} == {1, 2, 3}
    assert {one.connections for one in setups} == {1, 2}
    assert {one.engines for one in setups} == {1, 2}
    assert {one.drill for one in setups} == set(DRILLS)
    assert {bool(one.engine["risk"]) for one in setups} == {True, False}
    assert {one.journal_bytes for one in setups} == {0, *JOURNAL_BYTES}


def test_other_instruments_are_drawn_and_some_expire_within_the_run() -> None:
    setups = [draw_products(seed) for seed in range(40)]
    quoted = {name for one in setups for name in one.limits}
    assert any(name.endswith(("-C", "-P")) and "USDC" in name for name in quoted)
    assert any(name.endswith(("-C", "-P")) and "USDC" not in name for name in quoted)
    assert any("25SEP26" in name for name in quoted)
    assert {one.epoch_ns == EPOCH_NS for one in setups} == {True, False}


def test_a_run_over_an_expiry_holds() -> None:
    setup = draw_products(3)
    setup = replace(setup, epoch_ns=EIGHT_NS - 20 * SECOND_NS)
    run = Run(3, 60.0, setup)
    assert judge(run).problem == ""
    assert set(run.engines[0].listed()) < set(setup.limits)


def test_two_engines_trade_at_one_venue() -> None:
    setup = replace(draw(3), engines=2, kinds=("host/stall",))
    run = Run(3, 60.0, setup)
    assert judge(run).problem == ""
    first, second = run.engines
    assert first.watch.account is not second.watch.account
    assert all(len(engine.watch.account.trades) > 0 for engine in run.engines)
    assert first.links.fingerprint() != second.links.fingerprint()


def test_a_trace_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    assert soak.main(["5", "--seconds", "5", "--trace"]) == 0
    shown = capsys.readouterr().out
    assert "seed 5: " in shown
    assert "stopping -> stopped" in shown
    assert shown.endswith("held\n")


def test_a_failure_says_how_to_repeat_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(seed: int, seconds: float, products: bool) -> Verdict:
        problem = "it broke" if seed == 8 else ""
        return Verdict(seed, seconds, problem, {}, products)

    monkeypatch.setattr(soak, "run_seed", fail)
    assert soak.main(["7:10", "--seconds", "60"]) == 1
    shown = capsys.readouterr().out
    assert "FAILED seed 8: it broke" in shown
    assert "make sim SEED=8 SECONDS=60" in shown
    assert "3 of 3 seeds of 60 virtual s, 1 failed" in shown
    assert soak.main(["7:9", "--stop"]) == 1
    assert "make sim SEED=8\n" in capsys.readouterr().out
    assert soak.main(["9"]) == 0
    assert soak.main(["8", "--products"]) == 1
    assert "make sim SEED=8 ARGS=--products\n" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "x", "3:3", "5:2"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"invalid literal|no seeds"):
        soak.seeds_of(text)


def test_a_book_is_readable_along_its_chain_only() -> None:
    shelf = Shelf()
    shelf.take({"type": "change", "change_id": 5, "prev_change_id": 4})
    assert not shelf.ids
    shelf.take({"type": "snapshot", "change_id": 6})
    shelf.take({"type": "change", "change_id": 6, "prev_change_id": 5})  # stale
    assert shelf.ids == {6}
    shelf.take({"type": "change", "change_id": 8, "prev_change_id": 6})
    assert shelf.ids == {8}
    shelf.take({"type": "change", "change_id": 10, "prev_change_id": 9})
    assert not shelf.ids
    shelf.take({"type": "snapshot", "change_id": 11})
    shelf.take({"type": "change", "change_id": 12, "prev_change_id": 11})
    shelf.take({"type": "snapshot", "change_id": 11})  # late, and may be passed over
    assert shelf.ids == {11, 12}
    shelf.forget()
    assert not shelf.ids


def test_a_latched_limit_has_to_stay_until_it_is_armed_again() -> None:
    loss = {"rule": "loss_day", "scope": "", "stance": "pull", "latched": True}
    lag = {"rule": "stale_user", "scope": "", "stance": "pull", "latched": False}
    latches = Latches()
    assert latches.look([loss, lag], 1) == ""
    assert latches.look([loss], 2) == ""
    assert "loss_day" in latches.look([], 3)
    latches.look([loss], 4)
    latches.rearm(6)
    assert latches.look([loss], 5) == ""
    assert latches.look([], 7) == ""
    latches.restart({"parts": {"risk": {"trips": [loss]}}})
    assert "loss_day" in latches.look([], 8)
    latches.restart(None)
    assert latches.look([], 9) == ""
