"""``halfspread positions``: what the account holds, asked over HTTP."""

from __future__ import annotations

import argparse

from engine.live import asking
from engine.live.table import Column, as_json, table

HELP = "show the account's positions, engine alive or not"
DESCRIPTION = """\
Ask the venue over HTTP, which works while an engine or its socket hangs, which
positions the account has, whoever opened them:

  $ halfspread positions configs/testnet.toml
  instrument     side  size  average  mark     floating
  BTC-PERPETUAL  buy    120  64980.5  64990.1  0.0000003

Sizes are in the venue's amount units (US dollars for inverse contracts, else coins),
money in the settlement currency. Flat ones are left out; --json prints everything.
"""

COLUMNS = (
    Column("instrument_name", "instrument"),
    Column("direction", "side"),
    Column("size", "size"),
    Column("size_currency", "in coins"),
    Column("average_price", "average"),
    Column("mark_price", "mark"),
    Column("floating_profit_loss", "floating"),
    Column("realized_profit_loss", "realised"),
    Column("delta", "delta"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``halfspread positions``."""
    asking.add_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Run ``halfspread positions``. Raises: ConfigError, VenueError."""
    with asking.asking(args) as (_, rest):
        rows = rest.rows("private/get_positions", {"currency": "any"})
    if args.json:
        print(as_json(rows))
        return 0
    held = [row for row in rows if row.get("size")]
    print(table(held, COLUMNS) if held else "no position")
    return 0
