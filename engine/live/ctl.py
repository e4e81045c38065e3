"""``halfspread ctl``: tell a running engine what to do, and hear what is true then."""

from __future__ import annotations

import argparse
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from engine.config import load
from engine.errors import NO_VALUE, ConfigError, EngineError
from engine.live.commands import COMMANDS, open_orders
from engine.live.operator import WAIT_MAX_S
from engine.live.state_folder import KEY, StateFolder
from engine.live.table import as_json

HELP = "tell a running engine: pause, reduce, cancel-all, flatten, stop, ..."
DESCRIPTION = """\
Speak to the engine that runs on CONFIG's [state] path, over a socket that only its own
user can open. Every command goes into the engine's journal. The answer is what is true
then, not that something was received:

  $ halfspread ctl engine.toml status
  $ halfspread ctl engine.toml pause
  pause: so
  state      paused: paused by the operator
  orders     none
  ...
  $ halfspread ctl engine.toml reduce --instrument BTC-PERPETUAL --reason "news"

commands:
{commands}

A step of the ladder (widen, reduce, pull, flatten, disconnect) lasts until rearm; pause
and cancel-all last until resume.

An engine that hangs does not answer: `halfspread cancel-all CONFIG` needs none.

Exit code 0 when it is so; 1 when it was refused, is not so in time (--wait), or no
engine answers; 2 wrong usage.
"""
DESCRIPTION = DESCRIPTION.format(
    commands="\n".join(f"  {name:<14} {one.meaning}" for name, one in COMMANDS.items())
)

WAIT_S: Final = 5.0
ANSWER_S: Final = 5.0
"""An engine whose loop turns answers sooner than this, the wait not counted."""

OPTIONS: Final = ("instrument", "rule", "spec", "label", "price", "reason")
ANSWER_BYTES_MAX: Final = 1 << 24
CHUNK_BYTES: Final = 1 << 16
NOT_SO: Final = 1


class NoEngineError(EngineError):
    """No engine listens on the socket: none runs there."""


class NoAnswerError(EngineError):
    """An engine listens, or its process stands still, and says nothing in time."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``halfspread ctl``."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="TOML file")
    parser.add_argument(
        "order", metavar="COMMAND", choices=list(COMMANDS), help="see above"
    )
    parser.add_argument(
        "--instrument",
        metavar="NAME",
        help="only this one, currency, or budget.NAME",
    )
    parser.add_argument("--rule", metavar="RULE", help="with rearm: only this rule")
    parser.add_argument("--spec", metavar="JSON", help="with ticket: the order")
    parser.add_argument("--label", metavar="LABEL", help="with cancel-ticket: which")
    parser.add_argument("--price", metavar="P", help="with close-position: its limit")
    parser.add_argument("--reason", metavar="TEXT", help="for log and journal")
    parser.add_argument(
        "--wait",
        type=float,
        default=WAIT_S,
        metavar="S",
        help="how long it may take to come true (default: %(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as it is")


def main(args: argparse.Namespace) -> int:
    """Run ``halfspread ctl``. Raises: ConfigError, EngineError."""
    request = checked(args)
    config = load(args.config, may_quote=False)
    path = config.state.path
    if path is None:
        problem = "a folder; without one an engine takes no commands"
        raise ConfigError(config.file, KEY, NO_VALUE, problem)
    answer = ask(StateFolder(path).ctl, request, args.wait + ANSWER_S)
    print(as_json(answer) if args.json else describe(answer))
    return 0 if answer.get("is_so") else NOT_SO


def checked(args: argparse.Namespace) -> dict[str, Any]:
    """Return the request a command line stands for.

    Raises: ConfigError naming the option that does not fit the command.
    """
    if not 0 <= args.wait <= WAIT_MAX_S:
        allowed = f"0 to {WAIT_MAX_S:g} s"
        raise ConfigError("command line", "--wait", args.wait, allowed)
    request: dict[str, Any] = {"cmd": args.order, "wait_s": args.wait}
    for key in OPTIONS:
        value = getattr(args, key)
        if value is None:
            continue
        takes = COMMANDS[args.order].takes
        if key not in takes:
            named = [f"--{one}" for one in takes if one in OPTIONS]
            words = " and ".join(named) or "no such option"
            problem = f"{args.order} takes {words}"
            raise ConfigError("command line", f"--{key}", value, problem)
        request[key] = value
    return request


def ask(path: Path, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
    """Send one request and return the answer.

    Raises: NoEngineError when none runs there, NoAnswerError when the one that does
        keeps silent, EngineError when it cannot be asked.
    """
    end_s = time.monotonic() + timeout_s
    taken = bytearray()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(timeout_s)
        try:
            line.connect(str(path))
            line.sendall(orjson.dumps(request) + b"\n")
            while not taken.endswith(b"\n"):
                line.settimeout(max(0.001, end_s - time.monotonic()))
                chunk = line.recv(CHUNK_BYTES)
                taken += chunk
                if not chunk or len(taken) > ANSWER_BYTES_MAX:
                    break
        except TimeoutError:
            raise NoAnswerError(
                f"{path}: the engine does not answer within {timeout_s:g} s; if it "
                "hangs, `halfspread cancel-all` works without it"
            ) from None
        except (FileNotFoundError, ConnectionRefusedError) as error:
            text = f"{path}: no engine listens there: {error.strerror}"
            raise NoEngineError(text) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise EngineError(f"{path}: cannot be asked: {reason}") from None
    try:
        answer = orjson.loads(taken)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise EngineError(f"{path}: the engine hung up without an answer")
    return answer


def describe(answer: Mapping[str, Any]) -> str:
    """Return the answer for a reader."""
    refused, now = answer["refused"], answer["now"]
    lines = []
    if refused:
        lines += [f"refused: {why}" for why in refused]
    elif answer["command"] != "status":
        word = "so" if answer["is_so"] else "NOT SO YET"
        lines.append(f"{answer['command']}: {word}")
    return "\n".join([*lines, *_state_lines(now)])


def _state_lines(now: Mapping[str, Any]) -> list[str]:
    if not now:
        return []
    why = now["halted"] or now["reason"]
    state = now["state"] + (f": {why}" if why and why != now["state"] else "")
    kinds = {k: n for k, n in now["orders"].items() if n and k != "done"}
    orders = ", ".join(f"{n} {kind}" for kind, n in kinds.items()) or "none"
    if now["foreign_orders"]:
        orders += f"; {now['foreign_orders']} open that are not ours"
    cod = now["cod"]
    rows = [
        ("state", state),
        ("stance", " ".join(filter(None, (now["stance"], now["stance_reason"])))),
        ("orders", f"{orders} ({open_orders(now)} may be open)" if kinds else orders),
        ("kill", _kill(now["kill"])),
        ("COD", "on, read back" if cod.get("verified") else "NOT VERIFIED"),
    ]
    for name, row in now["instruments"].items():
        blank = f", blank: {row['why_blank']}" if row["why_blank"] else ""
        text = f"{name} {row['position']:+g}, {row['orders']} orders, {row['stance']}"
        rows.append(("position", text + blank))
    for one in now["tickets"]:
        text = f"{one['label']} {one['side']} {one['amount']} {one['instrument']}"
        why = f": {one['why']}" if one["why"] else ""
        rows.append(("ticket", f"{text} {one['type']}, {one['state']}{why}"))
    for trip in now["trips"]:
        text = " ".join(f"{key}={value}" for key, value in trip.items())
        rows.append(("tripped", text))
    if now["last_error"]:
        rows.append(("error", now["last_error"]))
    rows.append(("run", f"{now['run']}, process {now['pid']}, up {now['up_s']:.0f} s"))
    return [f"{head:<10} {text}" for head, text in rows]


def _kill(kill: Mapping[str, Any]) -> str:
    if not kill.get("count"):
        return "none"
    if kill["pending"]:
        left = kill["open_orders"]
        shown = "nothing read yet" if left is None else f"{left} orders open"
        return f"PENDING: {kill['reason']}; {shown}"
    by = kill["confirmed_by"]
    return f"{kill['reason']}; " + (f"confirmed by {by}" if by else "NOT CONFIRMED")
