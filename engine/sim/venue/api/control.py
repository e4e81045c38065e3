"""The control API: what a test may ask of the venue and no client of a real one may.

Methods ``sim/...``, over every way in: as JSON-RPC on a WebSocket, under ``/sim/`` and
``/api/v2/sim/`` over HTTP. They need no login, cost no credits, pass every fault by and
work during maintenance. They are no methods of the venue: ``METHODS`` has none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from decimal import Decimal
from functools import partial
from typing import Any

from engine.sim.venue.api.connection import NO_HANDSHAKE, Connection
from engine.sim.venue.api.limits import EnginePools
from engine.sim.venue.api.rpc import CONTROL, Call, Handler, Method, Param
from engine.sim.venue.config import AccountConfig, RateConfig
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.faults.fault import Fault
from engine.sim.venue.faults.kinds import FAULTS, FaultError, read_fault
from engine.sim.venue.faults.outage import STATES
from engine.sim.venue.methods.order_params import TIMES_IN_FORCE
from engine.sim.venue.products.surface import SurfaceState
from engine.sim.venue.rows.trading import order_row
from engine.sim.venue.units import to_atto

KINDS = {str: "text", int: "integer", float: "number", tuple: "texts"}
ACCOUNTS_MAX = 1_000
RATE_MAX = 1_000_000
FUNDS_MAX = 1e12
TEXT = Param("text")
NUMBER = Param("number")
COUNT = Param("integer", at_least=0)
NAME = Param("text", required=True, size_max=64)
CONTROLS: dict[str, Method] = {}


def control(
    name: str, params: dict[str, Param] | None = None
) -> Callable[[Handler], Handler]:
    """Register a handler under a name that begins with ``sim/``."""

    def register(handler: Handler) -> Handler:
        CONTROLS[name] = Method(name, handler, CONTROL, "general", params or {})
        return handler

    return register


# Faults.


def _options(*kinds: type[Fault]) -> dict[str, Param]:
    """Return the parameters that are the options of some kinds of fault."""
    return {
        one.name: Param(KINDS[type(one.default)])
        for kind in kinds
        for one in fields(kind)
    }


def _inject(call: Call, kind: str) -> Any:
    options = {key: value for key, value in call.params.items() if key != "kind"}
    try:
        fault = read_fault({"kind": kind, **options})
        return {"fault": call.venue.faults.inject(fault)}
    except FaultError as error:
        raise bad_param(error.key, error.allowed) from None


@control("sim/inject", {"kind": NAME, **_options(*FAULTS.values())})
def inject(call: Call) -> Any:
    """Set a fault; its number clears it."""
    return _inject(call, call.params["kind"])


@control("sim/maintenance", _options(FAULTS["maintenance"]))
def maintenance(call: Call) -> Any:
    """Set a maintenance."""
    return _inject(call, "maintenance")


@control("sim/lock", _options(FAULTS["lock"]))
def lock(call: Call) -> Any:
    """Lock an index, a currency, or everything."""
    if "index_name" in call.params:
        call.venue.exchange.index(call.params["index_name"])
    return _inject(call, "lock")


@control("sim/clock_offset", _options(FAULTS["clock_offset"]))
def clock_offset(call: Call) -> Any:
    """Set the venue's clock wrong."""
    return _inject(call, "clock_offset")


@control("sim/faults")
def faults(call: Call) -> Any:
    """Return every fault that is set, with what it has done."""
    return call.venue.faults.board.rows()


@control("sim/clear", {"fault": Param("integer")})
def clear(call: Call) -> Any:
    """End one fault or all; return how many."""
    board = call.venue.faults.board
    if "fault" in call.params:
        return int(board.clear(call.params["fault"]))
    return board.clear_all()


# Connections.

CHOICE = {"connection": COUNT, "account": TEXT}


def _chosen(call: Call) -> Iterator[Connection]:
    """Yield the connections that are meant; the own one only when it is named."""
    number, account = call.params.get("connection"), call.params.get("account")
    for one in call.venue.connections():
        owner = one.account.name if one.account is not None else ""
        if (
            call.venue.is_open(one)
            and number in (None, one.number)
            and account in (None, owner)
            and (one is not call.connection or number is not None)
        ):
            yield one


@control("sim/connections")
def connections(call: Call) -> Any:
    """Return every connection; ``here`` marks the one that asks."""
    return [
        {
            "connection": one.number,
            "account": one.account.name if one.account is not None else "",
            "http": one.http,
            "silent": one.silent,
            "here": one is call.connection,
            "channels": list(one.feeds),
        }
        for one in call.venue.connections()
        if call.venue.is_open(one)
    ]


@control(
    "sim/cut",
    {
        **CHOICE,
        "code": Param("integer", at_least=1_000, at_most=4_999),
        "reason": Param("text", size_max=100),
    },
)
def cut(call: Call) -> Any:
    """Cut connections now; return how many."""
    code = call.params.get("code", NO_HANDSHAKE)
    reason = call.params.get("reason", "cut")
    doomed = list(_chosen(call))
    call.after.extend(partial(call.venue.end, one, code, reason) for one in doomed)
    return len(doomed)


@control("sim/silence", CHOICE)
def silence(call: Call) -> Any:
    """Fall silent towards connections without closing them; return how many."""
    muted = list(_chosen(call))
    call.after.extend(partial(call.venue.faults.silence, one) for one in muted)
    return len(muted)


# The market.


@control(
    "sim/set_state",
    {
        "instrument_name": NAME,
        "state": Param("text", required=True, choices=STATES),
    },
)
def set_state(call: Call) -> Any:
    """Set the state of a book for good."""
    call.venue.exchange.put_into(call.params["instrument_name"], call.params["state"])
    return "ok"


@control(
    "sim/set_index",
    {
        "index_name": NAME,
        "price": Param("number", required=True, at_least=1e-6, at_most=1e9),
    },
)
def set_index(call: Call) -> Any:
    """Publish an index price; the background market's next one follows its own path."""
    index = call.venue.exchange.index(call.params["index_name"])
    call.venue.exchange.set_index(index.name, call.params["price"])
    return "ok"


SURFACE = tuple(one.name for one in fields(SurfaceState))


@control("sim/move_surface", {"index_name": NAME} | dict.fromkeys(SURFACE, NUMBER))
def move_surface(call: Call) -> Any:
    """Move the vol surface of an index; what is not given stays."""
    exchange = call.venue.exchange
    index = exchange.index(call.params["index_name"])
    moved = {name: call.params[name] for name in SURFACE if name in call.params}
    try:
        state = replace(index.surface, **moved)
    except ValueError as error:
        raise bad_param("index_name", str(error)) from None
    exchange.set_surface(index.name, state)
    return {name: getattr(state, name) for name in SURFACE}


@control(
    "sim/place",
    {
        "account": NAME,
        "instrument_name": NAME,
        "direction": Param("text", required=True, choices=("buy", "sell")),
        "amount": Param("number", required=True),
        "price": NUMBER,
        "post_only": Param("flag"),
        "time_in_force": Param("text", choices=TIMES_IN_FORCE),
        "label": Param("text", size_max=64),
    },
)
def place(call: Call) -> Any:
    """Enter an order in the name of an account; without a price a market order.

    An account nobody has the key of is one of the background market: no margin.
    """
    params = call.params
    exchange = call.venue.exchange
    if params["account"] not in exchange.accounts:
        _check_room(call)
    order = call.venue.place(
        params["account"],
        params["instrument_name"],
        params["direction"],
        params.get("price"),
        params["amount"],
        t_ns=exchange.now_ns,
        post_only=params.get("post_only", False),
        time_in_force=params.get("time_in_force", TIMES_IN_FORCE[0]),
        label=params.get("label", ""),
    )
    return order_row(order)


@control("sim/settle")
def settle(call: Call) -> Any:
    """Carry out a settlement now; nothing expires by it."""
    if not call.venue.exchange.settlement.settle_now():
        raise Reject("settlement_in_progress")
    return "ok"


@control("sim/snapshot")
def snapshot(call: Call) -> Any:
    """Return accounts and books as they stand."""
    return call.venue.snapshot()


# Accounts.


def _check_room(call: Call) -> None:
    if len(call.venue.exchange.accounts) >= ACCOUNTS_MAX:
        raise Reject("other_reject", f"at most {ACCOUNTS_MAX} accounts")


@control(
    "sim/account",
    {
        "client_id": NAME,
        "client_secret": Param("text", size_max=128),
        "currency": Param("text", size_max=10),
        "amount": Param("number", at_least=-FUNDS_MAX, at_most=FUNDS_MAX),
    },
)
def account(call: Call) -> Any:
    """Open an account with a key, or pay into one (out of it: a negative amount)."""
    params, exchange = call.params, call.venue.exchange
    name = params["client_id"]
    known = exchange.accounts.get(name)
    if known is None or known.internal:
        if known is not None:
            raise bad_param("client_id", "the background market has an account of it")
        _check_room(call)
        if "client_secret" not in params:
            raise bad_param("client_secret", "required for a new account")
        known = exchange.open_account(
            AccountConfig(
                name, params["client_secret"], exchange.next_user_id(), balances={}
            )
        )
    if "amount" in params:
        if "currency" not in params:
            raise bad_param("currency", "required with an amount")
        amount = to_atto(Decimal(str(params["amount"])))
        exchange.deposit(known, params["currency"], amount)
    return {"client_id": name, "user_id": known.user_id}


@control(
    "sim/limits",
    {
        "account": NAME,
        "matching_rate": Param("integer", at_least=1, at_most=RATE_MAX),
        "matching_burst": Param("integer", at_least=1, at_most=RATE_MAX),
    },
)
def limits(call: Call) -> Any:
    """Set what an account may ask of the matching engine; its pools are full again."""
    params, exchange = call.params, call.venue.exchange
    known = exchange.accounts.get(params["account"])
    if known is None or known.internal:
        raise bad_param("account", "no such account")
    now = known.credits.engine
    tier = RateConfig(
        params.get("matching_rate", now.tier.rate),
        params.get("matching_burst", now.tier.burst),
    )
    known.credits.engine = EnginePools(now.limits, tier, exchange.now_ns)
    return known.credits.limits()
