"""``halfspread account``: what the account is worth, asked over HTTP."""

from __future__ import annotations

import argparse

from engine.errors import ProtocolError
from engine.live import asking
from engine.live.table import Column, as_json, table

HELP = "show the account's money, engine alive or not"
DESCRIPTION = """\
Ask the venue over HTTP, which works while an engine or its socket hangs, what the
account holds:

  $ halfspread account configs/testnet.toml
  currency  equity    balance   available  initial  maintenance  session pnl
  BTC       1.000213  1.000190  0.982101   0.01811  0.0121       0.000023

Money is in each currency's own unit. Currencies with nothing in them are left out;
--json prints everything the venue said.
"""

COLUMNS = (
    Column("currency", "currency"),
    Column("equity", "equity"),
    Column("balance", "balance"),
    Column("available_funds", "available"),
    Column("initial_margin", "initial"),
    Column("maintenance_margin", "maintenance"),
    Column("session_rpl", "session realised"),
    Column("session_upl", "session unrealised"),
    Column("delta_total", "delta"),
)

METHOD = "private/get_account_summaries"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``halfspread account``."""
    asking.add_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Run ``halfspread account``. Raises: ConfigError, VenueError."""
    with asking.asking(args) as (_, rest):
        found = rest.call(METHOD)
    summaries = found.get("summaries") if isinstance(found, dict) else None
    if not isinstance(summaries, list):
        raise ProtocolError(f"{METHOD}: no summaries in the answer")
    if args.json:
        print(as_json(found))
        return 0
    rows = [row for row in summaries if row.get("equity") or row.get("balance")]
    print(table(rows, COLUMNS) if rows else "the account holds nothing")
    return 0
