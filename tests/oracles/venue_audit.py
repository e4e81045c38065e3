"""An audit of the simulated venue: everything counted again from orders and trades.

It looks at the venue's books, orders and cash, but adds them up in its own way: from
the tapes and delivery prices alone, in fractions, without the venue's positions,
counters and sums. ``check`` raises AssertionError with what does not add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

ATTO = 10**18
REF = 10**8
SATOSHI = Fraction(1, 10**8)  # what fees are rounded to
DAY_MS = 86_400_000
DELIVERY_FEE_MAX = Fraction(25, 100_000)
NEAR = 10**8  # atto, a hundredth of a satoshi: what a million roundings may come to


@dataclass
class Holding:
    """What trades made of an account's holding of one contract, since it had one."""

    instrument: Any
    lots: int = 0
    paid: Fraction = Fraction(0)


@dataclass
class Filled:
    """What trades filled of one order."""

    lots: int = 0
    value: Fraction = Fraction(0)


@dataclass
class Auditor:
    """Follows one venue from its first moment on."""

    venue: Any
    deposits: dict[tuple[str, str], int] = field(default_factory=dict)
    coins: dict[tuple[str, str], Fraction] = field(default_factory=dict)
    fees: dict[tuple[str, str], int] = field(default_factory=dict)
    holdings: dict[tuple[str, str], Holding] = field(default_factory=dict)
    filled: dict[int, Filled] = field(default_factory=dict)
    trades: int = 0

    def __post_init__(self) -> None:
        self._seqs = {n: m.trade_seq for n, m in self._exchange.markets.items()}
        self._numbers: dict[str, int] = {}
        for account in self._exchange.accounts.values():
            for currency, cash in account.cash.items():
                self.deposits[account.name, currency] = cash

    @property
    def _exchange(self) -> Any:
        return self.venue.exchange

    def paid_in(self, account: str, currency: str, amount: int) -> None:
        """Take note of money from outside, in atto."""
        key = (account, currency)
        self.deposits[key] = self.deposits.get(key, 0) + amount

    def check(self) -> None:
        """Check everything there is to check now."""
        self._read_tapes()
        self._check_books()
        self._check_orders()
        self._check_claims()
        self._check_positions()
        self._check_money()

    # The tape.

    def markets(self) -> dict[str, Any]:
        """Return every market there was."""
        return {**self._exchange.settlement.expired, **self._exchange.markets}

    def _read_tapes(self) -> None:
        for name, market in self.markets().items():
            last = self._seqs.setdefault(name, market.trade_seq - len(market.tape))
            new = [trade for trade in market.tape if trade.trade_seq > last]
            seqs = [trade.trade_seq for trade in new]
            assert seqs == list(range(last + 1, market.trade_seq + 1)), (name, seqs)
            self._seqs[name] = market.trade_seq
            for trade in new:
                self._book(name, market, trade)

    def _book(self, name: str, market: Any, trade: Any) -> None:
        self.trades += 1
        i = market.instrument
        assert trade.instrument is i, name
        assert trade.lots > 0, trade
        assert trade.maker.account is not trade.taker.account, "a self-trade"
        assert trade.maker.side == -trade.taker.side, trade
        amount = Fraction(trade.lots * i.lot_num, i.lot_den)
        price = Fraction(trade.price_ticks * i.tick_num, i.tick_den)
        if trade.exact_price is not None:
            assert trade.combo_id, "only a leg trades off the grid"
            price = trade.exact_price
        value = _worth(i, amount, price)
        for order, fee in (
            (trade.maker, trade.maker_fee),
            (trade.taker, trade.taker_fee),
        ):
            filled = self.filled.setdefault(order.number, Filled())
            filled.lots += trade.lots
            filled.value += value
            account = order.account.name
            self._add(self.fees, (account, i.currency), fee)
            if market.legs:
                assert fee == 0, "a combo costs what its legs cost"
            elif i.is_spot:
                self._move(account, i.base, order.side * amount)
                self._move(account, i.currency, -order.side * value)
            else:
                holding = self.holdings.setdefault((account, name), Holding(i))
                holding.lots += order.side * trade.lots
                holding.paid += order.side * value
        if market.legs:
            self._check_legs(market, trade, amount, price)

    def _check_legs(
        self, market: Any, trade: Any, amount: Fraction, price: Fraction
    ) -> None:
        """Check that a combo's trade is one trade of each leg, at the same price."""
        whole = Fraction(0)
        for (leg, ratio), part in zip(market.legs, trade.legs, strict=True):
            i = leg.instrument
            assert part.instrument is i
            assert any(one is part for one in reversed(leg.tape)), i.name
            assert Fraction(part.lots * i.lot_num, i.lot_den) == abs(ratio) * amount
            assert part.taker.side == trade.taker.side * (1 if ratio > 0 else -1)
            assert part.taker.account is trade.taker.account
            assert part.maker.account is trade.maker.account
            whole += ratio * part.exact_price
        assert whole == price, (market.instrument.name, float(whole), float(price))

    def _move(self, account: str, currency: str, amount: Fraction) -> None:
        key = (account, currency)
        self.coins[key] = self.coins.get(key, Fraction(0)) + amount

    @staticmethod
    def _add(table: dict[tuple[str, str], int], key: tuple[str, str], n: int) -> None:
        table[key] = table.get(key, 0) + n

    # Books and orders.

    def _check_books(self) -> None:
        for name, market in self._exchange.markets.items():
            bid, ask = market.book.best(1), market.book.best(-1)
            assert bid is None or ask is None or bid < ask, (name, bid, ask)
            for side in (1, -1):
                prices = []
                for price, lots in market.book.levels(side):
                    prices.append(price * side)
                    queue = market.book.queue(side, price)
                    assert queue, (name, price, "an empty level")
                    assert lots == sum(order.shown_lots for order in queue), name
                    assert market.instrument.on_grid(price), (name, price)
                    for order in queue:
                        self._check_resting(name, order, side, price)
                assert prices == sorted(set(prices), reverse=True), name

    def _check_resting(self, name: str, order: Any, side: int, price: int) -> None:
        assert order.state == "open", (name, order.state)
        assert not order.pending, (name, "a pending order rests")
        assert (order.side, order.price_ticks) == (side, price), name
        assert order.instrument.name == name
        assert 0 < order.shown_lots <= order.open_lots, name
        own = order.account.open_orders
        assert own.get(order.order_id) is order, (name, "rests, but is not open")

    def _check_orders(self) -> None:
        known = self._exchange.orders
        for order_id, order in known.items():
            assert order.order_id == order_id
            filled = self.filled.get(order.number, Filled())
            assert order.filled_lots == filled.lots, (order_id, order.state)
            assert abs(order.value_filled - filled.value * ATTO) < NEAR, order_id
            assert 0 <= order.filled_lots <= order.amount_lots, order_id
            if order.state == "untriggered":
                assert order.filled_lots == 0, order_id
            if order.state == "open" and not order.pending:
                assert order.open_lots > 0, (order_id, "open, with nothing left")
            if order.state == "filled":
                assert order.open_lots == 0, order_id
        for account in self._exchange.accounts.values():
            for order_id, order in account.open_orders.items():
                assert known.get(order_id) is order, order_id
                assert order.account is account
                assert order.state in ("open", "untriggered"), (order_id, order.state)
                self._check_place(order)
            for order_id in account.reduce_only_orders:
                assert account.open_orders[order_id].reduce_only
            assert sum(account.open_counts.values()) == len(account.open_orders)

    def _check_place(self, order: Any) -> None:
        market = self._exchange.markets[order.instrument.name]
        queue = market.book.queue(order.side, order.price_ticks)
        rests = order.state == "open" and not order.pending
        assert queue.count(order) == rests, order.order_id

    # What open orders claim.

    def _check_claims(self) -> None:
        for account in self._exchange.accounts.values():
            lots: dict[tuple[str, int], int] = defaultdict(int)
            coins: dict[str, Fraction] = defaultdict(Fraction)
            for order in account.open_orders.values():
                if order.group is None and order.state == "open":
                    for key, more in _claims(self._exchange, order):
                        lots[key] += more
                    for currency, amount in _reserves(order):
                        coins[currency] += amount
            for name, position in account.positions.items():
                counted = (position.buy_lots, position.sell_lots)
                assert counted == (lots[name, 1], lots[name, -1]), (account.name, name)
            for currency in {*account.reserved, *coins}:
                reserved = account.reserved.get(currency, 0)
                wanted = coins[currency] * ATTO
                assert abs(reserved - wanted) < NEAR, (account.name, currency)

    # Money.

    def _check_positions(self) -> None:
        held: dict[str, int] = defaultdict(int)
        longs: dict[str, int] = defaultdict(int)
        for account in self._exchange.accounts.values():
            for name, position in account.positions.items():
                holding = self.holdings.get((account.name, name))
                lots = holding.lots if holding is not None else 0
                assert position.size == lots, (account.name, name)
                held[name] += position.size
                longs[name] += max(position.size, 0)
        for name, market in self._exchange.markets.items():
            assert held[name] == 0, (name, "longs are not shorts")
            assert not (market.over and longs[name]), (name, "held beyond its end")
            assert market.open_interest_lots == longs[name], name

    def _check_money(self) -> None:
        total: dict[str, int] = defaultdict(int)
        for account in self._exchange.accounts.values():
            currencies = {c for owner, c in self.deposits if owner == account.name}
            for currency in currencies | set(account.cash):
                key = (account.name, currency)
                equity, fees = account.equity(currency), account.fees.get(currency, 0)
                self._check_fees(key, fees)
                total[currency] += equity + fees - self.deposits.get(key, 0)
                if not self._exchange.config.funding_cap_bps:
                    expected = self._expected(key, fees)
                    off = equity - expected
                    assert abs(off) < NEAR, (*key, equity, float(expected))
        for currency, rest in total.items():
            assert rest == 0, (currency, rest, "is not what was paid in less fees")

    def _check_fees(self, key: tuple[str, str], fees: int) -> None:
        """Check fees against the trades; beyond them only deliveries cost something."""
        beyond, most = fees - self.fees.get(key, 0), Fraction(0)
        for (owner, _), holding in self.holdings.items():
            i = holding.instrument
            if owner == key[0] and i.currency == key[1] and self._is_over(i):
                amount = abs(Fraction(holding.lots * i.lot_num, i.lot_den))
                price = self._delivery_price(i)
                coins = amount if i.is_option else _worth(i, amount, price)
                dear = i.is_option and not i.reversed
                most += coins * (price if dear else 1) * DELIVERY_FEE_MAX
                most += SATOSHI
        assert 0 <= beyond <= most * ATTO, (*key, beyond, float(most * ATTO))

    def _expected(self, key: tuple[str, str], fees: int) -> Fraction:
        """Return the equity from deposits, fees, tapes and prices, in atto."""
        equity = Fraction(self.deposits.get(key, 0) - fees)
        equity += self.coins.get(key, Fraction(0)) * ATTO
        for (owner, name), holding in self.holdings.items():
            i = holding.instrument
            if owner == key[0] and i.currency == key[1]:
                mark = Fraction(self.markets()[name].mark_ref, REF)
                amount = Fraction(holding.lots * i.lot_num, i.lot_den)
                if self._is_over(i):
                    mark = self._delivery_price(i)
                    worth = _delivered(i, amount, mark)
                else:
                    worth = _worth(i, amount, mark)
                profit = holding.paid - worth if i.inverse else worth - holding.paid
                equity += profit * ATTO
        return equity

    def _is_over(self, i: Any) -> bool:
        return bool(self.markets()[i.name].over)

    def _delivery_price(self, i: Any) -> Fraction:
        """Return the price that was fixed on the day a contract expired."""
        prices = dict(self._exchange.indices[i.index_name].delivery.prices)
        return Fraction(prices[i.expiry_ms // DAY_MS], REF)


def _worth(i: Any, amount: Fraction, price: Fraction) -> Fraction:
    """Return what an amount is worth at a price, in the currency that pays."""
    inverse = i.reversed and i.kind == "future"
    return amount / price if inverse else amount * price


def _delivered(i: Any, amount: Fraction, price: Fraction) -> Fraction:
    """Return what an amount of an expired contract was worth at its delivery price."""
    if not i.is_option:
        return _worth(i, amount, price)
    strike = Fraction(i.contract.strike)
    above = price - strike if i.contract.option_type == "call" else strike - price
    return amount * max(above, Fraction(0)) / (price if i.reversed else 1)


def _limit(order: Any) -> Fraction:
    i = order.instrument
    return Fraction(order.price_ticks * i.tick_num, i.tick_den)


def _claims(exchange: Any, order: Any) -> Iterator[tuple[tuple[str, int], int]]:
    """Yield ((instrument, side), lots) of positions that an open order may change."""
    i = order.instrument
    market = exchange.markets[i.name]
    if i.is_spot:
        return
    if not market.legs:
        yield (i.name, order.side), order.open_lots
        return
    amount = Fraction(order.open_lots * i.lot_num, i.lot_den)
    for leg, ratio in market.legs:
        part = leg.instrument
        lots = amount * abs(ratio) * part.lot_den / part.lot_num
        assert lots.denominator == 1, (i.name, part.name)
        yield (part.name, order.side if ratio > 0 else -order.side), int(lots)


def _reserves(order: Any) -> Iterator[tuple[str, Fraction]]:
    """Yield (currency, coins) that an open order sets aside."""
    i = order.instrument
    amount = Fraction(order.open_lots * i.lot_num, i.lot_den)
    price = _limit(order)
    if i.is_spot:
        yield (i.currency, amount * price) if order.side > 0 else (i.base, amount)
    elif i.kind == "option_combo" and order.side * price > 0:
        yield i.currency, amount * abs(price)
