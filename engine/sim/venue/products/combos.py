"""Combos: which combinations of legs have a book, and what it is called.

A combo is known by its shape: how many of which option at which strike, counted from
the lowest, and which expiry. What is asked for the other way round is the same combo,
traded from the other side. Amounts only matter by their ratio.

    future spread   BTC-FS-25DEC26_PERP            the far leg bought, the near one sold
    option combo    BTC-CS-25DEC26-70000_75000     code, expiry, strikes
                    BTC-CCAL-25DEC26_25SEP26-55000 expiries far first

Names show expiries and strikes in the order in which ``SHAPES`` mentions them. A combo
expires with the first of its legs. An option combo has the finest tick of its legs, a
spread that of the perpetual, and neither has steps.
Source: public/get_combos and get_instruments of 2026-05-19 (FS, CS, STRG, STRD, BOX,
their legs, ticks and names); docs.deribit.com, private/create_combo, 2026-08-22 (REV);
names of others as seen in public data of 2025 and 2026 (ratio and put spreads show the
strike they buy first), the direction of RR from a third party's table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import gcd

from engine.sim.venue.config import ContractConfig

LEGS_MAX = 4
NEAR, FAR = 0, 1
Part = tuple[int, str, int, int]  # ratio, option type, rank of strike, of expiry
Priced = tuple[ContractConfig, int]  # a leg and its signed amount or ratio


def _shape(text: str) -> tuple[Part, ...]:
    """Return the parts of a shape: ``2C0`` buys two of the lowest call, ``'`` = far."""
    parts = []
    for word in text.split():
        far = word.endswith("'")
        ratio, _, strike = word.removesuffix("'").partition("C" if "C" in word else "P")
        option_type = "call" if "C" in word else "put"
        parts.append((int(ratio), option_type, int(strike), FAR if far else NEAR))
    return tuple(parts)


SHAPES: tuple[tuple[str, tuple[Part, ...]], ...] = tuple(
    (code, _shape(text))
    for code, text in (
        ("CS", "+1C0 -1C1"),
        ("PS", "+1P1 -1P0"),
        ("STRD", "+1C0 +1P0"),
        ("STRG", "+1P0 +1C1"),
        ("GUTS", "+1C0 +1P1"),
        ("RR", "+1P0 -1C1"),
        ("RRITM", "+1P1 -1C0"),
        ("REV", "+1C0 -1P0"),
        ("BOX", "+1C0 -1P0 -1C1 +1P1"),
        ("CSR12", "+1C0 -2C1"),
        ("CSR13", "+1C0 -3C1"),
        ("CSR23", "+2C0 -3C1"),
        ("PSR12", "+1P1 -2P0"),
        ("PSR13", "+1P1 -3P0"),
        ("PSR23", "+2P1 -3P0"),
        ("CBUT", "+1C0 -2C1 +1C2"),
        ("PBUT", "+1P0 -2P1 +1P2"),
        ("CBUT111", "+1C0 -1C1 +1C2"),
        ("PBUT111", "+1P0 -1P1 +1P2"),
        ("CLAD", "+1C0 -1C1 -1C2"),
        ("PLAD", "+1P2 -1P1 -1P0"),
        ("CCOND", "+1C0 -1C1 -1C2 +1C3"),
        ("PCOND", "+1P0 -1P1 -1P2 +1P3"),
        ("IBUT", "+1P0 -1P1 -1C1 +1C2"),
        ("ICOND", "+1P0 -1P1 -1C2 +1C3"),
        ("CCAL", "+1C0' -1C0"),
        ("PCAL", "+1P0' -1P0"),
        ("CDIAG", "+1C0' -1C1"),
        ("CDIAG", "+1C1' -1C0"),
        ("PDIAG", "+1P0' -1P1"),
        ("PDIAG", "+1P1' -1P0"),
        ("STDC", "+1C0' +1P0' -1C0 -1P0"),
        ("DSTDC", "+1C0' +1P0' -1C1 -1P1"),
        ("DSTDC", "+1C1' +1P1' -1C0 -1P0"),
        ("JR", "+1C0' -1P0' -1C0 +1P0"),
    )
)
BY_PARTS = {frozenset(parts): (code, parts) for code, parts in SHAPES}


@dataclass(frozen=True, slots=True)
class Combo:
    """A combination that has a book: its name and its legs with signed ratios."""

    name: str
    legs: tuple[Priced, ...]

    def contract(
        self, number: int, created_ms: int, tick: Decimal | None = None
    ) -> ContractConfig:
        """Return the contract. Empty: tick None = the finest of its legs."""
        legs = [leg for leg, _ in self.legs]
        dated = [leg for leg in legs if leg.settlement_period != "perpetual"]
        first = min(dated, key=lambda leg: leg.expiration_timestamp)
        is_option = first.kind == "option"
        return replace(
            first,
            instrument_name=self.name,
            instrument_id=number,
            kind="option_combo" if is_option else "future_combo",
            creation_timestamp=created_ms,
            option_type="",
            strike=None,
            legs=tuple((leg.instrument_name, ratio) for leg, ratio in self.legs),
            tick_size=tick or min(leg.tick_size for leg in legs),
            tick_steps=(),
            contract_size=max(leg.contract_size for leg in legs),
            min_trade_amount=max(leg.min_trade_amount for leg in legs),
            maker_commission=Decimal(0),
            taker_commission=Decimal(0),
        )


def ratios(amounts: Sequence[int]) -> tuple[list[int], int]:
    """Return signed whole amounts as ratios without a common factor, and the factor."""
    common = gcd(*amounts)
    return [amount // common for amount in amounts], common


def combo_of(legs: Sequence[Priced]) -> Combo | None:
    """Return the combo of legs with signed ratios, whichever way round they are.

    Empty: None when the venue has no such combo.
    """
    names = {leg.instrument_name for leg, _ in legs}
    if not 2 <= len(legs) <= LEGS_MAX or len(names) != len(legs):
        return None
    families = {leg.instrument_name.partition("-")[0] for leg, _ in legs}
    kinds = {leg.kind for leg, _ in legs}
    if len(families) != 1:
        return None
    if kinds == {"future"}:
        return _spread(legs)
    return _option_combo(legs) if kinds == {"option"} else None


def spread_of(near: ContractConfig, far: ContractConfig) -> Combo:
    """Return the spread of two futures; a perpetual is always the near one."""
    family, _, far_date = far.instrument_name.partition("-")
    near_date = near.instrument_name.partition("-")[2]
    if near.settlement_period == "perpetual":
        near_date = "PERP"
    return Combo(f"{family}-FS-{far_date}_{near_date}", ((near, -1), (far, 1)))


def _spread(legs: Sequence[Priced]) -> Combo | None:
    if sorted(ratio for _, ratio in legs) != [-1, 1]:
        return None
    first, second = (leg for leg, _ in legs)
    if second.settlement_period == "perpetual" or (
        first.settlement_period != "perpetual"
        and second.expiration_timestamp < first.expiration_timestamp
    ):
        first, second = second, first
    return spread_of(first, second)


def _option_combo(legs: Sequence[Priced]) -> Combo | None:
    expiries = sorted({leg.expiration_timestamp for leg, _ in legs})
    strikes = sorted({leg.strike for leg, _ in legs if leg.strike is not None})
    found: dict[Part, ContractConfig] = {}
    for leg, ratio in legs:
        assert leg.strike is not None, "an option has a strike"
        expiry = expiries.index(leg.expiration_timestamp)
        part = (ratio, leg.option_type, strikes.index(leg.strike), expiry)
        found[part] = leg
    if frozenset(found) not in BY_PARTS:
        found = {(-ratio, *rest): leg for (ratio, *rest), leg in found.items()}  # type: ignore[misc]
    if len(expiries) > FAR + 1 or frozenset(found) not in BY_PARTS:
        return None
    code, parts = BY_PARTS[frozenset(found)]
    ordered = tuple((found[part], part[0]) for part in parts)
    names = [leg.instrument_name.split("-") for leg, _ in ordered]
    dates = dict.fromkeys(name[1] for name in names)
    shown = dict.fromkeys(name[2] for name in names)
    tail = f"{'_'.join(dates)}-{'_'.join(shown)}"
    return Combo(f"{names[0][0]}-{code}-{tail}", ordered)
