"""A client of the simulated venue for tests: requests as calls, frames sorted out."""

from __future__ import annotations

from typing import Any

import orjson

from engine.sim.venue import Venue, VenueConfig, default_accounts
from engine.sim.venue.api.rest import HttpRequest

START_NS = 1_790_000_000_000_000_000  # 2026-09-21T14:13:20Z
MS = 1_000_000
SECOND = 1_000_000_000
PERP = "BTC-PERPETUAL"
ETH = "ETH-PERPETUAL"


class Refused(Exception):  # noqa: N818 -- the venue's word
    """The venue answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data = error.get("data")
        super().__init__(f"{self.code} {self.message} {self.data}")


class Bench:
    """A venue under a clock that moves only when told to."""

    def __init__(self, config: VenueConfig | None = None) -> None:
        generous = VenueConfig(accounts=default_accounts(1_000_000, 1_000_000))
        self.now_ns = START_NS
        self.venue = Venue(config or generous, START_NS)
        self.closed: list[tuple[int, int, str]] = []
        self._conns = 0

    def connect(self, account: str = "", scope: str = "") -> Client:
        """Return a new client, logged in when an account is named."""
        self._conns += 1
        client = Client(self, self._conns)
        if account:
            client.login(account, scope)
        return client

    def advance(self, ns: int) -> None:
        """Move the clock."""
        self.now_ns += ns
        self.venue.handle_timer(self.now_ns)

    def place(
        self, direction: str, price: float | None, amount: float, **more: Any
    ) -> Any:
        """Enter an order of the background market."""
        account = more.pop("account", "flow")
        instrument = more.pop("instrument", PERP)
        return self.venue.place(
            account, instrument, direction, price, amount, t_ns=self.now_ns, **more
        )

    def http(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        authorization: str = "",
        peer: str = "192.0.2.1",
    ) -> tuple[int, dict[str, Any]]:
        """Return status and frame of a request that is answered at once."""
        self._conns += 1
        headers = {"authorization": authorization} if authorization else {}
        request = HttpRequest(method, target, headers, body)
        self.venue.request_made(self._conns, self.now_ns, request, peer)
        ((conn, status, frame),) = self.venue.responses()
        assert conn == self._conns
        return status, orjson.loads(frame)

    def closing(self) -> list[tuple[int, int, str]]:
        """Return every connection the venue has asked to close so far."""
        self.closed += self.venue.connections_to_close()
        return self.closed


class Client:
    """One connection; keeps every notification it has seen."""

    def __init__(self, bench: Bench, conn: int) -> None:
        self.bench, self.conn = bench, conn
        self.frames: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self._id = 0
        bench.venue.connection_made(conn, bench.now_ns)

    def send(self, payload: bytes) -> list[dict[str, Any]]:
        """Send bytes as they are; return the frames that came back."""
        self.bench.venue.receive_data(self.conn, self.bench.now_ns, payload)
        return self.take()

    def take(self) -> list[dict[str, Any]]:
        """Return the frames that have come since."""
        payloads = self.bench.venue.data_to_send(self.conn)
        self.raw += payloads
        frames = [orjson.loads(payload) for payload in payloads]
        self.frames += frames
        return frames

    def call(self, method: str, **params: Any) -> Any:
        """Return the result of a request.

        Raises:
            Refused: the answer was an error.
        """
        self._id += 1
        frame = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        answers = [f for f in self.send(orjson.dumps(frame)) if f.get("id") == self._id]
        assert len(answers) == 1, f"{method}: {len(answers)} answers"
        if "error" in answers[0]:
            raise Refused(answers[0]["error"])
        return answers[0]["result"]

    def code(self, method: str, **params: Any) -> int:
        """Return the error code of a request that must be refused."""
        try:
            result = self.call(method, **params)
        except Refused as refused:
            return refused.code
        raise AssertionError(f"{method} was accepted: {result}")

    def login(self, account: str, scope: str = "") -> dict[str, Any]:
        """Log in by client credentials."""
        more = {"scope": scope} if scope else {}
        row: dict[str, Any] = self.call(
            "public/auth",
            grant_type="client_credentials",
            client_id=account,
            client_secret=f"{account}-secret",
            **more,
        )
        return row

    def buy(self, price: float, amount: float, **more: Any) -> dict[str, Any]:
        """Buy BTC-PERPETUAL and return the whole answer."""
        return self._order("private/buy", price, amount, more)

    def sell(self, price: float, amount: float, **more: Any) -> dict[str, Any]:
        """Sell BTC-PERPETUAL and return the whole answer."""
        return self._order("private/sell", price, amount, more)

    def _order(
        self, method: str, price: float, amount: float, more: dict[str, Any]
    ) -> dict[str, Any]:
        params = {"instrument_name": PERP, "price": price, "amount": amount} | more
        row: dict[str, Any] = self.call(method, **params)
        return row

    def listen(self, *channels: str, **more: Any) -> None:
        """Subscribe to channels that must all be accepted."""
        wanted = list(channels)
        assert self.call("private/subscribe", channels=wanted, **more) == wanted

    def on(self, channel: str) -> list[Any]:
        """Return the data of every message of a channel so far."""
        self.take()
        return [
            frame["params"]["data"]
            for frame in self.frames
            if frame.get("method") == "subscription"
            and frame["params"]["channel"] == channel
        ]


def rebuild(messages: list[Any]) -> tuple[dict[float, float], dict[float, float]]:
    """Return (bids, asks) from a snapshot and its chain of changes, checking it."""
    sides: dict[str, dict[float, float]] = {"bids": {}, "asks": {}}
    change_id = None
    for message in messages:
        if message["type"] == "snapshot":
            assert "prev_change_id" not in message
            sides = {"bids": {}, "asks": {}}
        else:
            assert message["prev_change_id"] == change_id
            assert message["change_id"] > message["prev_change_id"]
        change_id = message["change_id"]
        for name, levels in sides.items():
            for action, price, amount in message[name]:
                if action == "new":
                    assert price not in levels
                    levels[price] = amount
                elif action == "change":
                    assert levels[price] != amount
                    levels[price] = amount
                else:
                    assert action == "delete"
                    assert amount == 0
                    del levels[price]
    return sides["bids"], sides["asks"]
