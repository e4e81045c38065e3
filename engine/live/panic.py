"""``halfspread cancel-all``: the panic button, over connections of its own.

It needs neither the core nor a running engine, it walks two roads at once (`roads.py`),
and it counts as done only what the venue says: after cancelling, the open orders are
read back until there are none.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.config import Venue, environment_of, load
from engine.errors import NO_VALUE, ConfigError, VenueError
from engine.live.rest import Rest
from engine.live.roads import Attempt, Target, by_both
from engine.live.secrets import Credentials, Signer

HELP = "cancel every order of the account at the venue, engine alive or not"
DESCRIPTION = """\
The panic button. Connects by itself, by WebSocket and by HTTP at once, cancels all
orders and quotes, and reads back until the venue shows none; whichever road works is
enough. It needs no running engine, and works while one hangs:

  $ halfspread cancel-all configs/testnet.toml
  cancelled  BTC-PERPETUAL buy 100 @ 64990.5  hs-0badcafe-0-17
  done: 1 order cancelled, none is open, read back by websocket

Exit code 0 only when the venue itself shows no open order; 3 otherwise. An engine that
still runs places new quotes: `halfspread ctl CONFIG cancel-all` tells it, too. A hung
one may do so when it wakes up: kill it first, or its orders come back.

Without a configuration file, --url names the venue and HALFSPREAD_CLIENT_ID and
HALFSPREAD_CLIENT_SECRET hold the key. --instrument or --currency narrows it down.
"""

TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 3.0
ROWS_SHOWN_MAX = 50


@dataclass(frozen=True)
class Venues:
    """Where the two roads lead, and how to log in on the first."""

    urls: Sequence[str]
    rest_urls: Sequence[str]
    grant: str
    request_timeout_s: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``halfspread cancel-all``."""
    parser.add_argument(
        "config", nargs="?", type=Path, metavar="CONFIG", help="configuration file"
    )
    parser.add_argument("--url", help="WebSocket address of the venue, without CONFIG")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--currency", default="", help="only this settlement currency")
    only.add_argument("--instrument", default="", help="only this instrument")
    parser.add_argument(
        "--timeout",
        type=float,
        default=TIMEOUT_S,
        metavar="S",
        help="give up after S seconds (default: %(default)g)",
    )
    parser.add_argument(
        "--production",
        action="store_true",
        help="with --url: this is the production venue, and you mean it",
    )


def main(args: argparse.Namespace) -> int:
    """Run ``halfspread cancel-all``."""
    venues, credentials, target = prepare(args)
    attempt = Attempt(target, args.timeout)
    asyncio.run(cancel_all(venues, credentials, attempt))
    print(describe(attempt))
    return 0 if attempt.is_done else VenueError.exit_code


def prepare(args: argparse.Namespace) -> tuple[Venues, Credentials, Target]:
    """Return where to cancel, with which key, and what.

    Raises: ConfigError.
    """
    if not 0 < args.timeout <= 3600:
        raise ConfigError("command line", "--timeout", args.timeout, "0 to 3600 s")
    if (args.config is None) == (args.url is None):
        raise ConfigError(
            "command line", "CONFIG", args.config, "give either CONFIG or --url"
        )
    if args.config is not None:
        config = load(args.config, may_quote=False)
        venue, grant = config.venue, config.credentials.grant
        credentials = Credentials.load(config.credentials)
    else:
        venue, grant = checked_url(args.url, args.production), "client_signature"
        credentials = Credentials.from_environment(
            "HALFSPREAD_CLIENT_ID", "HALFSPREAD_CLIENT_SECRET"
        )
    venues = Venues(
        venue.urls, venue.rest_urls(), grant, min(args.timeout, REQUEST_TIMEOUT_S)
    )
    return venues, credentials, Target(args.currency, args.instrument)


def checked_url(url: str, is_production: bool) -> Venue:
    """Return the venue at a URL, judged like one of a configuration file.

    Raises: ConfigError.
    """
    environment = environment_of(url)
    if environment == "production" and not is_production:
        raise ConfigError(
            "command line", "--url", url, "production; add --production to mean it"
        )
    try:
        return Venue.model_validate({"urls": [url]})
    except ValidationError:
        allowed = "wss://HOST[:PORT]/PATH, or ws:// on loopback, without a password"
        raise ConfigError("command line", "--url", NO_VALUE, allowed) from None


async def cancel_all(
    venues: Venues, credentials: Credentials, attempt: Attempt
) -> None:
    """Cancel by both roads until the venue shows nothing open, or time is over."""
    rest = Rest(
        venues.rest_urls, Signer(credentials), timeout_s=venues.request_timeout_s
    )
    try:
        await by_both(venues.urls, Signer(credentials), venues.grant, rest, attempt)
    finally:
        rest.close()


def describe(attempt: Attempt) -> str:
    """Return what to print: one line an order, then the result."""
    left = attempt.left
    gone = [
        row for key, row in attempt.before.items() if left is None or key not in left
    ]
    lines = []
    if left is not None:
        lines += [f"cancelled  {_order(row)}" for row in gone[:ROWS_SHOWN_MAX]]
        lines += [f"OPEN       {_order(row)}" for row in list(left.values())]
    problem = attempt.problem()
    why = f" ({problem})" if problem else ""
    if attempt.is_done:
        by = f"read back by {attempt.road}"
        lines.append(f"done: {_count(gone)} cancelled, none is open, {by}{why}")
    elif left is None:
        lines.append(
            f"FAILED: the venue never said what is open: {problem or 'no time'}"
        )
    elif left:
        lines.append(
            f"FAILED: {_count(left)} still open{why}; if an engine is running, stop it"
        )
    else:
        lines.append(f"FAILED: none was open at last, but not for long enough{why}")
    return "\n".join(lines)


def _count(rows: Sequence[Any] | Mapping[str, Any]) -> str:
    return f"{len(rows)} order{'s' * (len(rows) != 1)}"


def _order(row: Mapping[str, Any]) -> str:
    name, side = row.get("instrument_name", "?"), row.get("direction", "?")
    size, price = row.get("amount", "?"), row.get("price", "?")
    return f"{name} {side} {size} @ {price}  {row.get('label') or row.get('order_id')}"
