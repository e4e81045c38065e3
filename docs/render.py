"""Writes the parts of the documentation that the code can say itself.

``make docs`` rewrites them in place; a test compares them, so that they stay true.
A generated part stands between ``<!-- made by make docs: NAME -->`` and
``<!-- end -->``.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from benchmarks.days import case, store
from benchmarks.days.table import markdown
from benchmarks.figures import table
from docs import frame
from engine._core.state.orders import EVENT_NAMES, STATE_NAMES, transition
from engine.config import Config
from engine.config_risk import REFUSE, TABLE, limits_of
from engine.config_text import key_infos, toml_text
from engine.metrics.attribution import PARTS
from engine.metrics.export import rows
from engine.metrics.reading import BOUNDS_NS, Reading, Stage
from engine.sim.settings import SimConfig
from engine.sim.venue.api.control import CONTROLS
from engine.sim.venue.faults.fault import Fault, allowed
from engine.sim.venue.faults.kinds import FAULTS
from engine.sim.venue.faults.outage import Condition
from engine.sim.venue.faults.traffic import TrafficFault
from engine.sim.venue.methods.not_offered import CHANNELS_BY_REASON, METHODS_BY_REASON
from engine.sim.venue.methods.registry import METHODS
from tests.tidy.sources import ROOT, code_files, hot_declarations, module_name

_PART = re.compile(r"(<!-- made by make docs: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

_CORE = "engine._core."

_SNAPSHOT = {
    "exposure": {"": 0.0},
    "budgets": {
        "X": {
            "exposure_usd": 0.0,
            "delta_usd": {"BTC": 0.0},
            "credits_left": {"trading": 0.0},
        }
    },
    "requests": {"new": 0},
    "rejects_by_code": {"0": 0},
    "orders": {"live": 0},
    "turnover": {"BTC future": {"changes": 0, "volume": 0, "per_coin": 0, "used": 0}},
    "credits": {"trading": {"left": 0, "burst": 0, "rate": 0}},
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
            "held": {"mean": 0, "sd": 0},
            "levels": {"bid": [[1, 0, 0, 0, 0]]},
            "presence": {
                "obligation": {"obliged_s": 0, "uptime_pct": 0, "uptime_min_pct": 0}
            },
            "requests": {"new": 0},
            "markouts": {
                "maker": {
                    "1s": dict.fromkeys(
                        (
                            *("fills", "lost", "ticks", "ticks_error"),
                            *("money", "money_error"),
                        ),
                        0,
                    )
                }
            },
        }
    },
    "session": {
        "cod": {"age_s": 0},
        "clock_offset_ms": 0.0,
        "balances": {"BTC": 0},
        "ledger": {"currencies": {"BTC": {}}, "instruments": {"BTC-PERPETUAL": {}}},
        "attribution": {
            "instruments": {
                "BTC-PERPETUAL": {"currency": "BTC", **dict.fromkeys(PARTS, 0)}
            },
            "budgets": {"": {"usd": dict.fromkeys(PARTS, 0)}},
        },
        "risk": {
            "trips": [
                {"rule": "operator", "scope": "", "stance": "pull", "latched": True}
            ],
            "rules": [{"rule": "loss_day", "scope": "", "value": 0.0, "limit": 1.0}],
        },
    },
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


def risk_limits() -> str:
    """Return the table of every limit, from the rows the rules are made of."""
    lines = [
        "| limit | of | unit | default | measured | past it | goes on |",
        "|---|---|---|---|---|---|---|",
    ]
    for place, model in TABLE.items():
        for key, limit in limits_of(model):
            field = model.model_fields[key]
            default = "none" if field.is_required() else toml_text(field.get_default())
            action = (
                "no such request"
                if limit.action == REFUSE
                else "the step `on_loss` names"
                if limit.action == "on_loss"
                else f"`{limit.action}`"
            )
            cells = (
                f"`{place}` `{key}`",
                limit.meaning,
                limit.unit,
                default.replace("absent", "none"),
                limit.measured,
                action,
                limit.rearm,
            )
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def metric_rows() -> list[tuple[str, str, str, str]]:
    """Return name, type, labels and meaning of every metric, as scraped."""
    reading = Reading(
        _SNAPSHOT, {"turn": Stage(0, 0, [0] * len(BOUNDS_NS))}, {}, "simulation"
    )
    found = []
    for family, _samples in rows(reading):
        suffix = {"counter": "_total", "info": "_info"}.get(family.kind, "")
        labels = ", ".join(family.labels)
        found.append((family.name + suffix, family.kind, labels, family.text))
    return found


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


def _first_line(text: str | None) -> str:
    return (text or "").partition("\n")[0].replace("``", "`")


def fault_conditions() -> str:
    """Return the table of what every fault of the traffic can be told."""
    lines = ["| option | allowed | unit | default | meaning |", "|---|---|---|---|---|"]
    for one in fields(TrafficFault):
        facts = one.metadata
        cells = (allowed(one), facts["unit"], f"`{toml_text(one.default)}`")
        lines.append(f"| `{one.name}` | {' | '.join(cells)} | {facts['meaning']} |")
    return "\n".join(lines)


def traffic_faults() -> str:
    """Return the table of the faults of the traffic."""
    return _fault_table(TrafficFault)


def outage_faults() -> str:
    """Return the table of the faults of the venue as a whole."""
    return _fault_table(Condition)


def _fault_table(base: type[Fault]) -> str:
    """Return a row for every kind of fault, with the options it has of its own."""
    lines = ["| kind | what goes wrong | its own options |", "|---|---|---|"]
    known = {one.name for one in fields(base)}
    for name, kind in sorted(FAULTS.items()):
        if issubclass(kind, base):
            own = [_option(one) for one in fields(kind) if one.name not in known]
            meaning = _first_line(kind.__doc__)
            lines.append(f"| `{name}` | {meaning} | {'<br>'.join(own)} |")
    return "\n".join(lines)


def _option(one: Field[Any]) -> str:
    facts = one.metadata
    unit = f" {facts['unit']}" if facts["unit"] else ""
    choices = f" ({', '.join(facts['choices'])})" if facts["choices"] else ""
    default = toml_text(one.default)
    return f"`{one.name} = {default}`{unit}: {facts['meaning']}{choices}"


def control_methods() -> str:
    """Return the table of the control API."""
    lines = ["| method | parameters | what it does |", "|---|---|---|"]
    for name, method in sorted(CONTROLS.items()):
        params = (
            "a kind's options, `kind`"
            if name == "sim/inject"
            else ", ".join(f"`{param}`" for param in method.params)
        )
        meaning = _first_line(method.handler.__doc__)
        lines.append(f"| `{name}` | {params} | {meaning} |")
    return "\n".join(lines)


def days() -> str:
    """Return what each strategy made of the simulated days that are kept."""
    kept = store.load()
    if not kept:
        return "No days are kept."
    commits = sorted({row["commit"] for row in kept.values()})
    made = f"Days as kept, made at {', '.join(commits)}."
    return "\n\n".join([made, markdown(kept, case.names())])


def hot_path() -> str:
    """Return the table of every function that is compiled ``noexcept nogil``."""
    by_module: dict[str, dict[str, None]] = {}
    for path in code_files(ROOT, ".pxd", ".pyx"):
        name = module_name(ROOT, path)
        if not name.startswith(_CORE):
            continue
        name = name.removeprefix(_CORE)
        by_module.setdefault(name, {}).update(dict.fromkeys(hot_declarations(path)))
    lines = ["| module | hot functions |", "|---|---|"]
    for module, names in sorted(by_module.items()):
        if names:
            cell = " ".join(f"`{name}`" for name in names)
            lines.append(f"| `{module}` | {cell} |")
    return "\n".join(lines)


def order_transitions() -> str:
    """Return what each event makes of an order, by the table that runs."""
    rows = ["| state | event → state |", "|---|---|"]
    for state in STATE_NAMES:
        steps = [(one, transition(state, one)) for one in EVENT_NAMES]
        told = [f"{one} → {after.upper()}" for one, after in steps if after]
        rows.append(f"| `{state.upper()}` | {', '.join(told)} |")
    return "\n".join(rows)


def adapter_bugs() -> str:
    """Return a row for each test of a bug of another engine, by its docstring."""
    rows = ["| what happened elsewhere | source | test here |", "|---|---|---|"]
    for path in sorted((ROOT / "tests" / "simulation").glob("test_adapter_*.py")):
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef) or node.name[:5] != "test_":
                continue
            said = " ".join((ast.get_docstring(node) or "").split())
            what, _, source = said.partition(" Source: ")
            test = f"`{path.name}::{node.name}`"
            rows.append(f"| {what} | {source.rstrip('.')} | {test} |")
    return "\n".join(rows)


def benchmarks() -> str:
    """Return the table of the last full run of the benchmarks, and what it ran on."""
    file = ROOT / "docs" / "benchmarks" / "bench.json"
    report = json.loads(file.read_text())
    machine = ", ".join(f"{key} {value}" for key, value in report["machine"].items())
    load = " / ".join(str(value) for value in report["load_before"])
    return (
        f"{table(report['figures'])}\n\n`{report['command']}`, {report['started']}, "
        f"load {load}; {machine}."
    )


PARTS: dict[str, Callable[[], str]] = {
    "configuration": configuration,
    "metrics": metrics,
    "risk_limits": risk_limits,
    "days": days,
    "hot_path": hot_path,
    "frame": frame.table,
    "sim_configuration": sim_configuration,
    "venue_methods": venue_methods,
    "venue_not_offered": venue_not_offered,
    "fault_conditions": fault_conditions,
    "traffic_faults": traffic_faults,
    "outage_faults": outage_faults,
    "control_methods": control_methods,
    "adapter_bugs": adapter_bugs,
    "order_transitions": order_transitions,
    "benchmarks": benchmarks,
}


def rendered(text: str) -> str:
    """Return a page with its generated parts made anew."""
    return _PART.sub(lambda m: f"{m[1]}\n{PARTS[m[2]]()}\n\n{m[3]}", text)


def pages() -> list[Path]:
    """Return the pages with a generated part."""
    every = sorted((ROOT / "docs").glob("*.md"))
    return [page for page in every if _PART.search(page.read_text())]


PICTURES: dict[Path, Callable[[], str]] = {frame.PICTURE: frame.picture}


def main() -> None:
    """Rewrite every page whose generated part has changed, and every picture."""
    for file, draw in PICTURES.items():
        if not file.exists() or file.read_text() != draw():
            file.write_text(draw())
            print(f"rewrote {file.relative_to(ROOT)}")
    for page in pages():
        text = page.read_text()
        if rendered(text) != text:
            page.write_text(rendered(text))
            print(f"rewrote {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
