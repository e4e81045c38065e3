"""Matching: an order meets the book, and everybody who is concerned learns of it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from engine.sim.venue.accounts import booking, claims, combos
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.markets.trades import Trade
from engine.sim.venue.markets.watch import LAST
from engine.sim.venue.trading import linked, triggers

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.products.instruments import Instrument

FIRST_TRADE_ID = 400_000_000
FIRST_MATCH_ID = 225_000_000_000_000_000


class Matcher:
    """What one fill changes: the book, two orders, two accounts, the tape."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._trade_numbers: dict[str, int] = {}

    def match(self, order: Order) -> None:
        """Trade an order that is not in the book, then do what follows from it.

        Icebergs it has met show new tips, market-maker protection acts.
        """
        self._sweep(order)
        self._exchange.markets[order.instrument.name].book.refresh()
        self._exchange.mmp.act()

    def _sweep(self, order: Order) -> None:
        """Trade an order against the other side.

        An own order in the way is cancelled (mode cancel_maker) or ends the taker.
        Cost: O(log levels) per fill.
        """
        market = self._exchange.markets[order.instrument.name]
        while order.open_lots:
            maker = market.book.first_facing(order.side, order.price_ticks)
            if maker is None:
                return
            overlap = order.account.overlap(maker.account)
            if overlap:
                if order.account.self_trade_mode == "reject_taker":
                    self._exchange.close(order, "cancelled", overlap)
                    return
                self._exchange.cancel(maker, overlap)
                continue
            self._fill(market, order, maker)

    def _fill(self, market: Market, taker: Order, maker: Order) -> None:
        exchange, hidden = self._exchange, not maker.shown_lots
        offered = maker.open_lots if hidden else maker.shown_lots
        lots = min(taker.open_lots, offered)
        trade = self._trade(market, taker, maker, lots)
        market.book.fill(maker, lots)
        taker.filled_lots += lots
        exchange.count_open(maker, -lots)
        value = market.instrument.value(lots, maker.price_ticks)
        for order in (maker, taker):
            order.value_filled += value
            order.updated_ms = exchange.now_ms
            exchange.note_order(order)
        if not maker.open_lots:
            exchange.forget_open(maker)
            exchange.close(maker, "filled")
        if not taker.open_lots:
            exchange.close(taker, "filled")
        trade.maker_state, trade.taker_state = maker.state, taker.state
        exchange.turn.trades.append(trade)
        if market.instrument.is_combo:
            turnover = self._book_legs(market, trade, hidden)
        else:
            self._book(trade, value, hidden)
            turnover = value
        market.record(trade, turnover)
        if market.watches:
            price_ref = market.instrument.ref(trade.price_ticks)
            triggers.look(exchange, market.watches, LAST, price_ref)
        maker.account.usage.made(market, lots, maker.price_ticks)
        exchange.note_market(market)
        for order in (maker, taker):
            if market.instrument.is_combo and not order.account.internal:
                order.account.trades.append(trade)
            exchange.mmp.traded(order, lots, maker.price_ticks)
            if order.link is not None:
                linked.filled(exchange, order)
            self._trim_reduce_only(order.account, order.instrument)

    def _trade(self, market: Market, taker: Order, maker: Order, lots: int) -> Trade:
        instrument = market.instrument
        market.trade_seq += 1
        number = self._trade_numbers.get(instrument.currency, FIRST_TRADE_ID) + 1
        self._trade_numbers[instrument.currency] = number
        return Trade(
            instrument=instrument,
            trade_seq=market.trade_seq,
            trade_id=f"{instrument.prefix}{number}",
            number=number,
            match_id=FIRST_MATCH_ID + self._exchange.next_number(),
            time_ms=self._exchange.now_ms,
            time_ns=self._exchange.stamp_ns,
            price_ticks=maker.price_ticks,
            lots=lots,
            tick_direction=market.tick_direction(maker.price_ticks),
            index_ref=market.index.ref,
            mark_ref=market.mark_ref,
            taker=taker,
            maker=maker,
        )

    def _book(self, trade: Trade, value: int, hidden: bool) -> None:
        """Book both sides of a trade, with the instrument's fees."""
        instrument = trade.instrument
        index_ref = trade.index_ref
        trade.maker_fee = instrument.fee(trade.lots, value, index_ref, not hidden)
        trade.taker_fee = instrument.fee(trade.lots, value, index_ref, False)
        self._book_sides(trade, value, hidden)

    def _book_sides(self, trade: Trade, value: int, hidden: bool) -> None:
        """Book both sides of a trade whose fees are known.

        What an iceberg hides is no maker: it pays as a taker.
        """
        exchange = self._exchange
        market = exchange.markets[trade.instrument.name]
        if market.funding is not None:
            market.funding.accrue(exchange.now_ns)
        maker, taker, lots = trade.maker, trade.taker, trade.lots
        trade.maker_profit = booking.book(
            maker.account, market, maker.side, lots, value
        )
        trade.taker_profit = booking.book(
            taker.account, market, taker.side, lots, value
        )
        for order, fee in ((maker, trade.maker_fee), (taker, trade.taker_fee)):
            account = order.account
            account.pay(trade.instrument.currency, fee)
            if trade.instrument.name in account.positions:
                position = account.positions[trade.instrument.name]
                exchange.note_position(account, position)
            for currency in trade.instrument.currencies:
                exchange.note_account(account, currency)
            if not account.internal:
                account.trades.append(trade)
        maker.account.ledger.traded(trade, value, True, not hidden)
        taker.account.ledger.traded(trade, value, False, False)

    # Legs.

    def _book_legs(self, combo: Market, whole: Trade, hidden: bool) -> int:
        """Trade the legs of a combo: they, not the combo, change positions.

        Returns: the combo's turnover, that of its dearest leg.
        """
        trades, values = whole.legs, []
        price = combo.instrument.exact_price(whole.price_ticks)
        prices = combos.leg_prices(combo.legs, price)
        for (leg, ratio), price in zip(combo.legs, prices, strict=True):
            lots = whole.lots * claims.leg_lots(combo, leg, abs(ratio))
            taker = self._leg_order(whole.taker, leg, ratio, lots, price)
            maker = self._leg_order(whole.maker, leg, ratio, lots, price)
            trade = self._trade(leg, taker, maker, lots)
            trade.combo_id, trade.combo_trade_id = combo.instrument.name, whole.trade_id
            trade.exact_price = price
            trade.maker_state, trade.taker_state = whole.maker_state, whole.taker_state
            trades.append(trade)
            values.append(leg.instrument.value_at(lots, price))
        maker_fees = combos.fees(
            combo, whole.maker.side, whole.lots, prices, not hidden
        )
        taker_fees = combos.fees(combo, whole.taker.side, whole.lots, prices, False)
        for n, (leg, _) in enumerate(combo.legs):
            trade, value = trades[n], values[n]
            trade.maker_fee, trade.taker_fee = maker_fees[n], taker_fees[n]
            self._book_sides(trade, value, hidden)
            leg.record_leg(trade, value)
            self._exchange.note_market(leg)
            self._exchange.turn.trades.append(trade)
            for order in (trade.maker, trade.taker):
                self._trim_reduce_only(order.account, leg.instrument)
        return max(values)

    def _leg_order(
        self, order: Order, leg: Market, ratio: int, lots: int, price: Fraction
    ) -> Order:
        """Return the order that stands for a combo's in one of its legs."""
        part = order.legs.get(leg.instrument.name)
        if part is None:
            side = order.side if ratio > 0 else -order.side
            part = Order(order.account, leg.instrument, side, 0, 0)
            self._exchange.name(part)
            part.combo_order, part.label, part.api = order, order.label, False
            order.legs[leg.instrument.name] = part
        part.price_ticks = combos.nearest_ticks(leg, price)
        part.amount_lots += lots
        part.filled_lots += lots
        part.state, part.updated_ms = order.state, self._exchange.now_ms
        return part

    def _trim_reduce_only(self, account: Account, instrument: Instrument) -> None:
        """Keep resting reduce-only orders within the position they reduce."""
        if not account.reduce_only_orders:
            return
        for order in list(account.reduce_only_orders.values()):
            if order.instrument is not instrument:
                continue
            held = account.positions.get(instrument.name)
            allowed = max(-order.side * held.size, 0) if held is not None else 0
            if allowed == 0:
                self._exchange.cancel(order, "")
            elif order.open_lots > allowed:
                self._exchange.shrink(order, order.filled_lots + allowed)
