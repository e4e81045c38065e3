"""What the configuration models say in words: keys, what is allowed, what is wrong.

One description per key serves the error texts, ``halfspread check`` and the table in
``docs/configuration.md``, so that they cannot disagree.
"""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from engine.errors import NO_VALUE, ConfigError

NAMES_A_SECRET: Final = re.compile(
    r"(?i)secret|passw|token|private_?key|api_?key|client_?id"
)
"""Key names whose value is never shown, and never allowed in the file."""

SHOWN_CHARS_MAX: Final = 200
"""The longest value an error text repeats."""

_THE_INPUT: Final = "the input"

_MARKS: Final[dict[Any, str]] = {list: "[]", dict: ".X"}
"""How a key below an array of tables, or tables by name, is written."""

_TYPE_WORDS: Final = {
    bool: "true or false",
    int: "integer",
    float: "number",
    str: "text",
    Path: "path",
    dict: "table",
}

Loc = tuple[str | int, ...]


class Section(BaseModel):
    """One table of the file: no unknown keys, no conversions, no later changes."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Key:
    """What a key means, its unit, and what is allowed where the type cannot say it."""

    meaning: str
    unit: str = ""
    allowed: str = ""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """One key of the file, in words. Empty: ``default`` is None when required."""

    key: str
    allowed: str
    unit: str
    default: str | None
    meaning: str


def refusal(allowed: str, *, at: Loc = (), value: object = _THE_INPUT) -> Exception:
    """Return the error a validator raises: what is allowed, where below, which value.

    ``value`` is the validated input unless given; ``NO_VALUE`` keeps it from being
    shown.
    """
    return PydanticCustomError(
        "refused", "{allowed}", {"allowed": allowed, "at": at, "value": value}
    )


def key_of(field: FieldInfo) -> Key:
    """Return the description of a field; an empty one for a table."""
    return next((item for item in field.metadata if isinstance(item, Key)), Key(""))


def allowed_text(field: FieldInfo) -> str:
    """Return what a key allows, its unit included: "integer from 10 to 60, in s"."""
    key = key_of(field)
    text = key.allowed or _type_text(field.annotation) + _bounds_text(field)
    return f"{text}, in {key.unit}" if key.unit and not key.allowed else text


def key_infos(model: type[BaseModel], prefix: str = "") -> Iterator[KeyInfo]:
    """Yield every key below a model, in the order of the file."""
    for name, field in model.model_fields.items():
        inner = model_in(field.annotation)
        if inner:
            origin: Any = typing.get_origin(field.annotation)
            mark = _MARKS.get(origin, "")
            yield from key_infos(inner, f"{prefix}{name}{mark}.")
            continue
        key = key_of(field)
        default = None if field.is_required() else toml_text(field.get_default())
        yield KeyInfo(
            f"{prefix}{name}",
            key.allowed or _type_text(field.annotation) + _bounds_text(field),
            key.unit,
            default,
            key.meaning,
        )


def toml_text(value: object) -> str:
    """Return a value as it would be written in TOML; "absent" for None."""
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | Path):
        return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Mapping):
        inside = ", ".join(f"{name} = {toml_text(v)}" for name, v in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_text(item) for item in value) + "]"
    return str(value)


def explain(
    model: type[BaseModel],
    error: ValidationError,
    document: Mapping[str, Any],
    file: str | Path,
) -> ConfigError:
    """Return the first finding as a ConfigError; it counts the others.

    An unknown key comes first: it is often the reason why another is missing.
    """
    findings = error.errors(include_url=False)
    findings.sort(key=lambda finding: finding["type"] != "extra_forbidden")
    finding = findings[0]
    loc: Loc = finding["loc"]
    context = finding.get("ctx", {})
    value: object = finding["input"]
    kind = finding["type"]
    if kind == "refused":
        loc += tuple(context["at"])
        allowed = str(context["allowed"])
        value = value if context["value"] == _THE_INPUT else context["value"]
    elif kind == "extra_forbidden":
        allowed, value = _unknown_text(model, loc), _shown(loc, value)
    elif kind == "missing":
        allowed, value = f"is required: {_allowed_at(model, loc)}", NO_VALUE
    else:
        allowed, value = _allowed_at(model, loc, finding), _shown(loc, value)
    return ConfigError(file, key_text(loc, document), value, allowed, len(findings) - 1)


def key_text(loc: Loc, document: Mapping[str, Any]) -> str:
    """Return a place in the file: ``quote[1].limits.stale_ms (ETH-PERPETUAL)``."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    if len(loc) > 1 and loc[0] == "quote":
        try:
            name = document["quote"][loc[1]]["instrument"]
        except (KeyError, IndexError, TypeError):
            name = None
        if isinstance(name, str) and loc[-1] != "instrument":
            text += f" ({name[:64]})"
    return text


def _shown(loc: Loc, value: object) -> object:
    named = any(isinstance(part, str) and NAMES_A_SECRET.search(part) for part in loc)
    if named or isinstance(value, dict | list):
        return NO_VALUE
    if len(repr(value)) > SHOWN_CHARS_MAX:
        return repr(value)[:SHOWN_CHARS_MAX] + "…"
    return value


def _type_text(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        quoted = [toml_text(argument) for argument in arguments]
        return "one of " + ", ".join(quoted)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type_text(a) for a in arguments if a is not type(None))
    if origin is list:
        inside = "table" if model_in(annotation) else _type_text(arguments[0])
        return f"array of {inside}s"
    if origin is typing.Annotated:
        return _type_text(arguments[0])
    return _TYPE_WORDS.get(origin or annotation, "table")


def _bounds_text(field: FieldInfo) -> str:
    bounds: dict[str, Any] = {}
    for item in field.metadata:
        for name in ("ge", "gt", "le", "min_length", "max_length"):
            if getattr(item, name, None) is not None:
                bounds[name] = getattr(item, name)
    if "max_length" in bounds:
        return f", {bounds.get('min_length', 0)} to {bounds['max_length']} of them"
    if "ge" in bounds:
        return f" from {_number(bounds['ge'])} to {_number(bounds['le'])}"
    if "gt" in bounds:
        return f" above {_number(bounds['gt'])}, at most {_number(bounds['le'])}"
    return ""


def _number(value: float) -> str:
    return f"{value:,}".replace(",", "_") if value < 1e12 else f"{value:g}"


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model of a table or an array of tables, None for a plain key."""
    for candidate in (annotation, *typing.get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _field_at(model: type[BaseModel], loc: Loc) -> FieldInfo | None:
    """Return the field a location leads to or through, None when there is none."""
    field: FieldInfo | None = None
    inner: type[BaseModel] | None = model
    is_name = False  # of a table by name: no key of ours
    for part in loc:
        if isinstance(part, int) or is_name:
            is_name = False
            continue
        if inner is None:
            return field
        field = inner.model_fields.get(part)
        inner = model_in(field.annotation) if field else None
        is_name = field is not None and typing.get_origin(field.annotation) is dict
    return field


def _allowed_at(
    model: type[BaseModel], loc: Loc, finding: ErrorDetails | None = None
) -> str:
    field = _field_at(model, loc)
    if field is None:
        return finding["msg"] if finding else "a value"
    inner = model_in(field.annotation)
    if inner is None:
        return allowed_text(field)
    required = [name for name, f in inner.model_fields.items() if f.is_required()]
    keys = f" with {', '.join(required)} (no defaults)" if required else ""
    header = ".".join(part for part in loc if isinstance(part, str))
    if typing.get_origin(field.annotation) is list and not isinstance(loc[-1], int):
        return f"at least one table [[{header}]]{keys}"
    return f"a table [{header}]{keys}"


def _unknown_text(model: type[BaseModel], loc: Loc) -> str:
    name = str(loc[-1])
    if NAMES_A_SECRET.search(name) and not name.endswith("_env"):
        return (
            "no secret may stand in the configuration: put it in the environment, or "
            "in a file only you can read (see [credentials])"
        )
    parent = _field_at(model, loc[:-1]) if len(loc) > 1 else None
    table = (model_in(parent.annotation) if parent else None) or model
    near = difflib.get_close_matches(name, table.model_fields, n=1, cutoff=0.6)
    if near:
        return f"unknown key; did you mean {near[0]}?"
    elsewhere = [
        info.key for info in key_infos(model) if info.key.split(".")[-1] == name
    ]
    if elsewhere:
        return f"unknown key here; {elsewhere[0]} is one"
    return f"unknown key; known here: {', '.join(table.model_fields)}"
