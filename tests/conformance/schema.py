"""What the published schema gets wrong, beside what its checker excuses already.

Each is a field of the checker's table of exceptions: an error there is excused when the
function says so. The evidence is production's own rows.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

CURRENCY_LISTS = (
    "base_currency",
    "counter_currency",
    "quote_currency",
    "settlement_currency",
)
"""Their lists stop at BTC, ETH and USD; rows of 2026-09 have every listed coin."""


def _of_result(error: Any) -> bool:
    """Excuse what whole results are, or their elements.

    Spot rows have no settlement period; a cancel that asks for details is answered with
    a list, where the schema knows the count alone. Names of indices are texts, points
    of a volatility pairs, expiries come by kind or by currency, logins come with their
    number.
    """
    no_period = "'settlement_period' is a required property" in error.message
    name = isinstance(error.instance, str) and "not of type 'object'" in error.message
    return no_period or name or isinstance(error.instance, list) or _object(error)


def _object(error: Any) -> bool:
    """Say whether an object is a list of logins or of expiries."""
    if not isinstance(error.instance, dict):
        return False
    if "records_total" in error.instance:
        return True
    kinds = [error.instance, *error.instance.values()]
    return any(
        isinstance(one, dict) and one.keys() & {"option", "future"} for one in kinds
    )


def _is_null(error: Any) -> bool:
    """Excuse a figure that does not exist: no trade yet, nothing on that side."""
    return error.instance is None


MAY_BE_NULL = (
    "ask_price",
    "bid_price",
    "continuation",
    "high",
    "last",
    "last_price",
    "low",
    "mid_price",
    "price_change",
)

EXCUSES: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(MAY_BE_NULL, _is_null),
    "product_group": lambda error: "is not one of" in error.message,
    "index_name": lambda error: "is not one of" in error.message,
    # A text of a list of numbers: nothing but 1D is both.
    "resolution": lambda error: isinstance(error.instance, int),
    "underlying_index": lambda error: isinstance(error.instance, str),
    **{name: lambda error: "is not one of" in error.message for name in CURRENCY_LISTS},
    # "Always null", says the prose beside it.
    "matching_id": lambda error: error.instance is None,
    # A list in answers and in captures of the channels.
    "oto_order_ids": lambda error: isinstance(error.instance, list),
    "result": _of_result,
}


def load_checker(path: Path, excused: bool = True) -> ModuleType:
    """Return the frame checker as a module, with our excuses beside its own or not."""
    spec = importlib.util.spec_from_file_location("check_frames", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if excused:
        module.OVERRIDES.update(EXCUSES)
    return module


def split(record: Path, checker: ModuleType) -> None:
    """Move what the schema is wrong about from a record to ``excused.jsonl`` beside it.

    A request and its answer stay together. What is moved is what fails the checker as
    it is; nothing is lost.
    """
    schema = json.loads((Path(checker.HERE) / "deribit-schema.json").read_text())
    judge = checker.Checker(schema)
    asked: dict[Any, str] = {}
    kept: list[str] = []
    moved: list[str] = []
    for line in record.read_text().splitlines():
        one = json.loads(line)
        frame = one["frame"]
        if one["dir"] == "out":
            asked[frame.get("id")] = line
            continue
        lines = [line]
        judge.failures.clear()
        if frame.get("method") == "subscription":
            judge.notification(frame["params"]["channel"], frame["params"]["data"])
        elif frame.get("id") in asked:
            lines.insert(0, asked.pop(frame["id"]))
            request = json.loads(lines[0])["frame"]
            judge.request(request["method"], request.get("params"))
            judge.response(request["method"], frame)
        (moved if judge.failures else kept).extend(lines)
    kept.extend(asked.values())
    record.write_text("".join(f"{line}\n" for line in kept))
    (record.parent / "excused.jsonl").write_text("".join(f"{line}\n" for line in moved))
