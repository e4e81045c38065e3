"""What the reading commands share: a configuration becomes a second road to ask on."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.config import Config, load
from engine.errors import ConfigError
from engine.live.rest import Rest
from engine.live.secrets import Credentials, Signer

TIMEOUT_S = 5.0
TIMEOUT_MAX_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments every reading command has."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="TOML file")
    parser.add_argument(
        "--json", action="store_true", help="print what the venue said, as JSON"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=TIMEOUT_S,
        metavar="S",
        help="give each request up after S seconds (default: %(default)g)",
    )


@contextmanager
def asking(args: argparse.Namespace) -> Iterator[tuple[Config, Rest]]:
    """Open the second road a command line names, and close it at the end.

    Raises: ConfigError.
    """
    if not 0 < args.timeout <= TIMEOUT_MAX_S:
        allowed = f"above 0, at most {TIMEOUT_MAX_S:g}, in s"
        raise ConfigError("command line", "--timeout", args.timeout, allowed)
    config = load(args.config, may_quote=False)
    rest = rest_of(config, args.timeout)
    try:
        yield config, rest
    finally:
        rest.close()


def rest_of(config: Config, timeout_s: float) -> Rest:
    """Return the second road of a configuration, with a signer of its own.

    Raises: ConfigError when there is no key.
    """
    signer = Signer(Credentials.load(config.credentials))
    return Rest(config.venue.rest_urls(), signer, timeout_s=timeout_s)
