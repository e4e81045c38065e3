"""The live picture of a run: what a snapshot looks like in a terminal.

Pure functions from a `Frame` to something ``rich`` can draw; no clock, no terminal, no
state. Everything fits 80 x 24; more room shows more depth, stages, notes and the other
instruments.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

STAGES = (
    "tick_to_order",
    "turn",
    "decode",
    "state",
    "quote",
    "gateway",
    "write",
    "ack",
    "feed",
)
"""Latency stages in the order they are shown; what does not fit is left out."""

HEIGHT_MIN = 24
DEPTH_SHOWN = 5
_STATE_STYLES = {
    "quoting": "bold green",
    "paused": "bold yellow",
    "stopping": "bold yellow",
    "halted": "bold white on red",
    "disconnected": "bold white on red",
}
_LEVEL_STYLES = {
    "warning": "yellow",
    "error": "red",
    "critical": "bold red",
    "debug": "dim",
}


@dataclass(frozen=True)
class Frame:
    """One picture: the core's snapshot and what only the shell knows.

    Units: up_s in seconds. ``notes`` are (clock text, level, text), oldest first.
    """

    snapshot: Mapping[str, Any]
    instruments: Sequence[str]
    environment: str = ""
    up_s: float = 0.0
    left_s: float | None = None
    connected: int = 0
    metrics_url: str = ""
    latency_ns: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: Sequence[Sequence[str]] = ()


def screen(frame: Frame, height: int) -> RenderableType:
    """Return the whole picture for a terminal of ``height`` rows."""
    spare = max(0, height - HEIGHT_MIN)
    names = [name for name in frame.instruments if name in _rows(frame)]
    others = names[1 : 1 + max(0, spare - 2)] if spare > 3 else []
    layout = Layout()
    parts = [
        Layout(_header(frame), size=1),
        Layout(_market(frame, names), size=DEPTH_SHOWN + 3),
    ]
    if others:
        parts.append(Layout(_others(frame, others), size=len(others) + 3))
    parts.append(Layout(_figures(frame), size=len(STAGES) + 3))
    room = height - sum(part.size or 0 for part in parts)
    parts.append(Layout(_notes(frame, max(1, room))))
    layout.split_column(*parts)
    return layout


def status_line(frame: Frame) -> str:
    """Return the plain line printed where there is no terminal."""
    snapshot = frame.snapshot
    counters = snapshot.get("counters", {})
    parts = [
        _clock(frame.up_s),
        str(snapshot.get("session", {}).get("state", "starting")),
    ]
    for name in frame.instruments:
        row = _rows(frame).get(name)
        if row is None:
            continue
        bid, ask = _best(row, "bids"), _best(row, "asks")
        ours = (
            f"{_price(_best_own(row, 'bid'), row)}/{_price(_best_own(row, 'ask'), row)}"
        )
        parts.append(
            f"{name} {_price(bid, row)}/{_price(ask, row)} ours {ours} "
            f"position {_amount(row.get('position'))}"
            f"/{_amount(row.get('position_limit'))} "
            f"pnl {_money(_pnl(row))} {row.get('currency', '')}"
        )
    parts.append(f"quotes {counters.get('quotes', 0)}")
    parts.append(f"fills {counters.get('fills', 0)}")
    return "  ".join(parts)


def nanos(value_ns: float) -> str:
    """Return a duration with three digits and its unit."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if value_ns >= size:
            scaled = value_ns / size
            digits = max(0, 2 - math.floor(math.log10(scaled)))
            return f"{scaled:.{digits}f} {unit}"
    return f"{value_ns:.0f} ns"


def _header(frame: Frame) -> RenderableType:
    snapshot = frame.snapshot
    session = snapshot.get("session", {})
    state = "halted" if snapshot.get("halted") else session.get("state", "starting")
    cod = session.get("cod", {})
    if cod.get("verified") and cod.get("enabled"):
        cod_text, cod_style = "COD on, read back", "green"
    else:
        cod_text, cod_style = "COD off", "bold red"
    left = Text.assemble(
        (" halfspread ", "bold reverse"),
        (f" {frame.environment.upper()} ", "bold magenta"),
        (f" {state} ", _STATE_STYLES.get(state, "bold cyan")),
        (_stance_text(snapshot), "bold yellow"),
        ("" if frame.connected else "no connection ", "bold red"),
        (cod_text, cod_style),
        overflow="ellipsis",
        no_wrap=True,
    )
    clock = f"up {_clock(frame.up_s)}"
    if frame.left_s is not None:
        clock += f"  {_clock(frame.left_s)} left"
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row(left, Text(clock + " ", "dim"))
    return grid


def _stance_text(snapshot: Mapping[str, Any]) -> str:
    """Return the steps of the kill ladder that are taken, worst place first."""
    rows = {"": snapshot, **snapshot.get("instruments", {})}
    steps = {row.get("stance", "normal"): name for name, row in rows.items()}
    steps.pop("normal", None)
    account = snapshot.get("stance", "normal")
    if account != "normal":
        return f"{account}: {snapshot.get('stance_reason', '')} "
    return "".join(f"{stance} {name} " for stance, name in steps.items())


def _market(frame: Frame, names: Sequence[str]) -> RenderableType:
    layout = Layout()
    row = _rows(frame)[names[0]] if names else {}
    title = names[0] if names else (frame.instruments or ("",))[0]
    layout.split_row(
        Layout(_book(title, row), ratio=3),
        Layout(_position(row, _split(frame, title)), ratio=2),
    )
    return layout


def _book(name: str, row: Mapping[str, Any]) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), show_edge=False)
    for header, style in (
        ("ours", "bold green"),
        ("amount", "green"),
        ("bid", "green"),
        ("ask", "red"),
        ("amount", "red"),
        ("ours", "bold red"),
    ):
        justify = "left" if style.endswith("red") else "right"
        table.add_column(
            header,
            style=style,
            header_style="dim",
            justify=justify,  # type: ignore[arg-type]
            no_wrap=True,
        )
    bids, asks = _side(row, "bid"), _side(row, "ask")
    for level in range(DEPTH_SHOWN):
        bid = bids[level] if level < len(bids) else ("", "", "")
        ask = asks[level] if level < len(asks) else ("", "", "")
        table.add_row(*bid, *reversed(ask))
    state = row.get("book_state", "waiting")
    style = "dim" if state == "readable" else "bold red"
    held = f" {row['why_held']}" if row.get("why_held") else ""
    title = Text.assemble((name, "bold"), " ", (str(state), style), (held, "yellow"))
    return Panel(table, title=title, title_align="left", padding=0)


def _side(row: Mapping[str, Any], side: str) -> list[tuple[str, str, str]]:
    """Return (ours, amount, price) by level; our own prices are never left out."""
    ours: dict[float, float] = {}
    for price, amount, *_ in row.get("quotes", {}).get(side, ()):
        ours[price] = ours.get(price, 0.0) + amount
    levels = dict(row.get(f"{side}s", ()))
    for price in ours:
        levels.setdefault(price, 0.0)
    prices = sorted(levels, reverse=side == "bid")
    # A quote far from the touch takes the last line, so that it is seen at all.
    shown = prices[:DEPTH_SHOWN]
    hidden = [price for price in prices[DEPTH_SHOWN:] if price in ours]
    if hidden and shown[-1] not in ours:
        shown[-1] = hidden[0]
    return [
        (
            f"*{_amount(ours[price])}" if price in ours else "",
            _amount(levels[price]) if levels[price] else "",
            _price(price, row),
        )
        for price in shown
    ]


def _split(frame: Frame, name: str) -> Mapping[str, Any]:
    """Return where an instrument's profit came from. Empty: {}, nothing was traded."""
    found = frame.snapshot.get("session", {}).get("attribution", {})
    split: Mapping[str, Any] = found.get("instruments", {}).get(name, {})
    return split


def _position(row: Mapping[str, Any], split: Mapping[str, Any]) -> RenderableType:
    currency = str(row.get("currency", ""))
    pnl = _pnl(row) if row else None
    size, limit = row.get("position"), row.get("position_limit")
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_row("position", f"{_amount(size)} of ±{_amount(limit)}")
    table.add_row("", _gauge(size or 0.0, limit or 0.0))
    style = "green" if (pnl or 0.0) >= 0 else "red"
    table.add_row("pnl net", Text(f"{_money(pnl)} {currency}", style))
    table.add_row("fees", f"{_money(row.get('fees'))} {currency}")
    # What quoting earned apart from where the market went; the mid is in the book.
    table.add_row("spread", f"{_money(split.get('spread'))} {currency}")
    table.add_row("mark", _price(row.get("mark_price"), row, extra=2))
    return Panel(table, title="inventory", title_align="left", padding=0)


def _gauge(size: float, limit: float, width: int = 15) -> Text:
    """Return a bar from -limit to +limit with the position on it."""
    half = width // 2
    share = max(-1.0, min(1.0, size / limit)) if limit else 0.0
    at = half + round(share * half)
    cells = ["-"] * width
    low, high = min(at, half), max(at, half)
    for cell in range(low, high + 1):
        cells[cell] = "="
    cells[half] = "|"
    style = "bold red" if abs(share) > 0.9 else "yellow" if abs(share) > 0.6 else "cyan"
    return Text("[" + "".join(cells) + "]", style)


def _others(frame: Frame, names: Iterable[str]) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 1))
    for header in ("instrument", "bid", "ask", "our bid", "our ask", "position", "pnl"):
        justify = "left" if header == "instrument" else "right"
        table.add_column(
            header,
            header_style="dim",
            justify=justify,  # type: ignore[arg-type]
            no_wrap=True,
        )
    for name in names:
        row = _rows(frame)[name]
        table.add_row(
            name,
            _price(_best(row, "bids"), row),
            _price(_best(row, "asks"), row),
            _price(_best_own(row, "bid"), row),
            _price(_best_own(row, "ask"), row),
            f"{_amount(row.get('position'))}/{_amount(row.get('position_limit'))}",
            f"{_money(_pnl(row))} {row.get('currency', '')}",
        )
    return Panel(table, title="also quoting", title_align="left", padding=0)


def _figures(frame: Frame) -> RenderableType:
    layout = Layout()
    layout.split_row(Layout(_latency(frame), ratio=3), Layout(_traffic(frame), ratio=2))
    return layout


def _latency(frame: Frame) -> RenderableType:
    found = {**frame.snapshot.get("latency_ns", {}), **frame.latency_ns}
    table = Table(box=None, expand=True, padding=(0, 0, 0, 1))
    table.add_column("stage", header_style="dim", no_wrap=True)
    for header in ("p50", "p99", "p99.9", "max"):
        table.add_column(header, header_style="dim", justify="right", no_wrap=True)
    for stage in STAGES:
        row = found.get(stage, {})
        if not row.get("count"):
            table.add_row(stage, *["-"] * 4, style="dim")
            continue
        table.add_row(stage, *(nanos(row[k]) for k in ("p50", "p99", "p999", "max")))
    return Panel(table, title="latency", title_align="left", padding=0)


def _traffic(frame: Frame) -> RenderableType:
    snapshot = frame.snapshot
    counters = snapshot.get("counters", {})
    requests = snapshot.get("requests", {})
    orders = snapshot.get("orders", {})
    pools = snapshot.get("credits", {}).values()
    # The pool nearest to its end is the one to look at.
    left, burst = min(
        ((pool["left"], pool["burst"]) for pool in pools),
        key=lambda pool: pool[0] / pool[1],
        default=(0.0, 0.0),
    )
    pending = sum(n for state, n in orders.items() if state.startswith("pending"))
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_row("book frames", f"{counters.get('book_frames', 0):,}")
    table.add_row("quotes", f"{counters.get('quotes', 0):,}")
    table.add_row("fills", f"{counters.get('fills', 0):,}")
    for kind in ("new", "edit", "cancel"):
        table.add_row(f"sent {kind}", f"{requests.get(kind, 0):,}")
    gaps, rejects = counters.get("gaps", 0), counters.get("rejects", 0)
    table.add_row("rejects", f"{rejects:,}, {gaps:,} gaps")
    live, unknown = orders.get("live", 0), orders.get("unknown", 0)
    table.add_row("orders", f"{live} live {pending} sent {unknown} ?")
    table.add_row("credits", f"{left:.0f} of {burst:.0f}")
    table.add_row("ledger", _ledger_text(snapshot))
    return Panel(table, title="traffic", title_align="left", padding=0)


def _ledger_text(snapshot: Mapping[str, Any]) -> Text:
    """Return whether our books are the venue's, and by how much not."""
    ledger = snapshot.get("session", {}).get("ledger", {})
    if not ledger.get("is_open"):
        return Text("not begun", "dim")
    for currency, row in ledger["currencies"].items():
        if row["cash_difference"]:
            return Text(f"{currency} off {row['cash_difference']:.3g}", "red")
    for name, row in ledger["instruments"].items():
        if row["position_difference"]:
            return Text(f"{name} off {row['position_difference']:g}", "red")
    lost = ledger["untold"] + ledger["unlogged"]
    return Text(f"{lost} fills off", "red") if lost else Text("tied out")


def _notes(frame: Frame, room: int) -> RenderableType:
    text = Text(overflow="ellipsis", no_wrap=True)
    for clock, level, line in list(frame.notes)[-room:]:
        if text:
            text.append("\n")
        text.append(f" {clock} ", "dim")
        text.append(line, _LEVEL_STYLES.get(level, ""))
    if not text and frame.metrics_url:
        text.append(f" metrics {frame.metrics_url}   Ctrl-C stops", "dim")
    return text


def _rows(frame: Frame) -> Mapping[str, Any]:
    rows: Mapping[str, Any] = frame.snapshot.get("instruments", {})
    return rows


def _best(row: Mapping[str, Any], side: str) -> float | None:
    levels = row.get(side) or ()
    return float(levels[0][0]) if levels else None


def _best_own(row: Mapping[str, Any], side: str) -> float | None:
    prices = [float(quote[0]) for quote in row.get("quotes", {}).get(side, ())]
    if not prices:
        return None
    return max(prices) if side == "bid" else min(prices)


def _pnl(row: Mapping[str, Any]) -> float:
    parts = (row.get("realized_pnl"), row.get("unrealized_pnl"), row.get("fees"))
    realized, unrealized, fees = (part or 0.0 for part in parts)
    return float(realized + unrealized - fees)


def _price(value: float | None, row: Mapping[str, Any], extra: int = 0) -> str:
    """Return a price with as many digits as the tick has, and ``extra`` more."""
    if value is None:
        return "-"
    tick = Decimal(repr(row.get("tick_size") or 1e-10)).normalize()
    digits = max(0, -int(tick.as_tuple().exponent)) + extra
    return f"{value:.{digits}f}" if digits < 10 else f"{value:.10g}"


def _amount(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value / 1e6:.4g}M" if abs(value) >= 1e6 else f"{value:,.10g}"


def _money(value: float | None) -> str:
    return "-" if value is None else f"{value:+.8f}"


def _clock(seconds: float) -> str:
    whole = max(0, int(seconds))
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
