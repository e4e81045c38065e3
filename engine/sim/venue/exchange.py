"""The exchange proper: markets, accounts, orders, and what a request changes in them.

Nothing here knows JSON or connections. Requests change state and leave notes of what
changed in the current ``Turn``; the channels publish from it when the request is done.
The rules of order entry are in ``orders``, the queues in ``matching``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.sim.venue.accounts import claims
from engine.sim.venue.accounts.account import CLOSED_ORDERS_MAX, RECENT_MS, Account
from engine.sim.venue.accounts.funding import Funding
from engine.sim.venue.accounts.position import Position
from engine.sim.venue.accounts.settlement import Settlement
from engine.sim.venue.agenda import Agenda
from engine.sim.venue.api.limits import Credits
from engine.sim.venue.config import AccountConfig, ContractConfig, VenueConfig
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.markets.history import Histories
from engine.sim.venue.markets.market import Index, Market
from engine.sim.venue.markets.smiles import Smiles
from engine.sim.venue.markets.trades import Trade
from engine.sim.venue.markets.watch import INDEX, MARK
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.products.listing import (
    FIRST_INSTRUMENT_ID,
    contracts_at,
    few_contracts,
)
from engine.sim.venue.products.pricing import years_left
from engine.sim.venue.products.surface import PLAIN_SURFACE, SurfaceState
from engine.sim.venue.rows.accounts import access_row
from engine.sim.venue.trading import linked, triggers
from engine.sim.venue.trading.ceilings import key_of
from engine.sim.venue.trading.lock import Locks
from engine.sim.venue.trading.matcher import Matcher
from engine.sim.venue.trading.mmp import Protection
from engine.sim.venue.trading.repricer import Repricer
from engine.sim.venue.units import REF, to_ref

if TYPE_CHECKING:
    from engine.sim.venue.markets.matching import Order
    from engine.sim.venue.products.surface import SurfaceState

FIRST_ORDER_ID = 100_000_000_000
FIRST_TRADE_SEQ = 200_000_000
FIRST_CHANGE_ID = 170_000_000_000
FIRST_USER_ID = 9_000
MARKETS_MAX = 20_000


class Turn:
    """What one request changed, in the order it first changed."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.trades: list[Trade] = []
        self.positions: dict[tuple[str, str], tuple[Account, Position]] = {}
        self.accounts: dict[tuple[str, str], Account] = {}
        self.markets: dict[str, Market] = {}
        self.indices: dict[str, Index] = {}
        self.states: dict[str, Market] = {}
        self.created: list[Market] = []
        self.notices: list[tuple[str, Account | None, str, dict[str, Any]]] = []


class Exchange:
    """Markets, accounts and orders of one venue.

    Units: now_ns is the time by which things fall due, ns since the epoch; stamp_ns and
    now_ms are what the venue's clock shows, which a fault may set wrong.
    """

    def __init__(self, config: VenueConfig, now_ns: int) -> None:
        self.config = config
        self.now_ns = now_ns
        self.opened_ms = now_ns // 1_000_000
        self.clock_offset_ns = 0
        self.turn = Turn()
        self.agenda = Agenda()
        self.locks = Locks(self.agenda, config.matching_us)
        self.mmp = Protection(self)
        self.matcher = Matcher(self)
        self.repricer = Repricer(self)
        self.indices = {
            name: Index(
                name,
                to_ref(price, decimals),
                decimals,
                config.surfaces.get(name, PLAIN_SURFACE),
                self.now_ms,
            )
            for name, price in config.index_prices.items()
            for decimals in (max(2, _decimals(price)),)
        }
        self.smiles = Smiles()
        self.histories = Histories(self.indices, self.smiles)
        self.markets: dict[str, Market] = {}
        self._options: list[Market] = []
        self._instrument_id = FIRST_INSTRUMENT_ID
        for contract in config.contracts or self._listed():
            self.list_contract(contract)
        self.turn = Turn()
        self.accounts: dict[str, Account] = {}
        for one in config.accounts:
            self.open_account(one)
        self.orders: dict[str, Order] = {}
        self._sequence = self._waiting_number = 0
        self._change_id = FIRST_CHANGE_ID
        self.settlement = Settlement(self)

    # What is listed.

    def _listed(self) -> Iterable[ContractConfig]:
        if self.config.listing is None:
            return few_contracts(self.now_ms)
        prices = {
            name: Decimal(index.ref) / REF for name, index in self.indices.items()
        }
        return contracts_at(
            self.now_ms, prices, self.config.listing, self._instrument_id
        )

    def list_new(self) -> None:
        """List what the venue's rules list now and is not there yet."""
        if self.config.contracts:
            return
        for contract in list(self._listed()):
            if contract.instrument_name in self.markets:
                continue
            if len(self.markets) >= MARKETS_MAX:
                return
            self.list_more(contract)

    def check_room(self) -> None:
        """Refuse to list more than the venue holds (13035)."""
        if len(self.markets) >= MARKETS_MAX:
            raise Reject("active_combo_limit_reached")

    def list_more(self, contract: ContractConfig) -> Market:
        """List a contract under the next free number while the venue is open."""
        numbered = replace(contract, instrument_id=self._instrument_id)
        market = self.list_contract(numbered)
        self.turn.states[contract.instrument_name] = market
        return market

    def list_contract(self, contract: ContractConfig) -> Market:
        """Open the market of a new contract; its legs and its index must be there."""
        instrument = Instrument(contract)
        market = Market(
            instrument,
            self.indices[instrument.index_name],
            self.config,
            self.smiles,
            tuple((self.markets[name], ratio) for name, ratio in contract.legs),
        )
        market.state_ms = self.now_ms
        market.trade_seq = FIRST_TRADE_SEQ
        market.change_id = FIRST_CHANGE_ID
        if instrument.perpetual:
            cap = self.config.funding_cap_bps
            market.funding = Funding(instrument, cap, self.now_ns)
            market.funding.follow(market.mark_ref, market.index.ref)
        self._instrument_id = max(self._instrument_id, contract.instrument_id + 1)
        self.markets[instrument.name] = market
        if instrument.is_future and instrument.expiry_ms:
            years = years_left(instrument.expiry_ms, self.now_ms)
            market.start_above(round(self.config.carry_bps * years))
            self.smiles.follow(market, self.now_ms)
        if instrument.is_option:
            self.histories.follow(market)
        if instrument.is_optional:
            self._options.append(market)
        self.turn.created.append(market)
        return market

    def soon(self, order: Order, action: Callable[[], None]) -> None:
        """Do something about an order on the venue's own account.

        It is done when this request is over and the lock of the order's account free.
        """
        if self.locks.engaged:
            user, currency = order.account.name, order.instrument.currency
            self.locks.act(user, currency, self.now_ns, action)
        else:
            self.agenda.at(self.now_ns, action)

    @property
    def stamp_ns(self) -> int:
        """Return the time the venue's clock shows, in ns since the epoch."""
        return self.now_ns + self.clock_offset_ns

    @property
    def due_ms(self) -> int:
        """Return the time by which things fall due, in ms since the epoch."""
        return self.now_ns // 1_000_000

    @property
    def now_ms(self) -> int:
        """Return the time the venue's clock shows, in ms since the epoch."""
        return (self.now_ns + self.clock_offset_ns) // 1_000_000

    def next_user_id(self) -> int:
        """Return the number of an account that nobody configured."""
        return FIRST_USER_ID + len(self.accounts)

    def open_account(self, config: AccountConfig) -> Account:
        """Open an account that has a key."""
        pools = Credits(
            self.config.credits,
            config.matching_rate,
            config.matching_burst,
            self.now_ns,
            config.limits,
        )
        account = Account(config.client_id, config.user_id, config, pools)
        self.accounts[config.client_id] = account
        for currency, amount in account.cash.items():
            account.ledger.moved(currency, amount, self.now_ms)
        return account

    def deposit(self, account: Account, currency: str, amount: int) -> None:
        """Pay money into an account from outside, in atto; out of it when negative."""
        account.move(currency, amount)
        account.ledger.moved(currency, amount, self.now_ms)
        self.note_account(account, currency)

    def account(self, name: str) -> Account:
        """Return an account; an unknown name becomes an internal account."""
        account = self.accounts.get(name)
        if account is None:
            pools = Credits(self.config.credits, 1, 1, self.now_ns)
            account = Account(name, self.next_user_id(), None, pools)
            self.accounts[name] = account
        return account

    def market(self, name: str, unknown: str = "not_found") -> Market:
        """Return the market of an instrument, of an expired one while it is remembered.

        Raises:
            Reject: no such instrument.
        """
        market = self.markets.get(name) or self.settlement.expired.get(name)
        if market is None:
            raise Reject(unknown)
        return market

    def index(self, name: str) -> Index:
        """Return an index.

        Raises:
            Reject: no such index.
        """
        index = self.indices.get(name)
        if index is None:
            raise bad_param("index_name", "unknown index")
        return index

    # Life of an order.

    def next_number(self) -> int:
        """Return the next number of the one count of orders and matches."""
        self._sequence += 1
        return self._sequence

    def admit(self, order: Order, stem: str = "") -> None:
        """Give a new order its id and times; nobody is told of it yet.

        Orders that wait have ids of their own: a stem, and counted from 1.
        """
        self.name(order, stem)
        self.orders[order.order_id] = order

    def name(self, order: Order, stem: str = "") -> None:
        """Give an order its id and times."""
        order.number = self.next_number()
        if stem:
            self._waiting_number += 1
            number = self._waiting_number
        else:
            number = FIRST_ORDER_ID + order.number
        order.order_id = f"{order.instrument.prefix}{stem}{number}"
        order.created_ms = order.updated_ms = self.now_ms

    def rest(self, order: Order) -> None:
        """Put what remains of an order into the book."""
        market = self.markets[order.instrument.name]
        market.book.add(order)
        self.remember_open(order)
        if order.reduce_only:
            order.account.reduce_only_orders[order.order_id] = order
        self.count_open(order, order.open_lots)
        self.note_market(market)
        self.note_order(order)

    def lift(self, order: Order) -> None:
        """Take a resting order out of the book, to be rested again or closed."""
        market = self.markets[order.instrument.name]
        market.book.remove(order)
        self.forget_open(order)
        self.count_open(order, -order.open_lots)
        self.note_market(market)

    def shrink(self, order: Order, amount_lots: int) -> None:
        """Lower the total of a resting order, keeping its place."""
        market = self.markets[order.instrument.name]
        self.count_open(order, amount_lots - order.amount_lots)
        market.book.shrink(order, amount_lots)
        self.note_market(market)
        self.note_order(order)

    def close(self, order: Order, state: str, reason: str = "") -> None:
        """End an order that is not in the book (any more)."""
        if state == "cancelled" and order.state == "open":
            order.account.usage.cancelled(order.instrument, reason)
        order.state, order.cancel_reason = state, reason
        order.updated_ms = self.now_ms
        self.note_order(order)
        if order.group is not None:
            order.group.forget(order)
        if order.link is not None:
            linked.closed(self, order)
        if order.advanced is not None:
            self.repricer.forget(order)
        account = order.account
        if account.internal:
            del self.orders[order.order_id]
            return
        closed = account.closed_orders
        closed.append(order)
        oldest_ms = self.now_ms - RECENT_MS
        while len(closed) > CLOSED_ORDERS_MAX or closed[0].updated_ms < oldest_ms:
            past = closed.popleft()
            del self.orders[past.order_id]
            account.past_orders.append(past)

    def cancel(self, order: Order, reason: str = "user_request") -> None:
        """Cancel an open order; one in the speed bump is firm and becomes IOC.

        One that is open no more is left alone: it may have gone with one it is linked
        to.
        """
        if order.order_id not in order.account.open_orders:
            return
        if order.pending:
            order.doomed = order.doomed or reason or "user_request"
            return
        if order.state == "untriggered":
            if not linked.cancel_dormant(self, order, reason):
                triggers.disarm(self, order, reason)
            return
        self.lift(order)
        self.close(order, "cancelled", reason)

    def count_open(self, order: Order, lots: int) -> None:
        """Count more (or fewer) open lots of an order in what its account may do.

        What its group has reserved margin for is not counted again.
        """
        account, instrument = order.account, order.instrument
        market = self.markets[instrument.name]
        if order.group is None:
            claims.count(account, market, order.side, lots, order.price_ticks)
        for currency in instrument.currencies:
            self.note_account(account, currency)

    def remember_open(self, order: Order) -> None:
        """Put an order among its account's open ones."""
        order.account.open_orders[order.order_id] = order
        order.account.open_counts[key_of(order)] += 1

    def forget_open(self, order: Order) -> None:
        """Take an order off its account's open ones."""
        del order.account.open_orders[order.order_id]
        order.account.open_counts[key_of(order)] -= 1
        order.account.reduce_only_orders.pop(order.order_id, None)

    # The venue's own moves.

    def set_index(self, name: str, price: float | Decimal) -> None:
        """Publish a new index price, above 0; marks and bands follow at once."""
        index = self.indices[name]
        index.delivery.advance(self.due_ms, index.ref)
        least = REF // 10**index.decimals
        index.ref = max(to_ref(price, index.decimals), least)
        index.updated_ms = self.now_ms
        self.turn.indices[name] = index
        if index.watches:
            triggers.look(self, index.watches, INDEX, index.ref)
        for market in self.markets.values():
            if market.index is index and not (
                market.over or market.instrument.is_optional
            ):
                self._remark(market, market.update_mark)

    def set_surface(self, name: str, state: SurfaceState) -> None:
        """Move the vol surface of an index; option marks follow within a second."""
        self.indices[name].surface = state

    def lock_indices(self, names: list[str], more: int) -> None:
        """Lock indices once more (1) or less (-1); their instruments do not trade."""
        for name in names:
            index = self.indices[name]
            was_locked = index.locked
            index.locks += more
            if index.locked != was_locked:
                self.announce({"price_index": name, "locked": index.locked})

    def announce(self, data: dict[str, Any]) -> None:
        """Say something on ``platform_state``."""
        self.notify("platform_state", None, "", data)

    def tick(self) -> None:
        """Do what falls due once a second: marks, the samples of delivery prices."""
        for index in self.indices.values():
            index.delivery.advance(self.due_ms, index.ref)
        for market in self.markets.values():
            if not (market.over or market.instrument.is_optional):
                self._remark(market, market.sample_mark)
        self.smiles.redraw(self.due_ms)
        for market in self._options:
            self._note_mark(market, market.update_mark())
        self.histories.sample(self.now_ms)

    def _remark(self, market: Market, move: Callable[[], bool]) -> None:
        """Let a mark move; the funding before it has accrued at the old rate.

        While there is funding, figures change even if the mark does not.
        """
        funding = market.funding
        if funding is not None:
            funding.accrue(self.now_ns)
        moved = move()
        if funding is not None:
            funding.follow(market.mark_ref, market.index.ref)
            moved = moved or funding.rate != 0
        self._note_mark(market, moved)

    def end_market(self, market: Market, state: str) -> None:
        """Close the book of an expired contract for good, its orders cancelled."""
        instrument = market.instrument
        market.over = True
        if instrument.is_optional:
            self._options.remove(market)
        elif instrument.is_future:
            self.smiles.forget(market)
        self.close_market(market, state)

    def close_market(self, market: Market, state: str) -> None:
        """Close a book in which nothing is left open."""
        for account in self.accounts.values():
            for order in list(account.open_orders.values()):
                if order.instrument is market.instrument:
                    self.cancel(order, "")
        self.set_state(market.instrument.name, state)

    def end_of_day(self, only: Market | None = None) -> None:
        """Cancel the good-til-day orders, of one market or of all."""
        for account in self.accounts.values():
            for order in list(account.open_orders.values()):
                if order.time_in_force == "good_til_day" and (
                    only is None or order.instrument is only.instrument
                ):
                    self.cancel(order, "settlement")

    def put_into(self, name: str, state: str) -> None:
        """Put a book into a state from outside, and do what goes with it.

        What is inactive has no open orders, what settles no good-til-day ones.
        Source: docs.deribit.com, instrument states since 2026-01-13.
        """
        market = self.market(name)
        if state == "inactive":
            self.close_market(market, state)
            return
        if state == "settlement":
            self.end_of_day(market)
        self.set_state(name, state)

    def set_state(self, name: str, state: str) -> None:
        """Set the state of a book (open, locked, settlement, ...)."""
        market = self.market(name)
        market.state, market.state_ms = state, self.now_ms
        self.turn.states[name] = market
        self.note_market(market)

    # Notes for the channels.

    def note_order(self, order: Order) -> None:
        """Remember that an order changed."""
        if not order.pending:
            self.turn.orders[order.number] = order

    def note_market(self, market: Market) -> None:
        """Remember that a market changed."""
        self.turn.markets[market.instrument.name] = market

    def _note_mark(self, market: Market, moved: bool) -> None:
        """Remember a new mark: the ticker and the portfolios that hold it changed."""
        if moved:
            if market.watches:
                triggers.look(self, market.watches, MARK, market.mark_ref)
            self.note_market(market)
            for account in self.accounts.values():
                if not account.internal and market.instrument.name in account.positions:
                    self.note_account(account, market.instrument.currency)

    def note_login(self, account: Account, peer: str, log: str) -> None:
        """Write a login, or an attempt at one, into an account's log."""
        login = account.logged_in(self.now_ms, peer, log)
        self.notify("user.access_log", account, "", access_row(login))

    def lock_account(self, account: Account, currency: str, locked: bool) -> None:
        """Let an account trade in a currency (``ALL`` = in any) no more, or again."""
        if locked:
            account.locked.add(currency)
        else:
            account.locked.discard(currency)
        row = {"locked": locked, "currency": currency}
        self.notify("user.lock", account, "", row)

    def notify(
        self, topic: str, account: Account | None, target: str, row: dict[str, Any]
    ) -> None:
        """Tell a topic's channel of an account (None = everybody's) something, once."""
        self.turn.notices.append((topic, account, target, row))

    def note_position(self, account: Account, position: Position) -> None:
        """Remember that a position changed, and with it the account's figures."""
        instrument = position.instrument
        self.turn.positions[(account.name, instrument.name)] = (account, position)
        self.note_account(account, instrument.currency)

    def note_account(self, account: Account, currency: str) -> None:
        """Remember that an account's figures changed."""
        self.turn.accounts[(account.name, currency)] = account

    def end_turn(self) -> Turn:
        """Close the turn and return it; touched books get a new change id."""
        turn, self.turn = self.turn, Turn()
        for trade in turn.trades:
            self.histories.record(trade)
        for market in turn.markets.values():
            if market.book.touched:
                self._change_id += len(market.book.touched)
                market.change_id = self._change_id
        return turn


def _decimals(price: float | Decimal) -> int:
    """Return the digits a price was given with."""
    exponent = Decimal(price).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
