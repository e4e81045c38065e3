"""``halfspread cancel-all``: the panic button, over a connection of its own.

It needs neither the core nor a running engine, and it counts as done only what the
venue says: after cancelling it reads the open orders back until there are none.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.config import Venue, environment_of, load
from engine.errors import NO_VALUE, ConfigError, RequestRejected, VenueError
from engine.live.dialogue import Dialogue
from engine.live.secrets import Credentials, Signer

HELP = "cancel every order of the account at the venue, engine alive or not"
DESCRIPTION = """\
The panic button. Connects by itself, cancels, and reads the open orders back until the
venue shows none:

  $ halfspread cancel-all configs/testnet.toml
  cancelled  BTC-PERPETUAL buy 100 @ 64990.5  hs-0badcafe-0-17
  done: 1 order cancelled, none is open

Exit code 0 only when the venue itself shows no open order; 3 otherwise. An engine that
still runs places new quotes: stop it first, or its orders come back.

Without a configuration file, --url names the venue and HALFSPREAD_CLIENT_ID and
HALFSPREAD_CLIENT_SECRET hold the key. --instrument or --currency narrows it down.
"""

TIMEOUT_S = 10.0
REPEAT_S = 1.0
READ_BACK_S = 0.1
ROWS_SHOWN_MAX = 50


@dataclass(frozen=True)
class Target:
    """What to cancel and where. Empty ``currency`` and ``instrument``: everything."""

    urls: Sequence[str]
    grant: str
    timeout_s: float
    currency: str = ""
    instrument: str = ""

    def cancel_request(self) -> tuple[str, dict[str, Any]]:
        """Return the method and parameters that cancel."""
        if self.instrument:
            return (
                "private/cancel_all_by_instrument",
                {"instrument_name": self.instrument},
            )
        if self.currency:
            return "private/cancel_all_by_currency", {"currency": self.currency}
        return "private/cancel_all", {}

    def list_request(self) -> tuple[str, dict[str, Any]]:
        """Return the method and parameters that list what is open."""
        if self.instrument:
            return (
                "private/get_open_orders_by_instrument",
                {"instrument_name": self.instrument},
            )
        if self.currency:
            return "private/get_open_orders_by_currency", {"currency": self.currency}
        return "private/get_open_orders", {}


@dataclass
class Outcome:
    """What was open before, and what the venue showed last. None: it never said."""

    before: dict[str, Mapping[str, Any]]
    left: dict[str, Mapping[str, Any]] | None
    problem: str = ""


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
    target, signer = prepare(args)
    outcome = asyncio.run(cancel_all(target, signer))
    print(describe(outcome))
    return 0 if outcome.left == {} else VenueError.exit_code


def prepare(args: argparse.Namespace) -> tuple[Target, Signer]:
    """Return what to do, and the signer with the key.

    Raises: ConfigError.
    """
    if not 0 < args.timeout <= 3600:
        raise ConfigError("command line", "--timeout", args.timeout, "0 to 3600 s")
    if (args.config is None) == (args.url is None):
        raise ConfigError(
            "command line", "CONFIG", args.config, "give either CONFIG or --url"
        )
    if args.config is not None:
        config = load(args.config)
        urls, grant = config.venue.urls, config.credentials.grant
        credentials = Credentials.load(config.credentials)
    else:
        urls, grant = checked_url(args.url, args.production), "client_signature"
        credentials = Credentials.from_environment(
            "HALFSPREAD_CLIENT_ID", "HALFSPREAD_CLIENT_SECRET"
        )
    target = Target(urls, grant, args.timeout, args.currency, args.instrument)
    return target, Signer(credentials)


def checked_url(url: str, is_production: bool) -> list[str]:
    """Return the URL in a list, judged like one of a configuration file.

    Raises: ConfigError.
    """
    environment = environment_of(url)
    if environment == "production" and not is_production:
        raise ConfigError(
            "command line", "--url", url, "production; add --production to mean it"
        )
    try:
        return Venue.model_validate({"urls": [url]}).urls
    except ValidationError:
        allowed = "wss://HOST[:PORT]/PATH, or ws:// on loopback, without a password"
        raise ConfigError("command line", "--url", NO_VALUE, allowed) from None


async def cancel_all(target: Target, signer: Signer) -> Outcome:
    """Cancel until the venue shows nothing open, or the time is over."""
    outcome = Outcome({}, None)
    deadline_s = time.monotonic() + target.timeout_s
    attempt = 0
    while outcome.left != {} and time.monotonic() < deadline_s:
        url = target.urls[attempt % len(target.urls)]
        attempt += 1
        try:
            async with asyncio.timeout(max(0.0, deadline_s - time.monotonic())):
                async with Dialogue(url, signer, grant=target.grant) as venue:
                    await _until_none(venue, target, outcome)
        except VenueError as error:
            outcome.problem = str(error)
            if isinstance(error, RequestRejected) and error.method == "public/auth":
                break
            await asyncio.sleep(min(0.5, max(0.0, deadline_s - time.monotonic())))
        except TimeoutError:
            outcome.problem = outcome.problem or "no time left"
    return outcome


async def _until_none(venue: Dialogue, target: Target, outcome: Outcome) -> None:
    """Cancel every `REPEAT_S`, read back every `READ_BACK_S`, until none is open."""
    while outcome.left != {}:
        # The list is asked for first but not waited for: cancelling must not wait.
        listing, _ = await asyncio.gather(
            venue.call(*target.list_request()), venue.call(*target.cancel_request())
        )
        outcome.before |= _by_id(listing)
        repeat_s = time.monotonic() + REPEAT_S
        while time.monotonic() < repeat_s:
            outcome.left = _by_id(await venue.call(*target.list_request()))
            outcome.before |= outcome.left
            if not outcome.left:
                return
            await asyncio.sleep(READ_BACK_S)


def _by_id(rows: Any) -> dict[str, Mapping[str, Any]]:
    if not isinstance(rows, list):
        raise VenueError("the venue's list of open orders is none")
    return {str(row.get("order_id")): row for row in rows if isinstance(row, dict)}


def describe(outcome: Outcome) -> str:
    """Return what to print: one line an order, then the result."""
    left = outcome.left
    gone = [
        row for key, row in outcome.before.items() if left is None or key not in left
    ]
    lines = []
    if left is not None:
        lines += [f"cancelled  {_order(row)}" for row in gone[:ROWS_SHOWN_MAX]]
        lines += [f"OPEN       {_order(row)}" for row in list(left.values())]
    if left is None:
        lines.append(f"FAILED: the venue never said what is open: {outcome.problem}")
    elif left:
        why = f" ({outcome.problem})" if outcome.problem else ""
        lines.append(
            f"FAILED: {_count(left)} still open{why}; if an engine is running, stop it"
        )
    else:
        lines.append(f"done: {_count(gone)} cancelled, none is open")
    return "\n".join(lines)


def _count(rows: Sequence[Any] | Mapping[str, Any]) -> str:
    return f"{len(rows)} order{'s' * (len(rows) != 1)}"


def _order(row: Mapping[str, Any]) -> str:
    name, side = row.get("instrument_name", "?"), row.get("direction", "?")
    size, price = row.get("amount", "?"), row.get("price", "?")
    return f"{name} {side} {size} @ {price}  {row.get('label') or row.get('order_id')}"
