"""The table of what signals cost: made of counts, an idle signal taken away."""

from benchmarks.signals import __main__ as signals
from benchmarks.signals.work import EVENTS, KINDS, SIGNALS


def test_the_cost_is_what_comes_on_top_of_an_idle_signal(monkeypatch):
    counts = {
        f"{name} {kind}": (
            100 * EVENTS + (50 * EVENTS if (name, kind) == ("Basis", "book") else 0),
            "",
        )
        for name in SIGNALS
        for kind in KINDS
    }
    monkeypatch.setattr(signals, "dumped", lambda program: counts)
    rows = signals.counted()
    assert "Signal" not in rows
    assert rows["Basis"] == {"book": 50.0, "trade": 0.0, "ticker": 0.0, "call": 0.0}
    text = signals.table(rows).splitlines()
    assert "| `Basis` | 50 |  |  |  |" in text
    assert len(text) == len(SIGNALS) - 1 + 2
