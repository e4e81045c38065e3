"""Market-maker protection: configuration, status, reset.

Block RFQs are not offered: their protection reads as empty and cannot be set.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.sim.venue.api.rpc import Call, Param, Params, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.markets.market import Index
from engine.sim.venue.trading.mmp import STEP, Group, Limits, trigger_row

GROUP_NAME_MAX = 64
WINDOW_MAX_S = 3_600
LIMIT_MAX = 1_000_000
TRADES_MAX = 1_000
ALL = "all"
INDEX = Param("text", required=True)
GROUP = Param("text", size_max=GROUP_NAME_MAX)
BLOCK_RFQ = Param("flag")
SECONDS = Param("number", required=True, at_least=0, at_most=WINDOW_MAX_S)
LIMIT = Param("number", at_least=0, at_most=LIMIT_MAX)
FILTERS = {"index_name": Param("text"), "mmp_group": GROUP, "block_rfq": BLOCK_RFQ}


@method(
    "private/set_mmp_config",
    {
        "index_name": INDEX,
        "interval": SECONDS,
        "frozen_time": SECONDS,
        "mmp_group": GROUP,
        "max_quote_quantity": Param(
            "number", required=True, at_least=0, at_most=LIMIT_MAX
        ),
        "quantity_limit": LIMIT,
        "delta_limit": LIMIT,
        "vega_limit": LIMIT,
        "block_rfq": BLOCK_RFQ,
        "trade_count_limit": Param("integer", at_least=1, at_most=TRADES_MAX),
    },
    scope="trade:read_write",
)
def set_mmp_config(call: Call) -> Any:
    """Set every limit of a group, or remove it (interval 0)."""
    params = call.params
    _refuse_block_rfq(call)
    if "trade_count_limit" in params:
        raise bad_param("trade_count_limit", "only with block_rfq")
    limits = Limits(
        interval=_steps(params, "interval") or 0,
        frozen=_steps(params, "frozen_time") or 0,
        max_quote=_steps(params, "max_quote_quantity") or 0,
        quantity=_steps(params, "quantity_limit"),
        delta=_steps(params, "delta_limit"),
        vega=_steps(params, "vega_limit"),
    )
    protection = call.venue.exchange.mmp
    group = protection.configure(call.account, _index(call), _name(params), limits)
    return [_config_row(group)] if group is not None else []


@method("private/get_mmp_config", FILTERS, scope="trade:read")
def get_mmp_config(call: Call) -> Any:
    """Return all groups, or with an index the one named, else its orders group."""
    groups = _chosen(call)
    if "index_name" in call.params and "mmp_group" not in call.params:
        groups = [group for group in groups if group.is_orders]
    return [_config_row(group) for group in groups]


@method("private/get_mmp_status", FILTERS, scope="trade:read")
def get_mmp_status(call: Call) -> Any:
    """Return the groups that are frozen: all, of an index, or the one named."""
    exchange = call.venue.exchange
    return [
        {"mmp_group": group.name, **trigger_row(group, exchange.clock_offset_ns)}
        for group in _chosen(call)
        if group.is_frozen(exchange.now_ns)
    ]


@method(
    "private/reset_mmp",
    {"index_name": INDEX, "mmp_group": GROUP, "block_rfq": BLOCK_RFQ},
    scope="trade:read_write",
)
def reset_mmp(call: Call) -> Any:
    """End a freeze early, though never within its first second."""
    _refuse_block_rfq(call)
    key = (_index(call).name, _name(call.params))
    group = call.account.mmp_groups.get(key)
    if group is None:
        raise bad_param("mmp_group", "no such MMP configuration")
    group.reset(call.venue.exchange.now_ns)
    return "ok"


def _chosen(call: Call) -> list[Group]:
    """Return the groups of the account that fit index and name."""
    params, exchange = call.params, call.venue.exchange
    exchange.mmp.check_enabled(call.account)
    if params.get("block_rfq", False):
        return []
    groups = list(call.account.mmp_groups.values())
    if "index_name" in params and params["index_name"] != ALL:
        index = _index(call)
        groups = [group for group in groups if group.index is index]
    if "mmp_group" in params:
        if "index_name" not in params:
            raise bad_param("index_name", "required with mmp_group")
        name = _name(params)
        groups = [group for group in groups if group.name == name]
    return groups


def _refuse_block_rfq(call: Call) -> None:
    call.venue.exchange.mmp.check_enabled(call.account)
    if call.params.get("block_rfq", False):
        raise Reject("not_implemented", data={"reason": "no block RFQs here"})


def _index(call: Call) -> Index:
    """Return the index a group is on; one that derivatives are written on."""
    exchange, name = call.venue.exchange, call.params["index_name"]
    if name not in exchange.indices or not any(
        market.index.name == name and not market.instrument.is_spot
        for market in exchange.markets.values()
    ):
        raise bad_param("index_name", "not an index of derivatives")
    return exchange.indices[name]


def _name(params: Params) -> str:
    """Return the name of a group, "" for the orders group."""
    name: str | None = params.get("mmp_group")
    if name == "":
        raise bad_param("mmp_group", "must not be empty")
    return name or ""


def _steps(params: Params, name: str) -> int | None:
    """Return a limit in ten-thousandths, None when it is not given."""
    if name not in params:
        return None
    steps = Decimal(repr(params[name])) * STEP
    if steps != int(steps):
        raise bad_param(name, "at most 4 decimal places")
    return int(steps)


def _config_row(group: Group) -> dict[str, Any]:
    limits = group.limits
    row: dict[str, Any] = {
        "id": group.number,
        "index_name": group.index.name,
        "interval": _number(limits.interval),
        "frozen_time": _number(limits.frozen),
        "max_quote_quantity": _number(limits.max_quote),
    }
    for name, value in (
        ("quantity_limit", limits.quantity),
        ("delta_limit", limits.delta),
        ("vega_limit", limits.vega),
    ):
        if value is not None:
            row[name] = _number(value)
    if not group.is_orders:
        row["mmp_group"] = group.name
    row["block_rfq"] = False
    return row


def _number(steps: int) -> int | float:
    """Return a limit as it was given."""
    return steps // STEP if steps % STEP == 0 else steps / STEP
