"""Attribution's metrics: every number of the snapshot, by the name the docs give it."""

from typing import Any

from engine.metrics.attribution import PARTS, attribution_rows
from engine.session.attribution import PARTS as SPLIT

STAT = {
    "fills": 3,
    "lost": 1,
    "ticks": 0.5,
    "ticks_error": 0.1,
    "money": 2e-9,
    "money_error": 1e-10,
}
INSTRUMENT = {
    "markouts": {"maker": {"0s": STAT, "60s": {**STAT, "ticks": -0.5}}},
    "levels": {"bid": [[1, 10, 530.0, 9, 480.0]], "ask": [["take", 1, 50.0, 1, 50.0]]},
    "presence": {"watched_s": 20.0, "bid_s": 19.0, "ask_s": 18.0, "both_s": 17.0},
    "held": {"mean": 12.0, "sd": 3.0},
    "requests": {"new": 4, "edit": 3, "cancel": 2, "cancel_all": 0},
}


def samples(snapshot: dict[str, Any]) -> dict[str, Any]:
    return {
        family.name.removeprefix("halfspread_"): dict(found)
        for family, found in attribution_rows(snapshot)
    }


def test_the_split_by_instrument_and_by_budget() -> None:
    split = {part: float(i) for i, part in enumerate(PARTS)}
    session = {
        "attribution": {
            "instruments": {"P": {"currency": "BTC", "budget": "", **split}},
            "budgets": {"": {"usd": split}, "unpriced": {"usd": None}},
        }
    }
    found = samples({"session": session, "instruments": {}})
    assert set(PARTS) == {*SPLIT, "total"}
    assert {key[2] for key in found["attribution"]} == set(PARTS)
    assert found["attribution"]["P", "BTC", "hedging"] == split["hedging"]
    assert {key[0] for key in found["attribution_usd"]} == {""}


def test_what_an_instrument_knows() -> None:
    found = samples({"instruments": {"P": INSTRUMENT}})
    assert found["markout_ticks"] == {
        ("P", "maker", "0s"): 0.5,
        ("P", "maker", "60s"): -0.5,
    }
    for key in STAT:
        assert ("P", "maker", "60s") in found[f"markout_{key}"]
    assert found["level_orders"] == {("P", "bid", "1"): 10, ("P", "ask", "take"): 1}
    assert found["level_placed"]["P", "bid", "1"] == 530.0
    assert found["level_fills"]["P", "bid", "1"] == 9
    assert found["level_filled"]["P", "bid", "1"] == 480.0
    assert found["instrument_requests"] == {
        ("P", "new"): 4,
        ("P", "edit"): 3,
        ("P", "cancel"): 2,
    }
    assert found["both_shown_seconds"] == {("P",): 17.0}
    assert found["position_sd"] == {("P",): 3.0}
    assert found["obligation_uptime_pct"] == {}


def test_an_obligation_is_shown_where_there_is_one() -> None:
    kept = {"obliged_s": 5.0, "uptime_pct": 25.0, "uptime_min_pct": 90.0}
    presence = {**INSTRUMENT["presence"], "obligation": kept}
    found = samples({"instruments": {"P": {**INSTRUMENT, "presence": presence}}})
    assert found["obligation_kept_seconds"] == {("P",): 5.0}
    assert found["obligation_uptime_pct"] == {("P",): 25.0}
    assert found["obligation_uptime_min_pct"] == {("P",): 90.0}


def test_what_a_budget_may_lose_and_send() -> None:
    row = {
        "exposure_usd": 400.0,
        "delta_usd": {"BTC": 100.0, "ETH": 5.0},
        "credits_left": {"trading": 7.5},
    }
    found = samples({"budgets": {"carry": row}})
    assert found["budget_exposure_usd"] == {("carry",): 400.0}
    assert found["budget_delta_usd"] == {
        ("carry", "BTC"): 100.0,
        ("carry", "ETH"): 5.0,
    }
    assert found["budget_credits_left"] == {("carry", "trading"): 7.5}


def test_nothing_known_is_nothing_shown() -> None:
    assert not any(samples({}).values())
