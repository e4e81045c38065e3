"""Matching: an order meets the book, and everybody who is concerned learns of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sim.venue.accounts import booking
from engine.sim.venue.markets.trades import Trade
from engine.sim.venue.markets.watch import LAST
from engine.sim.venue.trading import linked, triggers

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.markets.matching import Order
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
            if maker.account is order.account:
                if order.account.self_trade_mode == "reject_taker":
                    self._exchange.close(order, "cancelled", "order_overlap")
                    return
                self._exchange.cancel(maker, "order_overlap")
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
        trade.maker_fee, trade.maker_profit = self._book(maker, lots, value, not hidden)
        trade.taker_fee, trade.taker_profit = self._book(taker, lots, value, False)
        maker.account.ledger.traded(trade, True, not hidden)
        taker.account.ledger.traded(trade, False, False)
        market.record(trade, value)
        if market.watches:
            price_ref = market.instrument.ref(trade.price_ticks)
            triggers.look(exchange, market.watches, LAST, price_ref)
        maker.account.usage.made(market, lots, maker.price_ticks)
        exchange.note_market(market)
        exchange.turn.trades.append(trade)
        for order in (maker, taker):
            if not order.account.internal:
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

    def _book(
        self, order: Order, lots: int, value: int, maker: bool
    ) -> tuple[int, int]:
        """Book one side of a fill; return its fee and realized profit, in atto.

        What an iceberg hides is no maker: it pays as a taker.
        """
        account, instrument = order.account, order.instrument
        market = self._exchange.markets[instrument.name]
        if market.funding is not None:
            market.funding.accrue(self._exchange.now_ns)
        profit = booking.book(account, market, order.side, lots, value)
        fee = instrument.fee(lots, value, market.index.ref, maker)
        account.pay(instrument.currency, fee)
        if instrument.name in account.positions:
            self._exchange.note_position(account, account.positions[instrument.name])
        for currency in instrument.currencies:
            self._exchange.note_account(account, currency)
        return fee, profit

    def _trim_reduce_only(self, account: Account, instrument: Instrument) -> None:
        """Keep resting reduce-only orders within the position they reduce."""
        if not account.reduce_only_orders:
            return
        for order in list(account.reduce_only_orders.values()):
            if order.instrument is not instrument:
                continue
            allowed = max(-order.side * account.positions[instrument.name].size, 0)
            if allowed == 0:
                self._exchange.cancel(order, "")
            elif order.open_lots > allowed:
                self._exchange.shrink(order, order.filled_lots + allowed)
