"""``halfspread cancel-all``: the panic button, over connections of its own.

It needs neither the core nor a running engine, it walks two roads at once (`roads.py`),
and it counts as done only what the venue says: after cancelling, the open orders are
read back until there are none. An engine that runs on the configuration's state folder
is told to stand down first (`stand_down.py`), or it would quote again.
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
from engine.live.stand_down import ANSWER_S, HEAD_START_S, StandDown

HELP = "cancel every order of the account at the venue, engine alive or not"
DESCRIPTION = """\
The panic button. Connects by itself, by WebSocket and by HTTP at once, cancels all
orders and quotes, and reads back until the venue shows none; whichever road works is
enough. It needs no running engine, and works while one hangs:

  $ halfspread cancel-all configs/testnet.toml
  cancelled  BTC-PERPETUAL buy 100 @ 64990.5  hs-0badcafe-0-17
  done: 1 order cancelled, none is open, read back by websocket
  engine     process 4711 quotes no more, until `halfspread ctl CONFIG rearm`

An engine that runs on CONFIG's [state] path is told to pull first, as by `halfspread
ctl CONFIG pull`: it quotes no more until it is armed again. One that hangs holds
nothing up; it pulls when it wakes up, and until then the command says so and fails.
--venue-only tells the engine nothing: it quotes again.

Exit code 0 only when the venue itself shows no open order, and a running engine has
pulled; 1 when nothing is open but an engine runs that has not said so; 3 when the venue
has not shown that nothing is open.

Without a configuration file, --url names the venue and HALFSPREAD_CLIENT_ID and
HALFSPREAD_CLIENT_SECRET hold the key. --instrument or --currency narrows it down.
"""

TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 3.0
ROWS_SHOWN_MAX = 50
ENGINE_AT_LARGE = 1
"""Exit code: the account is empty, and an engine runs that may fill it again."""


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
        "--venue-only",
        action="store_true",
        help="tell a running engine nothing: it quotes again",
    )
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
    venues, credentials, target, engine = prepare(args)

    def empty() -> Attempt:
        attempt = Attempt(target, args.timeout)
        asyncio.run(cancel_all(venues, credentials, attempt))
        return attempt

    engine.tell()
    was_told = engine.wait(HEAD_START_S)
    attempt = empty()
    if not was_told and engine.wait(ANSWER_S) and engine.has_obeyed:
        first, attempt = attempt, empty()  # it may have quoted meanwhile
        attempt.before = first.before | attempt.before
    print(describe(attempt))
    print(engine.describe())
    if not attempt.is_done:
        return VenueError.exit_code
    return 0 if engine.is_safe else ENGINE_AT_LARGE


def prepare(
    args: argparse.Namespace,
) -> tuple[Venues, Credentials, Target, StandDown]:
    """Return where to cancel, with which key, what, and which engine to tell.

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
        state = config.state.path
    else:
        state = None
        venue, grant = checked_url(args.url, args.production), "client_signature"
        credentials = Credentials.from_environment(
            "HALFSPREAD_CLIENT_ID", "HALFSPREAD_CLIENT_SECRET"
        )
    venues = Venues(
        venue.urls, venue.rest_urls(), grant, min(args.timeout, REQUEST_TIMEOUT_S)
    )
    scope = args.instrument or args.currency
    engine = StandDown(args.config, state, scope, leave=args.venue_only)
    return venues, credentials, Target(args.currency, args.instrument), engine


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
