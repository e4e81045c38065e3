"""What a market knows beside its queues: mark, band, tape, statistics."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from engine.sim.venue.accounts.delivery import Delivery
from engine.sim.venue.markets.candles import Candles
from engine.sim.venue.markets.marks import (
    ComboMark,
    FutureMark,
    Mark,
    OptionMark,
    SpotMark,
)
from engine.sim.venue.markets.matching import Book
from engine.sim.venue.units import REF

if TYPE_CHECKING:
    from engine.sim.venue.accounts.funding import Funding
    from engine.sim.venue.config import VenueConfig
    from engine.sim.venue.markets.smiles import Smiles
    from engine.sim.venue.markets.trades import Trade
    from engine.sim.venue.markets.watch import Watch
    from engine.sim.venue.products.instruments import Instrument
    from engine.sim.venue.products.pricing import Mark as Theory
    from engine.sim.venue.products.surface import SurfaceState

TAPE_MAX = 10_000


class Index:
    """One price index; price in reference units (1e-8), published with ``decimals``.

    ``surface`` is the vol surface of the options written on it, ``delivery`` the
    average that what expires on it is paid at; ``watches``, by source, who waits for
    its price.
    """

    def __init__(
        self,
        name: str,
        ref: int,
        decimals: int,
        surface: SurfaceState,
        now_ms: int,
    ) -> None:
        self.name, self.ref, self.decimals = name, ref, decimals
        self.surface = surface
        self.updated_ms = 0
        self.locks = 0
        self.delivery = Delivery(decimals, now_ms)
        self.watches: dict[str, Watch] = {}

    @property
    def locked(self) -> bool:
        """Say whether instruments on the index are locked: cancels only."""
        return self.locks > 0


class Market:
    """The market of one instrument.

    ``underlying`` is the future an option is written on, ``theory`` its price and
    greeks as last marked; ``funding`` is a perpetual's. ``over`` is set when the
    contract has expired. ``watches`` has, by source, who waits for one of its prices.
    Empty: None for others.
    """

    def __init__(
        self,
        instrument: Instrument,
        index: Index,
        config: VenueConfig,
        smiles: Smiles,
        legs: tuple[tuple[Market, int], ...] = (),
    ) -> None:
        self.instrument, self.index, self.legs = instrument, index, legs
        self.theory: Theory | None = None
        self.underlying: Market | None = None
        self.funding: Funding | None = None
        if instrument.is_option:
            self.underlying = smiles.underlying(index.name, instrument.expiry_ms)
        self.book = Book()
        self.change_id = 0
        self.state = "open"
        self.state_ms = 0
        self.over = False
        self.trade_seq = 0
        self.tape: deque[Trade] = deque(maxlen=TAPE_MAX)
        self.candles = Candles()
        self.last_ticks: int | None = None
        self.watches: dict[str, Watch] = {}
        self._last_print: int | None = None
        self._last_move = 0
        self.open_interest_lots = 0
        self.mark_unit = int(REF // 10**instrument.mark_decimals)
        self._mark = self._rule(config, smiles)
        self.mark_ref = self.min_ticks = self.max_ticks = 0
        self.update_mark()
        self.settlement_ref = self.mark_ref

    def _rule(self, config: VenueConfig, smiles: Smiles) -> Mark:
        if self.instrument.is_option:
            return OptionMark(self, config, smiles)
        if self.instrument.is_spot:
            return SpotMark(self, config)
        if self.instrument.is_combo:
            return ComboMark(self, config)
        return FutureMark(self, config)

    # Mark and band.

    def start_above(self, basis_bps: int) -> None:
        """Start above the index by so much, before anybody has traded."""
        self._mark.start_above(basis_bps)
        self.update_mark()
        self.settlement_ref = self.mark_ref

    def update_mark(self) -> bool:
        """Derive mark and band from what moves them; say whether the mark moved."""
        before = self.mark_ref
        self.mark_ref = self._mark.ref()
        low, high = self._mark.band(self.mark_ref)
        self.min_ticks = self.instrument.ticks_below(low)
        self.max_ticks = self.instrument.ticks_above(high)
        return self.mark_ref != before

    def sample_mark(self) -> bool:
        """Take the once-a-second look at the book; say whether the mark moved."""
        self._mark.sample()
        return self.update_mark()

    def implied_vol(self, ticks: int) -> float:
        """Return the vol at which a living option is worth a price.

        Empty: 0 for everything else.
        """
        mark = self._mark
        if self.over or not isinstance(mark, OptionMark):
            return 0.0
        return mark.implied_vol(ticks)

    # Tape.

    def tick_direction(self, ticks: int) -> int:
        """Return 0 plus, 1 zero-plus, 2 minus, 3 zero-minus against the last print."""
        last = self._last_print
        if last is None or ticks > last:
            return 0
        if ticks < last:
            return 2
        return 1 if self._last_move >= 0 else 3

    def _print(self, trade: Trade) -> None:
        ticks, last = trade.price_ticks, self._last_print
        if last is not None and ticks != last:
            self._last_move = 1 if ticks > last else -1
        self._last_print = ticks
        if self.underlying is not None:
            trade.vol = self.implied_vol(ticks)
            trade.underlying_ref = self.underlying.mark_ref
        self.tape.append(trade)

    def record(self, trade: Trade, value: int) -> None:
        """Put a trade on the tape and into the candles. Units: value in atto."""
        self.last_ticks = trade.price_ticks
        self._print(trade)
        self.candles.add(trade.time_ms, self.last_ticks, trade.lots, value)

    def record_leg(self, trade: Trade, value: int) -> None:
        """Put the leg of a combo's trade on the tape; its price is off the book.

        Beside that only its volume counts. Units: value in atto.
        Source: captures of 2026-05-18 (tick directions go on over such prints).
        """
        self._print(trade)
        ticks = trade.price_ticks if self.last_ticks is None else self.last_ticks
        self.candles.add(trade.time_ms, ticks, trade.lots, value)
