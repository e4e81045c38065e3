"""The command ``halfspread``: finds the wanted command's module and runs it.

Only the chosen command is imported. Its module offers ``HELP`` (one line),
``DESCRIPTION`` (teaches, with an example), ``add_arguments(parser)`` and
``main(args)``.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final

from engine.errors import EngineError

COMMANDS: Final = {
    "demo": "engine.live.demo",
    "sim": "engine.sim.server",
    "check": "engine.check",
    "run": "engine.live.run",
    "account": "engine.live.account",
    "positions": "engine.live.positions",
    "orders": "engine.live.orders",
    "ctl": "engine.live.ctl",
    "cancel-all": "engine.live.panic",
    "watchdog": "engine.live.watchdog",
    "record": "engine.live.record",
    "feed": "engine.replay.feed",
    "replay": "engine.replay.replay",
    "calibrate": "engine.calibrate.command",
}

EXIT_INTERRUPTED: Final = 130
EXIT_USAGE: Final = 2
EXIT_VENUE: Final = 3

DESCRIPTION: Final = """\
A market-making engine for Deribit. It keeps an order book from the venue's feed, asks
a strategy for two-sided quotes, holds them inside your limits, and keeps the venue's
open orders equal to them with as few requests as it can.

The first three things to type:
  halfspread demo          a simulated venue and the engine on it, watched live
  halfspread check CONFIG  what a configuration means, and whether it can be used
  halfspread run CONFIG    quote, on the venue that CONFIG names
"""

EPILOG: Final = """\
exit codes:
  0    done, and all is well
  1    it failed, or the answer is no
  2    wrong usage, or a configuration that cannot be used
  3    the venue, or the way to it, failed
  4    an invariant broke: everything was cancelled, the engine halted
  130  interrupted from the keyboard

`halfspread COMMAND --help` explains a command.
"""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the layout of the texts, and the longest command on its line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        # What argparse measures leaves out how far sub-commands are indented.
        self._action_max_length = len("    cancel-all")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors become one line on stderr."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        return _run(arguments)
    except EngineError as error:
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _fail("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has left; nothing more may be written to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ConnectionError as error:
        return _fail(f"connection failed: {error}", EXIT_VENUE)
    except OSError as error:
        return _fail(str(error), 1)


def _run(arguments: list[str]) -> int:
    wanted = arguments[0] if arguments else "--help"
    parser = argparse.ArgumentParser(
        prog="halfspread",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", required=True
    )
    shown = tuple(COMMANDS) if wanted in ("-h", "--help") else (wanted,)
    for name, path in COMMANDS.items():
        if name not in shown:
            commands.add_parser(name)
            continue
        module = importlib.import_module(path)
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=module.DESCRIPTION,
            formatter_class=_Formatter,
            allow_abbrev=False,
        )
        module.add_arguments(command)
        command.set_defaults(main=module.main)
    if wanted == "--version":
        from engine import __version__

        print(f"halfspread {__version__}")
        return 0
    if not arguments:
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    args = parser.parse_args(arguments)
    return int(args.main(args))


def _fail(line: str, code: int) -> int:
    print(f"halfspread: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
