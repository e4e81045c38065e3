"""``halfspread orders``: open orders, closed ones and trades, asked over HTTP."""

from __future__ import annotations

import argparse
from typing import Any

from engine.errors import ConfigError, ProtocolError
from engine.live import asking
from engine.live.rest import Rest
from engine.live.table import Column, as_json, table

HELP = "show the account's open orders, or history, engine alive or not"
DESCRIPTION = """\
Ask the venue over HTTP, which works while an engine or its socket hangs, which orders
of the account are open, whoever placed them:

  $ halfspread orders configs/testnet.toml
  instrument     side  amount  filled  price    state  label
  BTC-PERPETUAL  buy      100       0  64990.5  open   hs-0badcafe-0-17
  1 order open

--history shows closed orders instead, --trades our trades, newest first, of one
settlement currency (--currency). The venue keeps orders half an hour and trades a day
in its fast store; what is older is not shown here.

Exit code 0 when the venue answered, whatever it showed.
"""

COUNT_DEFAULT, COUNT_MAX = 20, 1000

ORDERS = (
    Column("creation_timestamp", "placed", is_time=True),
    Column("instrument_name", "instrument"),
    Column("direction", "side"),
    Column("order_type", "type"),
    Column("amount", "amount"),
    Column("filled_amount", "filled"),
    Column("price", "price"),
    Column("average_price", "average"),
    Column("order_state", "state"),
    Column("cancel_reason", "why"),
    Column("order_id", "order"),
    Column("label", "label"),
)
TRADES = (
    Column("timestamp", "time", is_time=True),
    Column("instrument_name", "instrument"),
    Column("direction", "side"),
    Column("amount", "amount"),
    Column("price", "price"),
    Column("liquidity", "role"),
    Column("fee", "fee"),
    Column("fee_currency", "in"),
    Column("trade_id", "trade"),
    Column("order_id", "order"),
    Column("label", "label"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``halfspread orders``."""
    asking.add_arguments(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--history", action="store_true", help="closed orders instead")
    which.add_argument("--trades", action="store_true", help="our trades instead")
    parser.add_argument(
        "--currency",
        default="BTC",
        metavar="C",
        help="settlement currency of history and trades (default: %(default)s)",
    )
    parser.add_argument(
        "--count",
        type=int,
        default=COUNT_DEFAULT,
        metavar="N",
        help="rows of history and trades (default: %(default)s)",
    )


def main(args: argparse.Namespace) -> int:
    """Run ``halfspread orders``. Raises: ConfigError, VenueError."""
    if not 1 <= args.count <= COUNT_MAX:
        allowed = f"1 to {COUNT_MAX}"
        raise ConfigError("command line", "--count", args.count, allowed)
    with asking.asking(args) as (_, rest):
        rows = _rows(rest, args)
    if args.json:
        print(as_json(rows))
        return 0
    if rows:
        print(table(rows, TRADES if args.trades else ORDERS))
    if not (args.history or args.trades):
        print(f"{len(rows) or 'no'} order{'s' * (len(rows) != 1)} open")
    elif not rows:
        print(f"none in {args.currency}")
    return 0


def _rows(rest: Rest, args: argparse.Namespace) -> list[dict[str, Any]]:
    if args.trades:
        return user_trades(rest, args.currency, args.count)
    if args.history:
        return closed_orders(rest, args.currency, args.count)
    return rest.rows("private/get_open_orders")


def closed_orders(rest: Rest, currency: str, count: int) -> list[dict[str, Any]]:
    """Return orders that are no longer open, newest first; unfilled ones included."""
    wanted = {"currency": currency, "count": count, "include_unfilled": True}
    return rest.rows("private/get_order_history_by_currency", wanted)


def user_trades(rest: Rest, currency: str, count: int) -> list[dict[str, Any]]:
    """Return our trades, newest first.

    Raises: VenueError; ProtocolError when the answer has no trades in it.
    """
    method = "private/get_user_trades_by_currency"
    wanted = {"currency": currency, "count": count, "sorting": "desc"}
    found = rest.call(method, wanted)
    trades = found.get("trades") if isinstance(found, dict) else None
    if not isinstance(trades, list):
        raise ProtocolError(f"{method}: no trades in the answer")
    return trades
