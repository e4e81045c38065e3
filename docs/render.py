"""Writes the parts of the documentation that the code can say itself.

``make docs`` rewrites them in place; a test compares them, so that they stay true.
A generated part stands between ``<!-- made by make docs: NAME -->`` and
``<!-- end -->``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from engine.config import Config
from engine.config_text import key_infos
from engine.metrics.export import BOUNDS_NS, CoreCollector, Reading, Stage
from engine.sim.settings import SimConfig
from engine.sim.venue.api.methods import METHODS
from engine.sim.venue.api.not_offered import CHANNELS_BY_REASON, METHODS_BY_REASON
from tests.tidy.sources import ROOT, code_files, hot_declarations, module_name

_PART = re.compile(r"(<!-- made by make docs: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

_SNAPSHOT = {
    "requests": {"new": 0},
    "rejects_by_code": {"0": 0},
    "orders": {"live": 0},
    "instruments": {
        "BTC-PERPETUAL": {
            "position": 0,
            "position_limit": 0,
            "max_abs_position": 0,
            "realized_pnl": 0,
            "unrealized_pnl": 0,
            "fees": 0,
            "mid": 0,
            "mark_price": 0,
        }
    },
    "session": {"clock_offset_ms": 0.0, "balances": {"BTC": 0}},
}


def configuration() -> str:
    """Return the table of every key of the configuration."""
    return _keys(Config)


def sim_configuration() -> str:
    """Return the table of every key of the simulated venue's configuration."""
    return _keys(SimConfig)


def _keys(model: type[BaseModel]) -> str:
    lines = ["| key | allowed | unit | default | meaning |", "|---|---|---|---|---|"]
    for info in key_infos(model):
        default = "**required**" if info.default is None else f"`{info.default}`"
        cells = (f"`{info.key}`", info.allowed, info.unit, default, info.meaning)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def metric_rows() -> list[tuple[str, str, str, str]]:
    """Return name, type, labels and meaning of every metric, as scraped."""
    reading = Reading(
        _SNAPSHOT, {"turn": Stage(0, 0, [0] * len(BOUNDS_NS))}, {}, "simulation"
    )
    rows = []
    for family in CoreCollector(lambda: reading).collect():
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        labels = {name: None for sample in family.samples for name in sample.labels}
        labels.pop("le", None)
        rows.append(
            (
                family.name + suffix,
                family.type,
                ", ".join(labels),
                family.documentation,
            )
        )
    return rows


def metrics() -> str:
    """Return the table of every metric."""
    lines = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for name, kind, labels, meaning in metric_rows():
        lines.append(f"| `{name}` | {kind} | {labels} | {meaning} |")
    return "\n".join(lines)


def venue_methods() -> str:
    """Return the table of every method the simulated venue answers."""
    lines = ["| method | what it does |", "|---|---|"]
    for name, method in sorted(METHODS.items()):
        meaning = (method.handler.__doc__ or "").partition("\n")[0]
        lines.append(f"| `{name}` | {meaning} |")
    return "\n".join(lines)


def venue_not_offered() -> str:
    """Return the table of what the simulated venue does not offer, and why."""
    lines = ["| why | methods and channels |", "|---|---|"]
    reasons = dict.fromkeys([*METHODS_BY_REASON, *CHANNELS_BY_REASON])
    for reason in reasons:
        methods = METHODS_BY_REASON.get(reason, ())
        names = (*methods, *CHANNELS_BY_REASON.get(reason, ()))
        lines.append(f"| {reason} | {' '.join(f'`{name}`' for name in names)} |")
    return "\n".join(lines)


def hot_path() -> str:
    """Return the table of every function that is compiled ``noexcept nogil``."""
    by_module: dict[str, dict[str, None]] = {}
    for path in code_files(ROOT, ".pxd", ".pyx"):
        name = module_name(ROOT, path).removeprefix("engine._core.")
        by_module.setdefault(name, {}).update(dict.fromkeys(hot_declarations(path)))
    lines = ["| module | hot functions |", "|---|---|"]
    for module, names in sorted(by_module.items()):
        if names:
            cell = " ".join(f"`{name}`" for name in names)
            lines.append(f"| `{module}` | {cell} |")
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {
    "configuration": configuration,
    "metrics": metrics,
    "hot_path": hot_path,
    "sim_configuration": sim_configuration,
    "venue_methods": venue_methods,
    "venue_not_offered": venue_not_offered,
}


def rendered(text: str) -> str:
    """Return a page with its generated parts made anew."""
    return _PART.sub(lambda m: f"{m[1]}\n{PARTS[m[2]]()}\n\n{m[3]}", text)


def pages() -> list[Path]:
    """Return the pages with a generated part."""
    every = sorted((ROOT / "docs").glob("*.md"))
    return [page for page in every if _PART.search(page.read_text())]


def main() -> None:
    """Rewrite every page whose generated part has changed."""
    for page in pages():
        text = page.read_text()
        if rendered(text) != text:
            page.write_text(rendered(text))
            print(f"rewrote {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
