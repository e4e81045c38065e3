"""The simulated venue, sans-IO: bytes and a time in, bytes and the next timer out.

The verbs are those of the core. A shell gives it sockets and a clock, a test a virtual
clock; the same configuration and the same calls give the same bytes.
"""

from __future__ import annotations

from typing import Any

from engine.sim.venue.api.auth import Authority, Token
from engine.sim.venue.api.connection import NO_HANDSHAKE, Connection
from engine.sim.venue.api.limits import ENGINE_COSTS, Credits, PeerPools
from engine.sim.venue.api.rest import (
    BAD_REQUEST,
    NO_SUCH_PATH,
    NOT_FOUND,
    OK,
    HttpRequest,
    identify,
    method_of,
    read_http,
)
from engine.sim.venue.api.rpc import (
    CONTROL,
    LATER,
    LOGIN,
    Body,
    Call,
    Method,
    Request,
    answer,
    read_request,
)
from engine.sim.venue.config import VenueConfig
from engine.sim.venue.direct import DirectEntry
from engine.sim.venue.errors import Reject
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.faults.doors import Doors
from engine.sim.venue.feeds.hub import Hub
from engine.sim.venue.methods.not_offered import refusal
from engine.sim.venue.methods.registry import find_method
from engine.sim.venue.trading.lanes import ANYWHERE, lane_of
from engine.sim.venue.trading.lock import OPENING, Ticket
from engine.sim.venue.trading.orders import check_time

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000_000_000
CATCH_UP_NS = 60 * SECOND_NS
POLICY_CLOSE = 1008
HEARTBEAT_CLOSE = (4000, "heartbeat close")  # seen by clients on the test network
CONTROL_IS_OFF = {"reason": "the control API is off here"}
ALWAYS_OPEN = ("public/status", "public/test", "public/get_time", "public/hello")


class Venue(DirectEntry):
    """A Deribit look-alike without sockets, clock or chance.

    Units: every ``t_ns`` is the venue's wall clock, nanoseconds since the epoch; a call
    earlier than the last one counts as simultaneous with it.
    """

    def __init__(self, config: VenueConfig, t_ns: int) -> None:
        self.config = config
        self.exchange = Exchange(config, t_ns)
        self.authority = Authority(self.exchange)
        self.hub = Hub(self.exchange)
        self.locks = self.exchange.locks
        self._connections: dict[int, Connection] = {}
        self._to_close: list[tuple[int, int, str]] = []
        self._responses: list[tuple[int, int, bytes]] = []
        self._peer_pools = PeerPools(config.credits)
        self.maintenance = config.maintenance
        self.faults = Doors(self)
        self._serial = 0
        self._second_ns = (t_ns // SECOND_NS + 1) * SECOND_NS
        for fault in config.faults:
            self.faults.inject(fault)

    # Verbs.

    def connection_made(self, conn: int, t_ns: int, peer: str = "") -> None:
        """Accept a connection; a number in use is first lost.

        Before they log in, connections of one address share its credits; without an
        address each has its own.
        """
        self.connection_lost(conn, t_ns)
        self._serial += 1
        now_ns = self.exchange.now_ns
        if peer:
            pools = self._peer_pools.of(peer, now_ns)
        else:
            pools = Credits(self.config.credits, 0, 0, now_ns)
        connection = Connection(conn, self._serial, pools, now_ns, peer=peer)
        self._connections[conn] = connection
        self.faults.welcome(connection)

    def receive_data(self, conn: int, t_ns: int, payload: bytes) -> None:
        """Take one JSON-RPC text."""
        self._advance(t_ns)
        connection = self._connections.get(conn)
        if connection is None or connection.closing is not None or connection.silent:
            return
        connection.seen_ns = self.exchange.now_ns
        request, refusal = read_request(payload, self.config.frame_max)
        self._take(connection, request, refusal)

    def request_made(
        self, conn: int, t_ns: int, http: HttpRequest, peer: str = ""
    ) -> None:
        """Take one HTTP request; its answer comes, now or later, by ``responses``.

        The number may be used again when it has been answered; a request still open
        under it is forgotten, and what it asked for stays done.
        """
        self.connection_lost(conn, t_ns)
        name = method_of(http.target)
        now_ns = self.exchange.now_ns
        if name is None:
            frame = self._answer(Request(), ("error", NO_SUCH_PATH.body()), now_ns)
            self._responses.append((conn, NOT_FOUND, frame))
            return
        self._serial += 1
        pools = self._peer_pools.of(peer, now_ns)
        connection = Connection(conn, self._serial, pools, now_ns, True, peer)
        self._connections[conn] = connection
        self.faults.welcome(connection)
        request, refusal = read_http(http, name, self.config.frame_max)
        if refusal is None:
            refusal = self._identify(connection, http)
        self._take(connection, request, refusal)

    def responses(self) -> list[tuple[int, int, bytes]]:
        """Return (connection, HTTP status, body) of every answer, each once."""
        responses, self._responses = self._responses, []
        return responses

    def _take(
        self, connection: Connection, request: Request, refusal: Reject | None
    ) -> None:
        """Serve a request, unless a fault has other plans for it."""
        if not self.faults.watches_requests:
            self._serve(connection, request, refusal)
            return
        self.faults.arrive(
            connection,
            request,
            lambda fault: self._serve(connection, request, fault or refusal),
        )

    def _serve(
        self, connection: Connection, request: Request, refusal: Reject | None
    ) -> None:
        call = Call(self, connection, request, self.exchange.now_ns)
        try:
            if refusal is not None:
                raise refusal
            result = self._perform(call)
        except Reject as reject:
            call.fail(reject)
            if reject.name == "too_many_requests":
                self.end(connection, POLICY_CLOSE, reject.name)
            return
        if result is not LATER:
            call.finish(result)

    def conclude(self, call: Call, body: Body) -> None:
        """Answer a request and publish what it changed; nobody may be there any more.

        With ``notifications_first`` the channels speak before the answer.
        """
        if self.config.notifications_first:
            self.publish()
        if call.answer:
            self._reply(call, body)
        for step in call.after:
            step()
        self.publish()

    def connection_lost(self, conn: int, t_ns: int) -> None:
        """Forget a connection; cancel-on-disconnect fires at once."""
        self._advance(t_ns)
        connection = self._connections.pop(conn, None)
        if connection is not None and connection.closing is None:
            self._release(connection, cancel_orders=True)

    def handle_timer(self, t_ns: int) -> None:
        """Do what has fallen due."""
        self._advance(t_ns)

    def next_timer_ns(self) -> int:
        """Return when ``handle_timer`` is wanted next."""
        # It is asked before and after whatever happens: no lists, no generators.
        next_ns = self._second_ns
        due_ns = self.hub.next_due_ns()
        if 0 < due_ns < next_ns:
            next_ns = due_ns
        due_ns = self.exchange.agenda.next_ns()
        if 0 < due_ns < next_ns:
            next_ns = due_ns
        for connection in self._connections.values():
            if 0 < connection.beat_ns < next_ns and connection.closing is None:
                next_ns = connection.beat_ns
        return next_ns

    def data_to_send(self, conn: int) -> list[bytes]:
        """Return the frames waiting for a connection, each once."""
        connection = self._connections.get(conn)
        if connection is None:
            return []
        frames, connection.out = connection.out, []
        return frames

    def connections_to_close(self) -> list[tuple[int, int, str]]:
        """Return (connection, close code, reason) of those to close, each once."""
        closing, self._to_close = self._to_close, []
        return closing

    # Requests.

    def _perform(self, call: Call) -> Any:
        """Run one request and return its result, or LATER.

        Raises:
            Reject: the answer is an error.
        """
        method = find_method(call.request.method)
        if method is None:
            self._pay(call, "general")
            raise refusal(call.request.method)
        call.params = call.request.params or {}
        self._admit(call, method)
        call.params = method.check(call.params)
        if method.name in OPENING:
            self._refuse_locked(call)
        if self.locks.engaged and method.cost_of(call.params) in ENGINE_COSTS:
            self._queue(call, method)
            return LATER
        return method.handler(call)

    def _reply(self, call: Call, body: Body) -> None:
        """Send an answer; over HTTP it also ends the connection it came by."""
        connection = call.connection
        frame = self._answer(call.request, body, call.in_ns)
        failed = body[0] == "error"
        if connection.door is None:
            self.put(connection, frame, failed)
        else:
            connection.door.answer(connection, frame, call.request, failed)

    def put(self, connection: Connection, frame: bytes, failed: bool = False) -> None:
        """Hand a frame to the shell; no fault meets it any more."""
        if not connection.http:
            connection.push(frame)
        elif self._connections.get(connection.number) is connection:
            del self._connections[connection.number]
            status = BAD_REQUEST if failed else OK
            self._responses.append((connection.number, status, frame))

    def _answer(self, request: Request, body: Body, in_ns: int) -> bytes:
        offset_ns = self.exchange.clock_offset_ns
        in_us = (in_ns + offset_ns) // 1_000
        out_us = self.exchange.stamp_ns // 1_000 + self.config.service_us
        return answer(request, body, in_us, out_us, self.config.testnet)

    def _identify(self, connection: Connection, http: HttpRequest) -> Reject | None:
        """Let the login of an HTTP request speak for it; a wrong one costs credits."""
        try:
            token = identify(self.authority, http, connection)
        except Reject as refusal:
            paid = connection.credits.take("general", self.exchange.now_ns)
            return refusal if paid else Reject("too_many_requests")
        if token is not None:
            self.log_in(connection, token)
        return None

    def _queue(self, call: Call, method: Method) -> None:
        """Send a matching request through the lock of its user and currency.

        Its time (``valid_until``) runs out while it waits, though the clock be set
        back meanwhile: a client could rely on no moment otherwise.

        Raises:
            Reject: 10047, too many wait already.
        """
        exchange = self.exchange
        ahead_ns = exchange.clock_offset_ns

        def run() -> None:
            try:
                if exchange.clock_offset_ns < ahead_ns:
                    now_ms = (exchange.now_ns + ahead_ns) // MILLISECOND_NS
                    check_time(now_ms, call.params.get("valid_until"))
                result = method.handler(call)
            except Reject as reject:
                call.fail(reject)
            else:
                if result is not LATER:
                    call.finish(result)

        ticket = Ticket(
            method.name,
            call.connection.serial,
            exchange.now_ns,
            run,
            call.fail,
            call.params,
        )
        lane = lane_of(exchange, call.account, call.params)
        self.locks.enter(call.account.name, lane.currencies, ticket)

    def _admit(self, call: Call, method: Method) -> None:
        """Check switch, login, scope and credits of a request.

        Raises:
            Reject: one of them objects.
        """
        if method.scope == CONTROL:
            if not self.config.control:
                raise Reject("method_switched_off_by_admin", data=CONTROL_IS_OFF)
            return
        if self.maintenance and method.name not in ALWAYS_OPEN:
            raise Reject("system_maintenance")
        connection = call.connection
        given = call.params.get("access_token")
        if isinstance(given, str):
            self._present(call, given)
        token, call.owner = connection.token, connection.account
        self._pay(call, method.cost_of(call.params))
        if connection.http and method.socket_only:
            raise Reject("must_be_websocket_request")
        if not method.scope:
            return
        if token is None:
            raise Reject("unauthorized", data={"reason": "missing_token"})
        if not self.authority.usable(token, connection):
            raise Reject("unauthorized", data={"reason": "invalid_token"})
        if method.scope != LOGIN and not token.allows(method.scope):
            raise Reject("forbidden", data={"reason": f"{method.scope} required"})

    def _refuse_locked(self, call: Call) -> None:
        """Refuse what would open or change an order of a locked account.

        Raises:
            Reject: 11098.
        """
        account = call.account
        if account.locked:
            lane = lane_of(self.exchange, account, call.params)
            if any(account.is_locked(currency) for currency in lane.currencies):
                raise Reject("account_locked")

    def _present(self, call: Call, access_token: str) -> None:
        """Log in by a token that came with a request; a wrong one costs credits."""
        try:
            token = self.authority.verify(access_token, call.connection)
        except Reject:
            self._pay(call, "general")
            raise
        self.log_in(call.connection, token)

    def _pay(self, call: Call, cost: str) -> None:
        account, now_ns = call.connection.account, self.exchange.now_ns
        pools, lane = call.connection.credits, ANYWHERE
        if account is not None:
            pools = account.credits
            if cost in ENGINE_COSTS:
                lane = lane_of(self.exchange, account, call.params)
        elif cost in ENGINE_COSTS:
            cost = "general"
        if not pools.take(cost, now_ns, lane):
            raise pools.refusal(cost, now_ns)

    # Connections.

    def log_in(self, connection: Connection, token: Token) -> None:
        """Let a token speak for a connection, in place of the one before."""
        before = connection.token
        if before is not None and before is not token and before.serial:
            self.authority.withdraw(before)
        if connection.account is None and not connection.http:
            connection.cancel_on_disconnect = token.account.cod_by_default
        elif connection.account is not token.account:
            self.hub.leave(connection, private_only=True)
        connection.account, connection.token = token.account, token

    def end(
        self,
        connection: Connection,
        code: int,
        reason: str,
        cancel_orders: bool = True,
    ) -> None:
        """Close a connection from the venue's side; queued frames may still go out.

        Who still waits for the answer to an HTTP request is cut off.
        """
        if connection.closing is None:
            if connection.http and self.is_open(connection):
                code = NO_HANDSHAKE
            connection.closing = (code, reason)
            if not connection.silent:
                self._to_close.append((connection.number, code, reason))
            self._release(connection, cancel_orders)

    def end_all(self, code: int, reason: str) -> None:
        """Close every connection."""
        for connection in list(self._connections.values()):
            self.end(connection, code, reason)

    def is_open(self, connection: Connection) -> bool:
        """Say whether a connection is still there."""
        known = self._connections.get(connection.number) is connection
        return known and connection.closing is None

    def connections(self) -> list[Connection]:
        """Return every connection, closing ones too."""
        return list(self._connections.values())

    def _release(self, connection: Connection, cancel_orders: bool) -> None:
        """Undo what a connection holds: subscriptions, token, orders under COD."""
        self.hub.leave(connection)
        self.faults.forget(connection)
        self.locks.forget(connection.serial)
        self.authority.connection_ended(connection)
        if cancel_orders and connection.cancel_on_disconnect:
            for account in self.exchange.accounts.values():
                for order in list(account.open_orders.values()):
                    if order.origin == connection.serial:
                        self.exchange.cancel(order, "cancel_on_disconnect")
        self.publish()

    # Time.

    def _advance(self, t_ns: int) -> None:
        """Move the clock, doing what falls due on the way in order of time."""
        if t_ns - self._second_ns > CATCH_UP_NS:
            self._second_ns = (t_ns - CATCH_UP_NS) // SECOND_NS * SECOND_NS
        while (due_ns := self.next_timer_ns()) <= t_ns:
            self._move_clock(due_ns)
            if self.exchange.agenda.run_due(due_ns):
                self.publish()
                continue
            if due_ns >= self._second_ns:
                self._second_ns += SECOND_NS
                self.exchange.tick()
                self.publish()
                self._close_unfit(due_ns)
            self.hub.flush_due(due_ns)
            self._beat(due_ns)
        self._move_clock(t_ns)

    def _move_clock(self, t_ns: int) -> None:
        self.exchange.now_ns = max(self.exchange.now_ns, t_ns)

    def _beat(self, now_ns: int) -> None:
        for connection in list(self._connections.values()):
            if (
                connection.closing is None
                and 0 < connection.beat_ns <= now_ns
                and not connection.beat()
            ):
                self.end(connection, *HEARTBEAT_CLOSE)

    def _close_unfit(self, now_ns: int) -> None:
        """End readers too slow to keep, and silent connections that asked for COD."""
        idle_ns = self.config.idle_s * SECOND_NS
        for connection in list(self._connections.values()):
            if connection.closing is not None:
                continue
            if connection.too_slow:
                self.end(connection, POLICY_CLOSE, "connection_too_slow")
            elif (
                connection.cancel_on_disconnect
                and now_ns - connection.seen_ns >= idle_ns
            ):
                self.end(connection, POLICY_CLOSE, "inactivity")

    def publish(self) -> None:
        """Close the turn and let the channels say what it changed."""
        self.hub.publish(self.exchange.end_turn())
