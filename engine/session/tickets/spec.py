"""What a ticket asks for: read, judged and put into the venue's words, in one place.

Everything the venue would refuse for its form is refused here first, with one line that
says what and what is allowed. What depends on the market of the moment is the venue's.

Source: docs.deribit.com, private/buy, private/close_position, spot trading venues, seen
2026-08-22; support.deribit.com, inverse options (limit orders only).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from engine._core.base.instrument import InstrumentTable
from engine.errors import EngineError

SIDES = ("buy", "sell")
TRIGGERS = ("index_price", "mark_price", "last_price")
PRICED = ("limit", "stop_limit", "take_limit")
TRIGGERED = ("stop_limit", "stop_market", "take_limit", "take_market")
TYPES = ("limit", "market", "market_limit", *TRIGGERED, "trailing_stop")
TIMES_IN_FORCE = (
    "good_til_cancelled",
    "good_til_day",
    "fill_or_kill",
    "immediate_or_cancel",
)
LINKS = (
    "one_triggers_other",
    "one_cancels_other",
    "one_triggers_one_cancels_other",
)
CONDITIONS = ("first_hit", "complete_fill", "incremental")
TYPES_BY_KIND = {
    "option": ("limit",),
    "option_combo": ("limit",),
    "spot": ("limit", "market", "stop_limit"),
}
"""Kinds that take fewer types than a future does."""

SECONDARIES_MAX = {
    "one_triggers_other": 1,
    "one_cancels_other": 1,
    "one_triggers_one_cancels_other": 2,
}


class TicketError(EngineError):
    """A ticket that cannot be sent as it stands; says what and what is allowed."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One order to place outside the quotes.

    Units: amount in the venue's (USD for inverse futures, else base coin), prices in
    quote currency, all exact decimals. Empty: None, "" and () mean "not given".
    ``then`` are the linked orders of a ``linked`` one; their instrument is its own.
    """

    instrument: str
    side: str
    amount: Decimal
    type: str = "limit"
    price: Decimal | None = None
    trigger: str = ""
    trigger_price: Decimal | None = None
    trigger_offset: Decimal | None = None
    time_in_force: str = ""
    reduce_only: bool = False
    post_only: bool = False
    linked: str = ""
    fill_condition: str = ""
    then: tuple[Spec, ...] = ()

    @property
    def adds(self) -> bool:
        """Whether it may make a position larger."""
        return not self.reduce_only


_NUMBERS = ("amount", "price", "trigger_price", "trigger_offset")
_FLAGS = ("reduce_only", "post_only")


def spec_from(found: Mapping[str, Any], instrument: str = "") -> Spec:
    """Read a ticket from JSON; numbers may be text, which keeps them exact.

    Raises: TicketError naming the key.
    """
    known = [field.name for field in fields(Spec)]
    values: dict[str, Any] = {"instrument": instrument}
    for key, value in found.items():
        if key not in known:
            raise TicketError(f"ticket: {key}: unknown; known are {', '.join(known)}")
        if key in _NUMBERS:
            values[key] = _decimal(key, value)
        elif key == "then":
            if not isinstance(value, list) or not all(
                isinstance(one, Mapping) for one in value
            ):
                raise TicketError("ticket: then: a list of tickets")
            name = str(found.get("instrument", instrument))
            values[key] = tuple(spec_from(one, name) for one in value)
        elif not isinstance(value, bool if key in _FLAGS else str):
            kind = "true or false" if key in _FLAGS else "text"
            raise TicketError(f"ticket: {key} = {value!r}: {kind}")
        else:
            values[key] = value
    for key in ("instrument", "side", "amount"):
        if values.get(key) in (None, ""):
            raise TicketError(f"ticket: {key}: required")
    return Spec(**values)


def _decimal(key: str, value: Any) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(
            value, int | float | str | Decimal
        ):
            raise TypeError
        number = Decimal(str(value))
        if not number.is_finite():
            raise ValueError
    except (InvalidOperation, TypeError, ValueError):
        raise TicketError(f"ticket: {key} = {value!r}: a finite number") from None
    return number


def lots_of(spec: Spec, table: InstrumentTable, index: int) -> int:
    """Return the size in lots.

    Raises: TicketError when it is off the step or below the minimum.
    """
    least = table.facts(index)["min_qty_lots"]
    try:
        lots = table.lots(index, spec.amount)
    except (ValueError, OverflowError) as error:
        raise _refused(spec, "amount", spec.amount, str(error)) from None
    if lots < least:
        size = least * table.facts(index)["lot_size"]
        raise _refused(spec, "amount", spec.amount, f"at least {size:g}")
    return lots


def request_of(
    spec: Spec, table: InstrumentTable, index: int, label: str, valid_until_ms: int
) -> tuple[str, dict[str, Any]]:
    """Return the method and parameters that place a ticket.

    Raises: TicketError naming the field that does not fit the rest or the instrument.
    """
    params = {"instrument_name": spec.instrument, **_fields(spec, table, index)}
    params["label"] = label
    params["valid_until"] = valid_until_ms
    if spec.linked:
        _one_of(spec, "linked", spec.linked, LINKS)
        most = SECONDARIES_MAX[spec.linked]
        if len(spec.then) != most:
            raise _refused(spec, "then", len(spec.then), f"{most} linked orders")
        params["linked_order_type"] = spec.linked
        if spec.fill_condition:
            _one_of(spec, "fill_condition", spec.fill_condition, CONDITIONS)
            params["trigger_fill_condition"] = spec.fill_condition
        params["otoco_config"] = [
            _secondary(spec, one, table, index, label) for one in spec.then
        ]
    elif spec.then or spec.fill_condition:
        raise _refused(spec, "linked", spec.linked, f"one of {', '.join(LINKS)}")
    return f"private/{spec.side}", params


def _secondary(
    first: Spec, spec: Spec, table: InstrumentTable, index: int, label: str
) -> dict[str, Any]:
    if spec.instrument != first.instrument:
        raise _refused(first, "then", spec.instrument, "the same instrument")
    if spec.linked or spec.then:
        raise _refused(first, "then", spec.linked, "no linked orders of their own")
    return {"direction": spec.side, "label": label, **_fields(spec, table, index)}


def _fields(spec: Spec, table: InstrumentTable, index: int) -> dict[str, Any]:
    """Judge one order and return what is said of it, instrument and label apart."""
    kind = str(table.facts(index)["kind"])
    _one_of(spec, "side", spec.side, SIDES)
    _one_of(spec, "type", spec.type, TYPES_BY_KIND.get(kind, TYPES), f" for {kind}")
    lots_of(spec, table, index)
    found: dict[str, Any] = {"amount": _plain(spec.amount), "type": spec.type}
    _must_fit(spec, "price", spec.price, spec.type in PRICED)
    if spec.price is not None:
        found["price"] = _on_grid(spec, "price", spec.price, table, index)
    waits = spec.type in TRIGGERED or spec.type == "trailing_stop"
    _must_fit(spec, "trigger", spec.trigger or None, waits)
    _must_fit(spec, "trigger_price", spec.trigger_price, spec.type in TRIGGERED)
    _must_fit(spec, "trigger_offset", spec.trigger_offset, spec.type == "trailing_stop")
    if waits:
        _one_of(spec, "trigger", spec.trigger, TRIGGERS)
        found["trigger"] = spec.trigger
    for key in ("trigger_price", "trigger_offset"):
        value = getattr(spec, key)
        if value is not None:
            found[key] = _on_grid(spec, key, value, table, index)
    if spec.time_in_force:
        _one_of(spec, "time_in_force", spec.time_in_force, TIMES_IN_FORCE)
        if spec.type not in PRICED:
            allowed = f"only for {', '.join(PRICED)}"
            raise _refused(spec, "time_in_force", spec.time_in_force, allowed)
        if kind == "spot" and spec.time_in_force == "good_til_day":
            raise _refused(spec, "time_in_force", spec.time_in_force, "not for spot")
        found["time_in_force"] = spec.time_in_force
    if spec.post_only:
        rests = spec.time_in_force in ("", TIMES_IN_FORCE[0])
        if spec.type not in PRICED or not rests:
            allowed = "only for good_til_cancelled orders with a price"
            raise _refused(spec, "post_only", True, allowed)
        found["post_only"] = True
    if spec.reduce_only:
        if kind == "spot":
            raise _refused(spec, "reduce_only", True, "not for spot")
        found["reduce_only"] = True
    return found


def _must_fit(spec: Spec, key: str, value: object, is_needed: bool) -> None:
    """Refuse a field that is missing where the type needs it, or given where not."""
    if is_needed and value is None:
        raise TicketError(f"ticket {spec.instrument}: {key}: required for {spec.type}")
    if not is_needed and value is not None:
        raise _refused(spec, key, value, f"none for {spec.type}")


def _on_grid(
    spec: Spec, key: str, value: Decimal, table: InstrumentTable, index: int
) -> float:
    """Return a price; one off the tick, or not positive, is refused, never rounded."""
    is_combo = str(table.facts(index)["kind"]).endswith("_combo")
    if value <= 0 and not is_combo:
        raise _refused(spec, key, value, "more than 0")
    try:
        ticks = table.ticks(index, value)
        legal = table.round(index, "bid", ticks)
    except (ValueError, OverflowError) as error:
        raise _refused(spec, key, value, str(error)) from None
    if legal != ticks and key != "trigger_offset":
        raise _refused(spec, key, value, "a multiple of the tick at that price")
    return _plain(value)


def _plain(value: Decimal) -> float:
    return int(value) if value == value.to_integral_value() else float(value)


def _one_of(
    spec: Spec, key: str, value: str, allowed: tuple[str, ...], where: str = ""
) -> None:
    if value not in allowed:
        raise _refused(spec, key, value, f"one of {', '.join(allowed)}{where}")


def _refused(spec: Spec, key: str, value: object, allowed: str) -> TicketError:
    shown = str(value) if isinstance(value, Decimal) else repr(value)
    return TicketError(f"ticket {spec.instrument}: {key} = {shown}: {allowed}")
