"""Instrument facts for recorded frames: from a recorded answer, or from the numbers.

The core needs a tick and a lot before it can hold a book. Rows of ``get_instruments``
or ``get_instrument`` give them; where there is no row, or the row does not fit what the
frames say (a tick that changed since), they are inferred. The lot is a power of ten
that every size is a multiple of: it may be finer than the venue's (1 for 10), never too
coarse. So is the tick of a few prices; of ``PRICES_ENOUGH`` and more it is their
greatest common divisor, which is the venue's own unless all of them lie on a coarser
grid by chance.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.errors import NO_VALUE, ConfigError
from engine.recording import Frame, Recording

DECIMALS_MAX = 10
"""Finer numbers are no venue's tick; they are left to the decoder to refuse."""
DIGITS_MAX = 14
"""Digits of ticks or lots the core can count to: 10**14 < 2**48."""
PERPETUAL_EXPIRY_MS = 32_503_708_800_000
"""What the venue gives as the expiry of a perpetual.

Source: docs.deribit.com, public/get_instruments, seen 2026-08-22.
"""
PRICES_ENOUGH = 200
"""That none of so many is an odd number of ticks is unlikely."""
OPTION_ENDINGS = ("-C", "-P")
TICKER_PRICES = ("best_bid_price", "best_ask_price")
TICKER_HINTS = ("min_price", "max_price", "last_price")
TICKER_AMOUNTS = ("best_bid_amount", "best_ask_amount")

Row = Mapping[str, Any]


@dataclass(slots=True)
class Numbers:
    """What the prices, or the amounts, of one instrument look like.

    Units: divisor in 1e-10; it is the greatest common one of all numbers.
    """

    shapes: Counter[tuple[int, int]] = field(default_factory=Counter)
    divisor: int = 0

    def add(self, value: object) -> None:
        """Look at one number of a frame; anything else is not looked at."""
        if not isinstance(value, int | Decimal) or isinstance(value, bool) or not value:
            return
        number = abs(Decimal(value))
        if (
            not number.is_finite()
            or not -DECIMALS_MAX <= number.adjusted() < DIGITS_MAX
        ):
            return
        scaled = number.scaleb(DECIMALS_MAX)
        if scaled != scaled.to_integral_value():
            return
        decimals = max(0, -int(number.normalize().as_tuple().exponent))
        self.shapes[decimals, max(1, number.adjusted() + 1)] += 1
        self.divisor = math.gcd(self.divisor, int(scaled))

    def step(self) -> Decimal:
        """Return the power of ten, 1 at most, most of the numbers can be counted in.

        A stray number with absurd digits must not make the step so fine that the
        others overflow: the step that holds the most numbers wins, the coarser on a
        tie. Without strays that is the finest.
        """

        def held(decimals: int) -> int:
            return sum(
                n
                for (need, digits), n in self.shapes.items()
                if need <= decimals and digits + decimals <= DIGITS_MAX
            )

        return Decimal(1).scaleb(-max(range(DECIMALS_MAX + 1), key=held))

    def grid(self) -> Decimal:
        """Return what the numbers are multiples of, where there are enough of them.

        A stray spoils the divisor: it is no multiple of the step then, and left alone.
        """
        step = self.step()
        finest = int(step.scaleb(DECIMALS_MAX))
        if self.shapes.total() < PRICES_ENOUGH or self.divisor % finest:
            return step
        return Decimal(self.divisor).scaleb(-DECIMALS_MAX).normalize()

    def fits(self, step: Decimal) -> bool:
        """Return whether every number seen is a multiple of ``step``."""
        scaled = step.scaleb(DECIMALS_MAX)
        return scaled == int(scaled) and self.divisor % int(scaled) == 0


@dataclass(slots=True)
class Seen:
    """One instrument as the frames show it."""

    prices: Numbers = field(default_factory=Numbers)
    amounts: Numbers = field(default_factory=Numbers)
    hints: Numbers = field(default_factory=Numbers)
    """Price limits and last trade: off the tick at times, used where no price is."""
    has_greeks: bool = False


@dataclass(slots=True)
class Facts:
    """Rows for every instrument the frames name, and where each came from."""

    rows: dict[str, Row] = field(default_factory=dict)
    inferred: dict[str, Row] = field(default_factory=dict)
    """What the frames alone say, for a row that turns out not to be usable."""
    sources: dict[str, str] = field(default_factory=dict)
    """Instrument -> "given", "recorded" or "inferred"."""
    messages: list[str] = field(default_factory=list)


def gather(frames: Iterable[Frame], given: Mapping[str, Row] | None = None) -> Facts:
    """Return the facts of all instruments in the book and ticker frames.

    Args:
        frames: a whole recording.
        given: rows by name that go before rows found in the recording.
    """
    seen: dict[str, Seen] = {}
    recorded: dict[str, Row] = {}
    for frame in frames:
        if frame.direction not in ("recv", "http"):
            continue
        if b'"tick_size"' in frame.payload:
            recorded.update(rows_in(parse(frame.payload)))
        elif b'"book.' in frame.payload or b'"ticker.' in frame.payload:
            look(parse(frame.payload), seen)
    facts = Facts()
    for name, what in seen.items():
        facts.inferred[name] = infer(name, what)
        facts.rows[name], facts.sources[name] = facts.inferred[name], "inferred"
        problems = [] if given is None or name in given else ["no row was given"]
        for rows, source in ((given or {}, "given"), (recorded, "recorded")):
            if name in rows:
                problem = misfit(rows[name], what)
                if not problem:
                    facts.rows[name] = complete(name, rows[name])
                    facts.sources[name] = source
                    break
                problems.append(problem)
        if problems:
            facts.messages.append(
                f"{name}: {', '.join(problems)}: facts are {facts.sources[name]}"
            )
    return facts


def load_instruments(path: Path) -> dict[str, Row]:
    """Return the rows of a recorded get_instruments answer, by instrument name.

    Raises:
        ConfigError: the file cannot be read, or holds no instrument row.
    """
    recording = Recording(path)
    rows: dict[str, Row] = {}
    for frame in recording:
        rows.update(rows_in(parse(frame.payload)))
    if not rows:
        raise ConfigError(
            path, "file", NO_VALUE, "holds no instrument row of get_instruments"
        )
    return rows


def parse(payload: bytes) -> Any:
    """Return the JSON value of a payload with exact numbers; None when it is none."""
    try:
        return json.loads(payload, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return None


def rows_in(value: Any) -> Iterator[tuple[str, Row]]:
    """Yield the instrument rows of an answer, of a list, or of one bare row."""
    result = value.get("result", value) if isinstance(value, dict) else value
    for row in result if isinstance(result, list) else [result]:
        if isinstance(row, dict) and {"instrument_name", "tick_size"} <= row.keys():
            yield str(row["instrument_name"]), row


def look(value: Any, seen: dict[str, Seen]) -> None:
    """Take the numbers of one book or ticker frame."""
    params = value.get("params") if isinstance(value, dict) else None
    if not isinstance(params, dict) or not isinstance(params.get("channel"), str):
        return
    channel, data = params["channel"], params.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("instrument_name"), str):
        return
    if channel.startswith("book.") and channel.count(".") == 2:
        what = seen.setdefault(data["instrument_name"], Seen())
        for side in ("bids", "asks"):
            levels = data.get(side)
            for level in levels if isinstance(levels, list) else ():
                if isinstance(level, list) and len(level) == 3:
                    what.prices.add(level[1])
                    what.amounts.add(level[2])
    elif channel.startswith("ticker."):
        what = seen.setdefault(data["instrument_name"], Seen())
        what.has_greeks = what.has_greeks or "greeks" in data
        for key in TICKER_PRICES:
            what.prices.add(data.get(key))
        for key in TICKER_AMOUNTS:
            what.amounts.add(data.get(key))
        for key in TICKER_HINTS:
            what.hints.add(data.get(key))


def misfit(row: Row, what: Seen) -> str:
    """Return why a row does not describe these numbers; "" when it does."""
    try:
        tick = Decimal(str(row["tick_size"]))
        contract = Decimal(str(row.get("contract_size", 1)))
        lot = min(contract, Decimal(str(row.get("min_trade_amount", contract))))
        if not what.prices.fits(tick):
            return f"a price is no multiple of the row's tick {tick}"
        if not what.amounts.fits(lot):
            return f"an amount is no multiple of the row's lot {lot}"
    except (ArithmeticError, ValueError) as error:
        return f"its row is not usable ({error})"
    return ""


def guess_kind(name: str, has_greeks: bool) -> str:
    """Return what an instrument without a row most likely is."""
    is_option = name.endswith(OPTION_ENDINGS) or has_greeks
    return "option" if is_option else "future"


def complete(name: str, row: Row) -> dict[str, Any]:
    """Return a row with the fields that older answers lack."""
    filled = {
        "kind": guess_kind(name, False),
        "instrument_type": row.get("future_type")
        or ("linear" if "_" in name else "reversed"),
        "contract_size": Decimal(1),
        "maker_commission": 0,
        "taker_commission": 0,
        "expiration_timestamp": PERPETUAL_EXPIRY_MS,
        "tick_size_steps": [],
        **{key: value for key, value in row.items() if value is not None},
    }
    return {"min_trade_amount": filled["contract_size"], **filled}


def infer(name: str, what: Seen) -> dict[str, Any]:
    """Return a row made from the frames alone; fees are unknown and so 0."""
    lot = what.amounts.step()
    return complete(
        name,
        {
            "instrument_name": name,
            "kind": guess_kind(name, what.has_greeks),
            "tick_size": (
                what.prices.grid() if what.prices.shapes else what.hints.step()
            ),
            "contract_size": lot,
            "min_trade_amount": lot,
        },
    )
