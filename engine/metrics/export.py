"""Prometheus export: one collector that reads the core when somebody scrapes.

Nothing here runs per message. A scrape asks the shell for one `Reading` (the shell
makes it between two turns, so that it is consistent) and turns it into metric
families in the server's own thread. Names begin with ``halfspread_``; units are
Prometheus' base units: seconds, and venue units for prices, amounts and money.
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from engine import __version__
from engine.errors import ConfigError
from engine.metrics.ledger import ledger_metrics

BOUNDS_NS: tuple[int, ...] = (
    *(tenth * 10**power for power in range(1, 9) for tenth in (10, 25, 50)),
    10**10,
)
"""Upper edges of the exported buckets: 100 ns to 10 s, three a decade."""

SESSION_STATES = (
    "connecting",
    "authenticating",
    "preparing",
    "recovering",
    "quoting",
    "paused",
    "stopping",
    "stopped",
    "halted",
    "disconnected",
)
STANCES = ("normal", "widen", "reduce", "pull", "flatten", "disconnect")
BOOK_STATES = ("empty", "readable", "gapped", "crossed")

_COUNTERS = {
    "frames": "Payloads the core was given",
    "book_frames": "Payloads that changed a book",
    "malformed": "Payloads that are no valid JSON text",
    "unknown": "Payloads of a shape the decoder does not know",
    "ignored": "Payloads known and not needed",
    "out_of_range": "Payloads with a number outside its range",
    "unknown_instrument": "Payloads about an instrument we do not have",
    "surprises": "Payloads the scanner left to the slow decoder",
    "gaps": "Breaks in a book's chain of change ids",
    "crossed": "Books found crossed",
    "stale_discarded": "Book changes older than their snapshot",
    "waiting_discarded": "Book changes dropped while waiting for a snapshot",
    "quotes": "Times a strategy was asked for its quotes",
    "strategy_errors": "Exceptions out of a strategy",
    "trades": "Trades of anybody on quoted instruments, told by the venue",
    "fills": "Fills booked",
    "duplicate_fills": "Fills reported again, not booked again",
    "foreign_orders": "Orders seen that are not ours",
    "rejects": "Requests the venue rejected",
    "turns": "Bursts worked off, one write each",
    "held_back": "Wishes the gate cut down or blanked",
    "cap_waits": "Requests held back by a cap or a limit over instruments",
    "stalls": "Times the engine stood still for longer than its limit",
    "credit_waits": "Turns that had more to send than credits",
}
_DIFFERENCES = {
    "rechecks": "Times fills, orders and positions were compared with the venue",
    "fills_fetched": "Fills only the venue's trade history told us",
    "orders_doubted": "Orders here that the venue showed otherwise, twice",
    "orders_orphaned": "Open orders of ours that nobody here knew, cancelled",
    "positions": "Positions taken over because the venue's differed",
}
_PER_INSTRUMENT = {
    "position": "Position, in amount units, long above 0",
    "position_limit": "Largest position allowed either way, in amount units",
    "max_abs_position": "Largest position either way since start, in amount units",
    "realized_pnl": "Realised profit before fees, in settlement currency",
    "unrealized_pnl": "Unrealised profit at mark price, in settlement currency",
    "fees": "Fees paid, in settlement currency; below 0: earned",
    "mid": "Mid price",
    "mark_price": "Mark price of the venue",
}


class Latencies(Protocol):
    """What is exported of a latency histogram of the core."""

    count: int
    total_ns: int

    def cumulative(self, bounds_ns: Sequence[int]) -> list[int]:
        """Return how many values lie at or below each bound."""


@dataclass(frozen=True)
class Stage:
    """One latency histogram, copied out of the core."""

    count: int
    total_ns: int
    cumulative: list[int]

    @classmethod
    def copy(cls, histogram: Latencies) -> Stage:
        """Copy what is exported; cheap enough to be done between two turns."""
        counts = list(histogram.cumulative(BOUNDS_NS))
        return cls(histogram.count, histogram.total_ns, counts)


@dataclass(frozen=True)
class Reading:
    """Everything one scrape shows, taken at one moment."""

    snapshot: Mapping[str, Any]
    stages: Mapping[str, Stage] = field(default_factory=dict)
    shell: Mapping[str, float] = field(default_factory=dict)
    environment: str = ""


class CoreCollector(Collector):
    """Turns a `Reading` into metric families; holds no numbers of its own."""

    def __init__(self, read: Callable[[], Reading]) -> None:
        self._read = read

    def describe(self) -> list[Metric]:
        """Return nothing: names depend on the reading, and none may be taken yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all families of one reading. Called in the server's thread."""
        reading = self._read()
        snapshot = reading.snapshot
        yield from _build_info(reading.environment)
        yield from _counters(snapshot, reading.shell)
        yield from _orders_and_credits(snapshot)
        yield from _turnover(snapshot)
        yield from _instruments(snapshot.get("instruments", {}))
        yield from _session(snapshot)
        yield from _risk(snapshot)
        yield _latency(reading.stages)


def _build_info(environment: str) -> Iterator[Metric]:
    info = InfoMetricFamily("halfspread_build", "What is running")
    info.add_metric(
        [],
        {
            "version": __version__,
            "python": platform.python_version(),
            "environment": environment,
        },
    )
    yield info


def _counters(
    snapshot: Mapping[str, Any], shell: Mapping[str, float]
) -> Iterator[Metric]:
    found = snapshot.get("counters", {})
    for name in dict.fromkeys((*_COUNTERS, *found)):
        text = _COUNTERS.get(name, f"Counter {name} of the core")
        yield CounterMetricFamily(f"halfspread_{name}", text, found.get(name, 0))
    requests = CounterMetricFamily(
        "halfspread_requests", "Order requests sent, by kind", labels=["kind"]
    )
    for kind, count in snapshot.get("requests", {}).items():
        requests.add_metric([kind], count)
    yield requests
    codes = CounterMetricFamily(
        "halfspread_rejects_by_code", "Rejects by error code", labels=["code"]
    )
    for code, count in snapshot.get("rejects_by_code", {}).items():
        codes.add_metric([str(code)], count)
    yield codes
    for name, text in (
        ("connects", "WebSocket connections opened"),
        ("disconnects", "WebSocket connections lost or closed"),
        ("bytes_written", "Bytes of requests handed to the socket"),
        ("loop_rests", "Times the loop stopped staying awake, the core being wanted"),
        ("rate_limit_closes", "Connections the venue ended for too many requests"),
        ("checkpoints", "Checkpoints that are on the disk"),
        ("checkpoint_failures", "Checkpoints the disk refused"),
    ):
        yield CounterMetricFamily(f"halfspread_{name}", text, shell.get(name, 0))
    yield GaugeMetricFamily(
        "halfspread_connected", "Connections open now", shell.get("connected", 0)
    )


def _orders_and_credits(snapshot: Mapping[str, Any]) -> Iterator[Metric]:
    orders = GaugeMetricFamily(
        "halfspread_orders", "Our orders now, by state", labels=["state"]
    )
    for state, count in snapshot.get("orders", {}).items():
        orders.add_metric([state], count)
    yield orders
    for key, name, text in (
        ("left", "credits_left", "Matching-engine requests that may be sent now"),
        ("burst", "credits_burst", "Matching-engine requests a full pool holds"),
        ("rate", "credits_per_second", "Matching-engine requests regained a second"),
    ):
        family = GaugeMetricFamily(f"halfspread_{name}", text, labels=["pool"])
        for pool, row in snapshot.get("credits", {}).items():
            family.add_metric([pool], row[key])
        yield family


def _turnover(snapshot: Mapping[str, Any]) -> Iterator[Metric]:
    """Yield book changes against maker volume, per product group."""
    for key, name, text in (
        ("changes", "book_changes", "Inserts, edits and cancels, as the venue counts"),
        ("volume", "maker_volume", "Volume traded as maker, in coins"),
    ):
        counter = CounterMetricFamily(f"halfspread_{name}", text, labels=["group"])
        for group, row in snapshot.get("turnover", {}).items():
            counter.add_metric([group], row[key])
        yield counter
    used = GaugeMetricFamily(
        "halfspread_book_changes_used",
        "Share of the budget of book changes that is used up",
        labels=["group"],
    )
    for group, row in snapshot.get("turnover", {}).items():
        used.add_metric([group], row["used"])
    yield used


def _instruments(instruments: Mapping[str, Any]) -> Iterator[Metric]:
    labels = ["instrument"]
    for key, text in _PER_INSTRUMENT.items():
        money = key in ("realized_pnl", "unrealized_pnl", "fees")
        family = GaugeMetricFamily(
            f"halfspread_{key}", text, labels=[*labels, "currency"] if money else labels
        )
        for name, row in instruments.items():
            if row.get(key) is not None:
                label = [name, row.get("currency", "")] if money else [name]
                family.add_metric(label, row[key])
        yield family
    state = GaugeMetricFamily(
        "halfspread_book_state", "1 for the book's state", labels=[*labels, "state"]
    )
    gaps = CounterMetricFamily(
        "halfspread_book_gaps", "Breaks in this book's chain", labels=labels
    )
    quoted = GaugeMetricFamily(
        "halfspread_quoted_levels", "Levels quoted now", labels=[*labels, "side"]
    )
    ahead = GaugeMetricFamily(
        "halfspread_queue_ahead",
        "Volume of others ahead of our best quote at its price, in amount units",
        labels=[*labels, "side"],
    )
    for name, row in instruments.items():
        for each in BOOK_STATES:
            state.add_metric([name, each], row.get("book_state") == each)
        gaps.add_metric([name], row.get("gaps", 0))
        for side in ("bid", "ask"):
            quoted.add_metric([name, side], len(row.get("quotes", {}).get(side, ())))
            for place in row.get("queue", {}).get(side, ())[:1]:
                ahead.add_metric([name, side], place[2])
    yield from (state, gaps, quoted, ahead)


def _risk(snapshot: Mapping[str, Any]) -> Iterator[Metric]:
    stance = GaugeMetricFamily(
        "halfspread_stance",
        "Step of the kill ladder: 0 normal, 1 widen, 2 reduce, 3 pull, 4 flatten, "
        "5 disconnect; without instrument: of the account",
        labels=["instrument"],
    )
    rows = {"": snapshot, **snapshot.get("instruments", {})}
    for name, row in rows.items():
        stance.add_metric([name], STANCES.index(row.get("stance", "normal")))
    yield stance
    labels = ["rule", "scope"]
    value = GaugeMetricFamily(
        "halfspread_risk_value",
        "What a risk rule last measured, in the unit of docs/risk.md",
        labels=labels,
    )
    limit = GaugeMetricFamily(
        "halfspread_risk_limit", "The limit of that rule", labels=labels
    )
    for row in snapshot.get("session", {}).get("risk", {}).get("rules", ()):
        value.add_metric([row["rule"], row["scope"]], row["value"])
        limit.add_metric([row["rule"], row["scope"]], row["limit"])
    yield from (value, limit)
    exposure = GaugeMetricFamily(
        "halfspread_exposure_usd",
        "Worst-case exposure in USD, of the account and by settlement currency",
        labels=["currency"],
    )
    for name, usd in (snapshot.get("exposure") or {}).items():
        exposure.add_metric([name], usd)
    yield exposure
    tripped = GaugeMetricFamily(
        "halfspread_risk_tripped",
        "1 for each rule that holds us back; without scope: the account",
        labels=["rule", "scope", "stance", "latched"],
    )
    for trip in snapshot.get("session", {}).get("risk", {}).get("trips", ()):
        latched = "yes" if trip["latched"] else "no"
        label = [trip["rule"], trip["scope"], trip["stance"], latched]
        tripped.add_metric(label, 1)
    yield tripped


def _session(snapshot: Mapping[str, Any]) -> Iterator[Metric]:
    session = snapshot.get("session", {})
    state = GaugeMetricFamily(
        "halfspread_session_state", "1 for the session's state", labels=["state"]
    )
    for each in SESSION_STATES:
        state.add_metric([each], session.get("state") == each)
    yield state
    cod = session.get("cod", {})
    for name, text, value in (
        ("quoting", "1 while quotes are allowed", bool(snapshot.get("quoting"))),
        ("halted", "1 once the core has halted", bool(snapshot.get("halted"))),
        ("cod_enabled", "1 when cancel-on-disconnect is on", bool(cod.get("enabled"))),
        (
            "cod_verified",
            "1 when cancel-on-disconnect was read back",
            bool(cod.get("verified")),
        ),
    ):
        yield GaugeMetricFamily(f"halfspread_{name}", text, value)
    if cod.get("age_s") is not None:
        yield GaugeMetricFamily(
            "halfspread_cod_age_seconds",
            "Since cancel-on-disconnect was last read back",
            cod["age_s"],
        )
    yield CounterMetricFamily(
        "halfspread_cod_losses",
        "Times cancel-on-disconnect was found switched off",
        cod.get("losses", 0),
    )
    kill = session.get("kill", {})
    yield CounterMetricFamily(
        "halfspread_kills", "Times everything was cancelled", kill.get("count", 0)
    )
    yield GaugeMetricFamily(
        "halfspread_kill_pending",
        "1 until the venue shows that a kill left no order",
        bool(kill.get("pending")),
    )
    yield CounterMetricFamily(
        "halfspread_reconnects",
        "Connections of the session after the first",
        session.get("reconnects", 0),
    )
    found = session.get("differences") or {}
    for key, text in _DIFFERENCES.items():
        name = "rechecks" if key == "rechecks" else f"differences_{key}"
        yield CounterMetricFamily(f"halfspread_{name}", text, found.get(key, 0))
    offset_ms = session.get("clock_offset_ms")
    if offset_ms is not None:
        yield GaugeMetricFamily(
            "halfspread_clock_offset_seconds",
            "Venue's clock minus ours",
            offset_ms / 1e3,
        )
    equity = GaugeMetricFamily(
        "halfspread_equity", "Equity of the account", labels=["currency"]
    )
    for currency, value in (session.get("balances") or {}).items():
        equity.add_metric([currency], value)
    yield equity
    yield from ledger_metrics(session.get("ledger") or {})


def _latency(stages: Mapping[str, Stage]) -> Metric:
    family = HistogramMetricFamily(
        "halfspread_latency_seconds", "Time taken, by stage", labels=["stage"]
    )
    for name, stage in stages.items():
        buckets = [
            (repr(bound_ns / 1e9), float(count))
            for bound_ns, count in zip(BOUNDS_NS, stage.cumulative, strict=True)
        ]
        buckets.append(("+Inf", float(stage.count)))
        family.add_metric([name], buckets, stage.total_ns / 1e9)
    return family


class Exporter:
    """The HTTP server behind ``/metrics``; one thread, closed by `close`."""

    def __init__(self, server: WSGIServer, thread: threading.Thread) -> None:
        self._server, self._thread = server, thread
        self.host = str(server.server_address[0])
        self.port = int(server.server_port)

    @property
    def url(self) -> str:
        """The address to scrape."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/metrics"

    def close(self) -> None:
        """Stop to listen and wait for the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve(read: Callable[[], Reading], host: str, port: int, file: str) -> Exporter:
    """Serve ``/metrics``; port 0 takes any free one.

    Raises: ConfigError when the address cannot be listened on; ``file`` is named.
    """
    registry = CollectorRegistry()
    registry.register(CoreCollector(read))
    ProcessCollector(namespace="halfspread", registry=registry)
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ConfigError(
            file,
            "metrics.port",
            port,
            f"a free port of {host} ({error.strerror or error}); 0 takes any free one",
        ) from None
    return Exporter(server, thread)
