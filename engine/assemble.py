"""The only wiring place: a configuration becomes strategies, a session and a core."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from engine._core.core import Core
from engine._core.quote.strategy import Strategy
from engine._core.signals.drift import Drift
from engine.config import Config, Quote
from engine.config_drift import PARAMS
from engine.config_risk import (
    OPERATOR,
    Budget,
    Limit,
    Risk,
    limits_of,
)
from engine.config_text import Section, key_text
from engine.errors import NO_VALUE, ConfigError
from engine.session.budgets import scope_of
from engine.session.machine import QuotePlan, Session, SessionSettings
from engine.session.plan import Rule

_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000


def assemble(config: Config, run_id: int) -> Core:
    """Return a core with its session attached and every strategy built.

    ``run_id`` goes into the labels of all orders; the shell takes a fresh one for
    each run.

    Raises: ConfigError naming the key, or the parameter, of a strategy that cannot
    be built.
    """
    settings = session_settings(config)
    plans = []
    for index, quote in enumerate(config.quote):
        strategy = load_strategy(config, index)
        plans.append(
            plan(config, quote, strategy, watch_drift(config, index, strategy))
        )
    core = Core(
        run_id,
        connections=settings.connections,
        ack_timeout_ns=config.orders.ack_timeout_ms * _NS_PER_MS,
        cancel_reserve=config.orders.cancel_reserve,
        valid_for_ns=config.orders.valid_for_ms * _NS_PER_MS,
        changes_per_coin=config.orders.changes_per_coin,
        changes_free=config.orders.changes_free,
    )
    _set_caps(core, config.risk)
    set_budgets(core, config)
    core.attach(Session(core, settings, plans))
    return core


def session_settings(config: Config) -> SessionSettings:
    """Return the session's part of a configuration as plain values."""
    connections = 2 if config.venue.market_data_urls else 1
    return SessionSettings(
        connections=connections,
        orders_conn=0,
        market_conn=connections - 1,
        grant=config.credentials.grant,
        scope=config.credentials.scope,
        heartbeat_s=config.venue.heartbeat_s,
        request_timeout_ns=round(config.venue.request_timeout_s * _NS_PER_S),
        book_interval=config.venue.book_interval,
        hears_trades=config.venue.hears_trades,
        on_start=config.orders.on_start,
        foreign=config.orders.foreign,
        valid_for_ns=config.orders.valid_for_ms * _NS_PER_MS,
        recheck_ns=config.orders.recheck_s * _NS_PER_S,
        keeps_checkpoint=config.state.path is not None,
        tie_out_ns=config.orders.tie_out_s * _NS_PER_S,
        rules=rules(config),
    )


def rules(config: Config) -> tuple[Rule, ...]:
    """Return the limits the session watches, those that are set."""
    places: list[tuple[str, Section]] = [
        ("", config.risk),
        *config.risk.currency.items(),
    ]
    places += [(scope_of(name), one) for name, one in config.budget.items()]
    places += [(quote.instrument, quote.limits) for quote in config.quote]
    return tuple(
        _rule(
            scope,
            getattr(section, key),
            limit,
            section.on_loss if isinstance(section, Budget) else config.risk.on_loss,
        )
        for scope, section in places
        for key, limit in limits_of(type(section))
        if limit.rule and getattr(section, key) is not None
    )


def _rule(scope: str, value: float, limit: Limit, on_loss: str) -> Rule:
    return Rule(
        name=limit.rule,
        scope=None if limit.spread else scope,
        limit=value,
        step=on_loss if limit.action == "on_loss" else limit.action,
        latched=limit.rearm == OPERATOR,
        unit=limit.unit.replace("coins of X", scope),
        rest_ns=round(limit.rest_s * _NS_PER_S),
    )


def plan(
    config: Config, quote: Quote, strategy: Strategy, drift: Drift | None = None
) -> QuotePlan:
    """Return what the session needs to know to have one instrument quoted."""
    return QuotePlan(
        instrument=quote.instrument,
        strategy=strategy,
        drift=drift,
        position_max=quote.limits.position_max,
        order_max=quote.limits.order_max,
        collar_bps=quote.limits.collar_bps,
        stale_ns=quote.limits.stale_ms * _NS_PER_MS,
        requote_ticks=quote.requote_ticks,
        requote_qty_pct=quote.requote_qty_pct,
        reads=strategy.reads,
        needs=strategy.needs,
        covers=tuple(strategy.covered),
        guards=_guards(config, quote),
        budget=quote.budget or "",
        obligation=(
            None
            if quote.obligation is None
            else (
                quote.obligation.spread_max_bps,
                quote.obligation.size_min,
                quote.obligation.uptime_min_pct,
            )
        ),
        counts_in_usd=any(
            value is not None
            for section in (
                config.risk,
                *config.risk.currency.values(),
                *(one for name, one in config.budget.items() if name == quote.budget),
            )
            for key, value in section
            if key in ("exposure_max_usd", "order_max_usd", "delta_max_usd")
        ),
    )


def _guards(config: Config, quote: Quote) -> dict[str, float]:
    """Return the optional limits of one instrument in the core's units."""
    limits, risk = quote.limits, config.risk
    given = {
        "widen_ticks": limits.widen_ticks,
        "widen_factor": limits.widen_factor,
        "unwind_bps": limits.unwind_bps,
        "collar_index_bps": limits.collar_index_bps,
        "collar_fair_bps": limits.collar_fair_bps,
        "post_only_rejects_max": limits.post_only_rejects_max,
        "order_max_usd": risk.order_max_usd,
        "queue_ticks": quote.queue_ticks,
    }
    millis = {
        "stale_book_ns": limits.stale_book_ms,
        "stale_mark_ns": limits.stale_mark_ms,
        "stale_index_ns": limits.stale_index_ms,
        "lag_widen_ns": risk.feed_lag_widen_ms,
        "lag_max_ns": risk.feed_lag_max_ms,
    }
    return {
        **{key: value for key, value in given.items() if value is not None},
        **{k: value * _NS_PER_MS for k, value in millis.items() if value is not None},
    }


def _set_caps(core: Core, risk: Risk) -> None:
    """Give the core the limits of the account."""
    core.set_caps(
        exposure_max_usd=risk.exposure_max_usd or 0.0,
        by_currency={
            name: (one.exposure_max_usd or 0.0, one.delta_max or 0.0)
            for name, one in risk.currency.items()
        },
        open_orders_max=risk.open_orders_max or 0,
        requests_per_s_max=risk.requests_per_s_max or 0,
        stall_max_ns=risk.stall_max_ms * _NS_PER_MS,
    )


def set_budgets(core: Core, config: Config) -> None:
    """Give the core the budgets; before any instrument is bound."""
    core.set_budgets(
        {
            name: {
                "instruments": [q.instrument for q in config.quote if q.budget == name],
                "exposure_max_usd": one.exposure_max_usd or 0.0,
                "delta_max_usd": one.delta_max_usd or 0.0,
                "requests_per_s_max": one.requests_per_s_max or 0,
                "credit_share": (one.credit_share_pct or 0.0) / 100.0,
            }
            for name, one in config.budget.items()
        }
    )


def load_strategy(config: Config, index: int) -> Strategy:
    """Import and build the strategy of ``quote[index]``.

    The module is looked for on Python's path, then in the folder of the configuration
    file, then in the working directory.

    Raises: ConfigError.
    """
    quote = config.quote[index]
    cls = strategy_class(config, index)
    check_params(config, index, cls)
    try:
        strategy = cls(**quote.params)
    except (TypeError, ValueError, OverflowError) as error:
        raise _refused(config, index, cls, str(error)) from None
    except Exception as error:
        problem = f"{cls.__name__} failed with {type(error).__name__}: {error}"
        raise _error(config, index, ("params",), NO_VALUE, problem) from error
    return strategy


def watch_drift(config: Config, index: int, strategy: Strategy) -> Drift | None:
    """Have a strategy hear a `Drift` of its instrument, if the configuration says so.

    Raises: ConfigError when there is nothing to watch, or nothing to watch it by.
    """
    quote = config.quote[index]
    if quote.drift is None:
        return None
    if not config.venue.hears_trades:
        problem = "wants venue.hears_trades = true: fills are measured in trades"
        raise _error(config, index, ("drift",), NO_VALUE, problem)
    given = dict(quote.drift)
    for key, name in PARAMS.items():
        found = quote.params.get(name)
        is_number = isinstance(found, int | float) and not isinstance(found, bool)
        if given[key] is None and is_number:
            given[key] = found
    watched = {key: value for key, value in given.items() if value is not None}
    if not any(watched.get(key) for key in PARAMS):
        problem = f"nothing to watch: give one of {', '.join(PARAMS)}"
        raise _error(config, index, ("drift",), NO_VALUE, problem)
    try:
        drift = Drift(**watched)
    except ValueError as error:
        key = str(error).split(" ", 1)[0]
        value = watched.get(key, NO_VALUE)
        raise _error(config, index, ("drift", key), value, str(error)) from None
    strategy.listen(drift, quote.instrument)
    return drift


def strategy_class(config: Config, index: int) -> type[Strategy]:
    """Import the strategy class of ``quote[index]``.

    Raises: ConfigError when the module cannot be imported, or has no such Strategy.
    """
    path = config.quote[index].strategy
    module_name, _, class_name = path.partition(":")
    for folder in (Path(config.file).parent.absolute(), Path.cwd()):
        # Last, so that no module beside a configuration hides an installed one.
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        problem = f"cannot be imported: {type(error).__name__}: {error}"
        raise _error(config, index, ("strategy",), path, problem) from None
    cls = getattr(module, class_name, None)
    if not (isinstance(cls, type) and issubclass(cls, Strategy)):
        names = ", ".join(strategy_names(vars(module))) or "none"
        problem = f"not a Strategy; {module_name} has: {names}"
        raise _error(config, index, ("strategy",), path, problem)
    return cls


def check_params(config: Config, index: int, cls: type) -> dict[str, Any]:
    """Compare ``params`` with the arguments of a strategy class.

    Returns: every argument's effective value, the class's own defaults included;
    only the given ones for a class that hides its signature.
    Raises: ConfigError naming the parameter that is unknown, missing or of a wrong
    type.
    """
    params = config.quote[index].params
    try:
        known = inspect.signature(cls).parameters
    except ValueError:
        return dict(params)
    if any(p.kind is p.VAR_KEYWORD for p in known.values()):
        return dict(params)
    takes = f"{cls.__name__} takes {', '.join(known) or 'no parameters'}"
    for name, value in params.items():
        if name not in known:
            problem = f"unknown parameter; {takes}"
            raise _error(config, index, ("params", name), value, problem)
    hints = _hints(cls)
    effective: dict[str, Any] = {}
    for name, parameter in known.items():
        if name not in params:
            if parameter.default is parameter.empty:
                problem = f"is required; {takes}"
                raise _error(config, index, ("params", name), NO_VALUE, problem)
            effective[name] = parameter.default
            continue
        effective[name] = params[name]
        if name in hints:
            _check_type(config, index, name, hints[name])
    return effective


def strategy_names(namespace: Mapping[str, Any]) -> list[str]:
    """Return the names of the strategies a module defines, sorted."""
    return sorted(
        name
        for name, item in namespace.items()
        if isinstance(item, type)
        and issubclass(item, Strategy)
        and item.__module__ == namespace.get("__name__")
    )


def _refused(config: Config, index: int, cls: type, text: str) -> ConfigError:
    """Return the error for what a class said of its parameters, the parameter as key.

    Compiled classes hide their signature, so their words are all there is.
    """
    params = config.quote[index].params
    unknown = re.search(r"unexpected keyword argument '(\w+)'", text)
    missing = re.search(r"needs keyword-only argument (\w+)", text)
    if unknown:
        name, text = unknown[1], f"unknown parameter of {cls.__name__}"
    elif missing:
        name, text = missing[1], f"is required by {cls.__name__}"
    else:
        name = text.split(" ", 1)[0]
    if name not in params and not missing:
        return _error(config, index, ("params",), NO_VALUE, text)
    value = params.get(name, NO_VALUE)
    return _error(config, index, ("params", name), value, text)


def _hints(cls: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls.__init__)  # type: ignore[misc]
    except (NameError, TypeError, AttributeError):
        return {}


def _check_type(config: Config, index: int, name: str, hint: Any) -> None:
    value = config.quote[index].params[name]
    try:
        TypeAdapter(hint, config=ConfigDict(strict=True)).validate_python(value)
    except ValidationError:
        wanted = getattr(hint, "__name__", str(hint))
        raise _error(config, index, ("params", name), value, wanted) from None


def _error(
    config: Config, index: int, below: tuple[str, ...], value: object, allowed: str
) -> ConfigError:
    key = key_text(
        ("quote", index, *below),
        {"quote": {index: {"instrument": config.quote[index].instrument}}},
    )
    return ConfigError(config.file, key, value, allowed)
