"""``halfspread check``: say what a configuration means, and whether it can be used."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.config import Config, Quote, is_loopback, load
from engine.config_text import key_of, model_in, toml_text
from engine.errors import NO_VALUE, ConfigError

HELP = "print what a configuration means; exit 2 if it cannot be used"

DESCRIPTION = """\
Read a configuration and print every key it sets or leaves at its default, with units.
Strategies are imported and built, as `run` would do; nothing is sent anywhere.

  halfspread check configs/simulation.toml
  halfspread check --credentials /etc/halfspread/engine.toml   before a start

Exits 0 when the configuration can be used, 2 with one line that names the file, the
key, the value and what is allowed when it cannot.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key with the value in effect."""

    key: str
    value: Any
    unit: str
    is_default: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("config", metavar="CONFIG", help="the TOML file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--credentials",
        action="store_true",
        help="fail unless the credentials can be read on this machine",
    )


def main(args: argparse.Namespace) -> int:
    """Check one file. Raises: ConfigError, which the command line turns into exit 2."""
    try:
        config = load(args.config)
        settings, notes = inspect(config, need_credentials=args.credentials)
    except ConfigError as error:
        if args.json:
            print(json.dumps(_failure(error)))
        raise
    if args.json:
        print(json.dumps(_report(config, settings, notes), default=str))
        return 0
    width = max(len(setting.key) for setting in settings)
    for setting in settings:
        unit = f" {setting.unit}" if setting.unit else ""
        default = "   (default)" if setting.is_default else ""
        print(f"{setting.key:<{width}} = {toml_text(setting.value)}{unit}{default}")
    for note in notes:
        print(f"note: {note}")
    print(f"{config.file}: usable")
    return 0


def inspect(
    config: Config, *, need_credentials: bool = False
) -> tuple[list[Setting], list[str]]:
    """Try everything a start would need, short of the venue.

    Returns: the settings in the order of the file, and remarks that are no errors.
    Raises: ConfigError.
    """
    # Here, because the compiled core is not needed to refuse a broken file.
    from engine.assemble import assemble, check_params, strategy_class

    assemble(config, run_id=0)
    params = {
        index: check_params(config, index, strategy_class(config, index))
        for index in range(len(config.quote))
    }
    _check_folder(config, "journal.path", config.journal.path)
    _check_state(config)
    notes = list(_notes(config, need_credentials))
    return list(_settings(config, "", params)), notes


def _settings(
    section: BaseModel, prefix: str, params: dict[int, dict[str, Any]]
) -> Iterator[Setting]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        key = f"{prefix}{name}"
        if isinstance(value, BaseModel):
            yield from _settings(value, f"{key}.", params)
        elif isinstance(value, Mapping) and model_in(field.annotation):
            if not value:
                is_default = name not in section.model_fields_set
                yield Setting(key, value, key_of(field).unit, is_default)
            for each, inner in value.items():
                yield from _settings(inner, f"{key}.{each}.", params)
        elif name == "quote":
            for index, quote in enumerate(value):
                yield from _quote_settings(quote, index, params)
        elif name != "params":
            is_default = name not in section.model_fields_set
            yield Setting(key, value, key_of(field).unit, is_default)


def _quote_settings(
    quote: Quote, index: int, params: dict[int, dict[str, Any]]
) -> Iterator[Setting]:
    prefix = f"quote[{index}]."
    for setting in _settings(quote, prefix, params):
        yield setting
        if setting.key == f"{prefix}strategy":
            for name, value in params[index].items():
                is_default = name not in quote.params
                yield Setting(f"{prefix}params.{name}", value, "", is_default)


def _check_state(config: Config) -> None:
    from engine.live.state_folder import KEY, check

    if config.state.path is not None:
        check(config.state.path, config.file)
    _check_folder(config, KEY, config.state.path)


def _check_folder(config: Config, key: str, path: Path | None) -> None:
    """Refuse a folder a start could not make or write."""
    if path is None:
        return
    if path.exists() and not path.is_dir():
        raise ConfigError(config.file, key, str(path), "a folder")
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        problem = f"a folder that can be made or written; {existing} cannot be"
        raise ConfigError(config.file, key, str(path), problem)


def _notes(config: Config, need_credentials: bool) -> Iterator[str]:
    from engine.live.secrets import Credentials

    try:
        Credentials.load(config.credentials)
    except ConfigError as error:
        if need_credentials:
            raise
        yield f"no credentials here, which `run` will need: {error}"
    if config.metrics.enabled and not is_loopback(config.metrics.host):
        yield f"metrics.host {config.metrics.host} may be reached by other machines"
    if config.journal.path is None:
        yield "no [journal] path: what happens cannot be replayed"
    if config.state.path is None:
        yield "no [state] path: no `ctl`, no watchdog, nothing known after a crash"


def _report(
    config: Config, settings: list[Setting], notes: list[str]
) -> dict[str, Any]:
    return {
        "file": config.file,
        "usable": True,
        "settings": [asdict(setting) for setting in settings],
        "notes": notes,
    }


def _failure(error: ConfigError) -> dict[str, Any]:
    value = None if error.value is NO_VALUE else error.value
    return {
        "file": error.file,
        "usable": False,
        "key": error.key,
        "value": value if isinstance(value, int | float | str) else None,
        "allowed": error.allowed,
        "more": error.more,
    }
