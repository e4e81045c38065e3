"""``halfspread run``: quote on the venue a configuration names."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from engine.config import Config, from_mapping, load
from engine.errors import ConfigError

HELP = "quote, on the venue that CONFIG names"
DESCRIPTION = """\
Connect, log in, switch cancel-on-disconnect on, settle what an earlier run left open,
and quote until stopped:

  $ export HALFSPREAD_CLIENT_ID=... HALFSPREAD_CLIENT_SECRET=...
  $ halfspread check configs/testnet.toml
  $ halfspread run configs/testnet.toml --view

SIGTERM or Ctrl-C stops in order: quotes are pulled, the venue is asked whether any is
left, the report is written. A second one cuts the connection at once, and the venue's
cancel-on-disconnect pulls the quotes.

The log goes to standard error, one line a note. --view draws the run in the terminal;
where standard output is no terminal it prints one status line every 5 s.

Exit code 0 only if the venue confirmed that no order is open; 2 configuration, 3 venue
never reached or stop not confirmed, 4 the core halted.
"""

SECONDS_MAX = 31_536_000.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``halfspread run``."""
    parser.add_argument(
        "config", type=Path, metavar="CONFIG", help="what to quote, TOML"
    )
    parser.add_argument("--view", action="store_true", help="draw the run as it goes")
    parser.add_argument(
        "--seconds", type=float, metavar="N", help="stop after N seconds"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write a JSON report at the end"
    )
    parser.add_argument(
        "--journal", type=Path, metavar="DIR", help="instead of [journal] path"
    )
    parser.add_argument(
        "--metrics-port", type=int, metavar="P", help="instead of [metrics] port"
    )
    parser.add_argument(
        "--url",
        action="append",
        metavar="URL",
        help="instead of [venue] urls; may be repeated",
    )


def main(args: argparse.Namespace) -> int:
    """Run ``halfspread run``."""
    config = effective(load(args.config), args)
    check(args.seconds, args.report)
    from engine.live.loop import Loop
    from engine.live.service import Options, Service

    service = Service(config, Options(args.seconds, args.report, args.view))
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(service.run())


def effective(config: Config, args: argparse.Namespace) -> Config:
    """Return the configuration with what the command line overrides, judged again.

    Raises: ConfigError.
    """
    document: dict[str, Any] = config.model_dump()
    if args.url:
        document["venue"]["urls"] = args.url
    if args.journal is not None:
        document["journal"]["path"] = args.journal.absolute()
    if args.metrics_port is not None:
        document["metrics"]["port"] = args.metrics_port
    return from_mapping(document, config.file)


def check(seconds: float | None, report: Path | None) -> None:
    """Refuse a time or a report file that cannot be, before anything is sent.

    Raises: ConfigError.
    """
    if seconds is not None and not 0 < seconds <= SECONDS_MAX:
        allowed = f"above 0, at most {SECONDS_MAX:.0f}, in s"
        raise ConfigError("command line", "--seconds", seconds, allowed)
    if report is not None and not (report.parent.is_dir() and not report.is_dir()):
        allowed = "a file in a folder that exists"
        raise ConfigError("command line", "--report", str(report), allowed)
