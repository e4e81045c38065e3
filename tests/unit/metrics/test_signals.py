"""Signals as metrics: each told apart, though a strategy has several of a kind."""

from engine.metrics.signals import signal_rows


def test_signals_of_one_kind_are_told_apart() -> None:
    here = {"signal": "EwmaCross", "hears": "BTC-PERPETUAL", "value": -0.5}
    instruments = {
        "BTC-PERPETUAL": {
            "signals": [here | {"is_ready": True}, here | {"is_ready": False}]
        },
        "ETH-PERPETUAL": {},
    }
    values, ready = (list(samples) for _, samples in signal_rows(instruments))
    labels = [("BTC-PERPETUAL", at, "EwmaCross", "BTC-PERPETUAL") for at in "01"]
    assert values == [(one, -0.5) for one in labels]
    assert ready == [(labels[0], 1.0), (labels[1], 0.0)]
