"""`check`: every key with its unit, defaults marked, and no doubt passed over."""

import json
import os

import pytest

from engine import cli
from engine.config import Config
from engine.config_text import key_infos

GOOD = """
environment = "simulation"

[venue]
urls = ["ws://127.0.0.1:8080/ws/api/v2"]

[[quote]]
instrument = "BTC-PERPETUAL"
strategy = "strategies._template:Template"
params = { qty_lots = 1 }

[quote.limits]
position_max = 1000
order_max = 100
collar_bps = 50
stale_ms = 1000

[quote.obligation]
spread_max_bps = 20
size_min = 100
uptime_min_pct = 90

[quote.drift]
sigma_ticks = 5.0
"""


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Return a function that checks a text and returns (code, stdout, stderr)."""
    monkeypatch.delenv("HALFSPREAD_CLIENT_ID", raising=False)
    monkeypatch.delenv("HALFSPREAD_CLIENT_SECRET", raising=False)

    def run(text, *options):
        file = tmp_path / "engine.toml"
        file.write_text(text)
        code = cli.main(["check", str(file), *options])
        return code, *capsys.readouterr()

    return run


def test_every_key_is_printed_with_unit_and_default(check):
    code, out, err = check(GOOD)
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "venue.heartbeat_s = 30 s (default)" in lines
    assert "quote[0].limits.stale_ms = 1000 ms" in lines
    assert "quote[0].limits.position_max = 1000.0 amount units" in lines
    assert "quote[0].params.qty_lots = 1" in lines
    assert "quote[0].params.half_spread_ticks = 2.0 (default)" in lines
    assert lines[-1].endswith("engine.toml: usable")
    for info in key_infos(Config):
        if ".X." in info.key:
            continue
        key = info.key.replace("[]", "[0]")
        assert any(line.startswith(key) for line in lines), key


def test_tables_by_name_are_printed_by_name(check):
    code, out, _ = check(GOOD + "\n[risk.currency.BTC]\nloss_day = 0.25\n")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 0
    assert "risk.currency.BTC.loss_day = 0.25 coins of X" in lines
    assert "risk.currency.BTC.delta_max = absent coins of X (default)" in lines


def test_a_budget_is_printed_by_name(check):
    text = GOOD.replace("params = {", 'budget = "carry"\nparams = {')
    code, out, _ = check(text + "\n[budget.carry]\nexposure_max_usd = 5_000.0\n")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 0
    assert "budget.carry.exposure_max_usd = 5000.0 USD" in lines
    assert 'budget.carry.on_loss = "pull" (default)' in lines
    assert 'quote[0].budget = "carry"' in lines


def test_json_says_the_same(check):
    code, out, _ = check(GOOD, "--json")
    report = json.loads(out)
    assert (code, report["usable"]) == (0, True)
    settings = {row["key"]: row for row in report["settings"]}
    assert settings["venue.heartbeat_s"] == {
        "key": "venue.heartbeat_s",
        "value": 30,
        "unit": "s",
        "is_default": True,
    }
    assert settings["quote[0].params.qty_lots"]["is_default"] is False


@pytest.mark.parametrize(
    ("old", "new", "key", "hint"),
    [
        ("stale_ms = 1000", "", "limits.stale_ms", "is required"),
        ("_template:T", "_templat:T", "quote[0].strategy", "cannot be imported"),
        ("Template", "Templates", "quote[0].strategy", "has: Template"),
        ("qty_lots = 1", "qty_lot = 1", "params.qty_lot", "takes qty_lots"),
        ("qty_lots = 1", "", "params.qty_lots", "is required"),
        ("qty_lots = 1", "qty_lots = 1.5", "params.qty_lots", "int"),
        ("qty_lots = 1", "qty_lots = true", "params.qty_lots", "int"),
        ("qty_lots = 1", "qty_lots = 0", "params.qty_lots (BTC", "must be 1"),
    ],
)
def test_any_doubt_exits_2_with_one_line(check, old, new, key, hint):
    assert old in GOOD
    code, out, err = check(GOOD.replace(old, new))
    assert (code, out) == (2, "")
    assert err.startswith("halfspread: ")
    assert err.count("\n") == 1
    assert key in err
    assert "(BTC-PERPETUAL)" in err
    assert hint in err


def test_json_of_a_refusal(check):
    code, out, err = check(GOOD.replace("stale_ms = 1000", "stale_ms = 1"), "--json")
    report = json.loads(out)
    assert (code, report["usable"], report["value"]) == (2, False, 1)
    assert report["key"] == "quote[0].limits.stale_ms (BTC-PERPETUAL)"
    assert "from 10 to 60_000" in report["allowed"]
    assert err


def test_absent_credentials_are_told_and_refused_on_demand(check, monkeypatch):
    code, out, _ = check(GOOD)
    assert code == 0
    assert "note: no credentials here" in out
    code, _, err = check(GOOD, "--credentials")
    assert code == 2
    assert "HALFSPREAD_CLIENT_ID" in err
    monkeypatch.setenv("HALFSPREAD_CLIENT_ID", "maker")
    monkeypatch.setenv("HALFSPREAD_CLIENT_SECRET", "a-secret-nobody-sees")
    code, out, _ = check(GOOD, "--credentials")
    assert code == 0
    assert "no credentials" not in out
    assert "a-secret-nobody-sees" not in out


def test_journal_folder_must_be_makeable(check, tmp_path):
    code, out, _ = check(GOOD + '\n[journal]\npath = "a/b/c"\n')
    assert code == 0
    assert "cannot be replayed" not in out
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("")
    code, _, err = check(GOOD + '\n[journal]\npath = "file"\n')
    assert code == 2
    assert "journal.path" in err
    code, _, err = check(GOOD + '\n[journal]\npath = "file/below"\n')
    assert code == 2
    assert "cannot be" in err


def test_journal_folder_must_be_writable(check, monkeypatch):
    # The superuser may write anywhere, so the answer of the system is stood in for.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    code, _, err = check(GOOD + '\n[journal]\npath = "locked/journal"\n')
    assert code == 2
    assert "journal.path" in err


def test_metrics_for_everybody_is_remarked(check):
    _, out, _ = check(GOOD + '\n[metrics]\nhost = "0.0.0.0"\n')
    assert "note: metrics.host 0.0.0.0" in out
    _, out, _ = check(GOOD + '\n[metrics]\nhost = "0.0.0.0"\nenabled = false\n')
    assert "metrics.host 0.0.0.0 may" not in out


def test_strategies_beside_the_file_are_found(check, tmp_path):
    (tmp_path / "beside_the_file.py").write_text(
        "from engine import Strategy\n"
        "class Mine(Strategy):\n"
        "    def __init__(self) -> None: ...\n"
    )
    text = GOOD.replace("strategies._template:Template", "beside_the_file:Mine")
    code, _, err = check(text.replace("qty_lots = 1", ""))
    assert (code, err) == (0, "")
