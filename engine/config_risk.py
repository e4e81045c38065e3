"""The limits: the one table of what bounds us, as the configuration states it.

Each field with a ``Limit`` is one row: its unit, from where it is measured, the step of
the kill ladder it takes and how it is armed again. ``docs/risk.md`` is written from
these rows, the session gets its rules from them, and tests drive the engine to each of
them and one past. Fields with a plain ``Key`` are no limits: they shape a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from engine.config_text import Key, Section, refusal

BUDGETS_MAX = 64
"""Budgets of one configuration."""

CURRENCIES_MAX = 32
"""Currencies with limits of their own."""

REFUSE = "refuse"
"""The action of a limit that gate and fuse keep at every instant: no such request."""

BY_ITSELF = "by itself"
OPERATOR = "operator"

Money = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)]
Millis = Annotated[int, Field(ge=10, le=600_000)]


@dataclass(frozen=True, slots=True)
class Limit(Key):
    """One row of the table: a key that bounds something.

    ``measured``: what, and from where. ``action``: a step of the ladder, ``refuse``,
    or ``on_loss``, the step that key names. ``rearm``: who lets it go on. ``rule``: the
    measure of the session that watches it, "" when the core keeps it at every instant.
    ``spread``: each currency is held to it by itself. ``rest_s``: how long a trip lasts
    whose cause cannot end while it holds, seconds.
    """

    measured: str = ""
    action: str = REFUSE
    rearm: str = BY_ITSELF
    rule: str = ""
    spread: bool = False
    rest_s: float = 0.0


_EXPOSURE = (
    "every position plus everything open, in flight and unknown at its worst, each "
    "instrument at its mark, added up without netting"
)


class CurrencyRisk(Section):
    """``[risk.currency.X]``: what bounds everything that settles in X."""

    exposure_max_usd: Annotated[
        Money | None, Limit("worst-case exposure", "USD", measured=_EXPOSURE)
    ] = None
    delta_max: Annotated[
        Money | None,
        Limit(
            "worst-case delta, netted over instruments",
            "coins of X",
            measured="positions plus everything open, in flight and unknown, all buys "
            "or all sells filled; by base currency X, whatever it settles in; an "
            "option counts as a whole coin",
        ),
    ] = None
    loss_session: Annotated[
        Money | None,
        Limit(
            "loss in X of this run",
            "coins of X",
            measured="equity change by trading, from the first reading of this run",
            action="on_loss",
            rearm=OPERATOR,
            rule="loss_session",
        ),
    ] = None
    loss_day: Annotated[
        Money | None,
        Limit(
            "loss in X of the day",
            "coins of X",
            measured="equity change by trading, from 08:00 UTC; restarts do not reset",
            action="on_loss",
            rearm=OPERATOR,
            rule="loss_day",
        ),
    ] = None
    loss_peak: Annotated[
        Money | None,
        Limit(
            "loss in X from the best point",
            "coins of X",
            measured="equity change by trading, from its highest reading since the "
            "state folder is new; restarts do not reset",
            action="on_loss",
            rearm=OPERATOR,
            rule="loss_peak",
        ),
    ] = None


RequestsPerSecond = Annotated[
    int | None,
    Field(ge=1, le=10_000),
    Limit(
        "new orders and edits a second",
        "requests/s",
        measured="sent in the last 1 s; cancels always go",
    ),
]


class Risk(Section):
    """``[risk]``: what bounds the whole account. Loss limits have no defaults."""

    exposure_max_usd: Annotated[
        Money | None, Limit("worst-case exposure", "USD", measured=_EXPOSURE)
    ] = None
    order_max_usd: Annotated[
        Money | None,
        Limit("notional of one order", "USD", measured="open size at the mark"),
    ] = None
    open_orders_max: Annotated[
        int | None,
        Field(ge=1, le=1_000_000),
        Limit("open orders", "orders", measured="orders not known to have ended"),
    ] = None
    requests_per_s_max: RequestsPerSecond = None
    loss_session_usd: Annotated[
        Money | None,
        Limit(
            "loss of this run",
            "USD",
            measured="equity change by trading of all currencies, each at its present "
            "index, from the first reading of this run",
            action="on_loss",
            rearm=OPERATOR,
            rule="loss_session",
        ),
    ] = None
    loss_day_usd: Annotated[
        Money | None,
        Limit(
            "loss of the day",
            "USD",
            measured="equity change by trading, from 08:00 UTC; restarts do not reset",
            action="on_loss",
            rearm=OPERATOR,
            rule="loss_day",
        ),
    ] = None
    loss_peak_usd: Annotated[
        Money | None,
        Limit(
            "loss from the best point",
            "USD",
            measured="equity change by trading, from its highest reading since the "
            "state folder is new; restarts do not reset",
            action="on_loss",
            rearm=OPERATOR,
            rule="loss_peak",
        ),
    ] = None
    on_loss: Annotated[
        Literal["pull", "flatten", "disconnect"],
        Key("the step of the kill ladder a loss limit of account or currency takes"),
    ] = "pull"
    margin_use_max_pct: Annotated[
        float,
        Field(gt=0, le=100, allow_inf_nan=False),
        Limit(
            "margin in use, of each settlement currency",
            "%",
            measured="initial margin of its equity, as the venue last said",
            action="reduce",
            rule="margin_use",
            spread=True,
        ),
    ] = 80.0
    rejects_max: Annotated[
        int,
        Field(ge=1, le=10_000),
        Limit(
            "order requests refused in a row",
            "requests",
            measured="over all instruments, since the last one accepted",
            action="pull",
            rearm=OPERATOR,
            rule="rejects",
        ),
    ] = 50
    clock_offset_max_ms: Annotated[
        Millis,
        Limit(
            "distance of our clock from the venue's",
            "ms",
            measured="by the fastest answers of the last minutes, either way",
            action="pull",
            rule="clock_offset",
        ),
    ] = 30_000
    stale_user_ms: Annotated[
        Millis | None,
        Limit(
            "silence on the orders connection",
            "ms",
            measured="since the last frame of any kind; heartbeats count",
            action="pull",
            rule="stale_user",
        ),
    ] = None
    feed_lag_widen_ms: Annotated[
        Millis | None,
        Limit(
            "lag of an instrument's book, mild",
            "ms",
            measured="arrival less the venue's time stamp, beyond the smallest such "
            "difference of the last 5 to 10 minutes",
            action="widen",
        ),
    ] = None
    feed_lag_max_ms: Annotated[
        Millis,
        Limit(
            "lag of an instrument's book",
            "ms",
            measured="as the mild one; goes on at half the limit",
            action="pull",
        ),
    ] = 2_000
    stall_max_ms: Annotated[
        Millis,
        Limit(
            "standstill of the engine itself",
            "ms",
            measured="how late its own timer, due every 250 ms, was called; goes on "
            "instrument by instrument with the first data after it",
            action="pull",
        ),
    ] = 2_000
    currency: Annotated[
        dict[
            Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,12}$")], CurrencyRisk
        ],
        Field(max_length=CURRENCIES_MAX),
        Key("limits of one settlement currency"),
    ] = {}


class Budget(Section):
    """``[budget.X]``: what bounds the instruments of one strategy, or of one desk.

    Their quotes name it: ``quote[].budget = "X"``. It bounds besides what bounds the
    account.
    """

    exposure_max_usd: Annotated[
        Money | None, Limit("worst-case exposure", "USD", measured=_EXPOSURE)
    ] = None
    delta_max_usd: Annotated[
        Money | None,
        Limit(
            "worst-case delta of each base currency, netted over the instruments",
            "USD",
            measured="positions plus everything open, in flight and unknown, all buys "
            "or all sells filled, each instrument at its mark; an option counts as a "
            "whole coin. What one leg can leave open while the other is not filled",
        ),
    ] = None
    loss_session_usd: Annotated[
        Money | None,
        Limit(
            "loss of its instruments in this run",
            "USD",
            measured="sum of their attribution, fees and funding included, each "
            "currency at its present index, from the first reading of this run",
            action="on_loss",
            rearm=OPERATOR,
            rule="loss_session",
        ),
    ] = None
    loss_day_usd: Annotated[
        Money | None,
        Limit(
            "loss of its instruments in the day",
            "USD",
            measured="the same, from 08:00 UTC; restarts do not reset",
            action="on_loss",
            rearm=OPERATOR,
            rule="loss_day",
        ),
    ] = None
    on_loss: Annotated[
        Literal["pull", "flatten"],
        Key("the step of the kill ladder its loss limits take, for its instruments"),
    ] = "pull"
    requests_per_s_max: RequestsPerSecond = None
    credit_share_pct: Annotated[
        float | None,
        Field(gt=0, le=100, allow_inf_nan=False),
        Limit(
            "share of the account's matching-engine credits",
            "%",
            measured="of each pool's rate, and of the burst orders may use; cancels "
            "count and always go. Once one budget has a share, all that have none "
            "have the rest, together",
        ),
    ] = None


class Limits(Section):
    """``[quote.limits]``: what bounds one instrument; four keys have no default."""

    position_max: Annotated[
        Money,
        Limit(
            "largest position either way, open and unknown orders counted in full",
            "amount units",
            measured="position plus everything open, in flight and unknown, one side",
        ),
    ]
    order_max: Annotated[
        Money,
        Limit(
            "largest single order; not above position_max",
            "amount units",
            measured="open size",
        ),
    ]
    collar_bps: Annotated[
        float,
        Field(gt=0, le=10_000, allow_inf_nan=False),
        Limit(
            "farthest distance of a quote from the mark price",
            "bps",
            measured="from the mark, else the middle of the book",
        ),
    ]
    stale_ms: Annotated[
        int,
        Field(ge=10, le=60_000),
        Limit(
            "no quote when the last word about the instrument is older",
            "ms",
            measured="since the last frame of book or ticker",
            action="pull",
        ),
    ]
    collar_index_bps: Annotated[
        float | None,
        Field(gt=0, le=10_000, allow_inf_nan=False),
        Limit(
            "farthest distance of a quote from the index; for futures and spot",
            "bps",
            measured="from the index price of the ticker; no quote without it",
        ),
    ] = None
    collar_fair_bps: Annotated[
        float | None,
        Field(gt=0, le=10_000, allow_inf_nan=False),
        Limit(
            "how far past our own fair value a quote may reach",
            "bps",
            measured="from the micro-price, towards the other side",
        ),
    ] = None
    stale_book_ms: Annotated[
        Millis | None,
        Limit(
            "silence of the book channel",
            "ms",
            measured="since its last frame",
            action="pull",
        ),
    ] = None
    stale_mark_ms: Annotated[
        Millis | None,
        Limit(
            "silence of the ticker, which brings the mark",
            "ms",
            measured="since its last frame",
            action="pull",
        ),
    ] = None
    stale_index_ms: Annotated[
        Millis | None,
        Limit(
            "standstill of the index price",
            "ms",
            measured="since it last changed",
            action="pull",
        ),
    ] = None
    rejects_max: Annotated[
        int,
        Field(ge=1, le=10_000),
        Limit(
            "order requests refused in a row; goes on after 60 s",
            "requests",
            measured="of this instrument, since the last one accepted",
            action="pull",
            rule="rejects",
            rest_s=60.0,
        ),
    ] = 10
    post_only_rejects_max: Annotated[
        int,
        Field(ge=1, le=10_000),
        Limit(
            "post-only refusals in a row: our book is old, and is subscribed anew",
            "requests",
            measured="of this instrument, since the last one accepted",
            action="pull",
        ),
    ] = 5
    loss_max: Annotated[
        Money | None,
        Limit(
            "stop-loss: the position is closed",
            "settlement currency",
            measured="result of the instrument, fees and funding included, since the "
            "state folder is new; restarts do not reset",
            action="flatten",
            rearm=OPERATOR,
            rule="loss_max",
        ),
    ] = None
    widen_ticks: Annotated[
        float,
        Field(ge=0, le=1_000_000, allow_inf_nan=False),
        Key("under `widen`, quotes stand at least this much farther out", "ticks"),
    ] = 0.0
    widen_factor: Annotated[
        float,
        Field(ge=1, le=1_000, allow_inf_nan=False),
        Key("under `widen`, quotes stand this many times as far out", "factor"),
    ] = 2.0
    unwind_bps: Annotated[
        float,
        Field(ge=0, le=10_000, allow_inf_nan=False),
        Key("under `flatten`, an order reaches this far past the touch", "bps"),
    ] = 10.0

    @model_validator(mode="after")
    def _order_fits_position(self) -> Self:
        if self.order_max > self.position_max:
            raise refusal(
                f"at most position_max, which is {self.position_max:g}",
                at=("order_max",),
                value=self.order_max,
            )
        return self


class Obligation(Section):
    """``[quote.obligation]``: what was promised to be shown, counted and reported.

    It bounds nothing: what the engine quotes is the strategy's.
    """

    spread_max_bps: Annotated[
        float,
        Field(gt=0, le=10_000, allow_inf_nan=False),
        Key("the two sides are at most this far apart, of their middle", "bps"),
    ]
    size_min: Annotated[
        Money, Key("each side shows at least this much within it", "amount units")
    ]
    uptime_min_pct: Annotated[
        float,
        Field(ge=0, le=100, allow_inf_nan=False),
        Key("for this share of the time since quoting was first allowed", "%"),
    ]


def limits_of(model: type[BaseModel]) -> Iterator[tuple[str, Limit]]:
    """Yield the rows of one section, by key, in the order of the file."""
    for name, field in model.model_fields.items():
        for item in field.metadata:
            if isinstance(item, Limit):
                yield name, item


TABLE: dict[str, type[Section]] = {
    "[risk]": Risk,
    "[risk.currency.X]": CurrencyRisk,
    "[budget.X]": Budget,
    "[quote.limits]": Limits,
}
"""The whole table: each section with its rows."""
