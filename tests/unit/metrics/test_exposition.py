"""The text: read by prometheus-client's parsers, and compared with its own writers."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_open,
)
from prometheus_client.parser import text_string_to_metric_families as parse_plain
from prometheus_client.registry import Collector

from engine.metrics import exposition
from engine.metrics.export import rows
from engine.metrics.exposition import LINES_AT_ONCE, REST_S, Exposition
from engine.metrics.family import Row, alone, counter, gauge, histogram, info
from engine.metrics.reading import BOUNDS_NS, Reading, Stage

STAGE = Stage(9, 1_234_567_891, sorted(n % 10 for n in range(len(BOUNDS_NS))))
READING = Reading(
    {
        "counters": {"frames": 12_345_678_901, "gaps": 2},
        "rejects_by_code": {10028: 1, 11054: 3},
        "credits": {"trading": {"left": 17.5, "burst": 20.0, "rate": 5.0}},
        "instruments": {
            "BTC-PERPETUAL": {"position": -120.0, "mid": 65000.25, "fees": 1e-7},
            'odd "name"\\\n': {"position": 1e22},
        },
        "session": {"state": "quoting", "balances": {"BTC": 0.1 + 0.2}},
    },
    {"decode": STAGE, "turn": STAGE},
    {"connected": 1},
    'a "quoted" place',
)
Shown = set[tuple[str, str, tuple[tuple[str, str], ...], float]]


class Theirs(Collector):
    """The same families as prometheus-client's objects."""

    def collect(self) -> list[Metric]:
        """Make them."""
        return [_theirs(row) for row in rows(READING)]


def _theirs(row: Row) -> Metric:
    family, samples = row
    metric = Metric(family.name, family.text, family.kind)
    suffix = {"counter": "_total", "info": "_info"}.get(family.kind, "")
    for labels, value in samples:
        known = dict(zip(family.labels, labels, strict=True))
        if not isinstance(value, Stage):
            metric.add_sample(family.name + suffix, known, float(value))
            continue
        edges = (*(repr(bound / 1e9) for bound in BOUNDS_NS), "+Inf")
        counts = (*value.cumulative, value.count)
        for edge, count in zip(edges, counts, strict=True):
            metric.add_sample(f"{family.name}_bucket", {**known, "le": edge}, count)
        metric.add_sample(f"{family.name}_count", known, value.count)
        metric.add_sample(f"{family.name}_sum", known, value.total_ns / 1e9)
    return metric


def shown(parse: Callable[[str], Any], text: bytes) -> Shown:
    found = [
        (family.type, sample.name, tuple(sorted(sample.labels.items())), sample.value)
        for family in parse(text.decode())
        for sample in family.samples
    ]
    assert len(found) == len(set(found))
    return set(found)


def no_rest(_seconds: float) -> None:
    """Go on at once."""


@pytest.mark.parametrize(
    ("is_open", "parse", "write"),
    [
        (False, parse_plain, generate_latest),
        (True, parse_open, openmetrics.generate_latest),
    ],
)
def test_it_says_what_prometheus_client_would_say(
    is_open: bool, parse: Callable[[str], Any], write: Callable[[Any], bytes]
) -> None:
    registry = CollectorRegistry()
    registry.register(Theirs())
    ours = Exposition(is_open, no_rest).written(READING)
    theirs = write(registry)
    assert shown(parse, ours) == shown(parse, theirs)
    # And line by line, but for how a number is written.
    assert [_start(line) for line in ours.splitlines()] == [
        _start(line) for line in theirs.splitlines()
    ]


def _start(line: bytes) -> bytes:
    return line if line.startswith(b"#") else line.rpartition(b" ")[0]


def test_a_second_scrape_of_the_same_is_the_same() -> None:
    writer = Exposition(is_open=False, rest=no_rest)
    assert writer.written(READING) == writer.written(READING)


def test_more_families_stand_behind() -> None:
    more = [
        alone(gauge("more", 'Says "more"\nthan\\that'), 0.5),
        alone(counter("count", "Count"), 3),
    ]
    text = Exposition(is_open=False, rest=no_rest).written(Reading({}), more)
    assert text.endswith(
        b'# HELP halfspread_more Says "more"\\nthan\\\\that\n'
        b"# TYPE halfspread_more gauge\nhalfspread_more 0.5\n"
        b"# HELP halfspread_count_total Count\n"
        b"# TYPE halfspread_count_total counter\nhalfspread_count_total 3\n"
    )
    text = Exposition(is_open=True, rest=no_rest).written(Reading({}), more)
    assert text.endswith(
        b'# HELP halfspread_more Says \\"more\\"\\nthan\\\\that\n'
        b"# TYPE halfspread_more gauge\nhalfspread_more 0.5\n"
        b"# HELP halfspread_count Count\n"
        b"# TYPE halfspread_count counter\nhalfspread_count_total 3\n# EOF\n"
    )


def test_it_rests_after_so_many_lines() -> None:
    rests: list[float] = []
    reading = Reading(
        {"instruments": {f"I{n}": {"position": n} for n in range(1_000)}},
        {f"s{n}": STAGE for n in range(20)},
    )
    text = Exposition(is_open=False, rest=rests.append).written(reading)
    lines = sum(not line.startswith(b"#") for line in text.splitlines())
    most = lines // LINES_AT_ONCE
    longest = len(BOUNDS_NS) + 3
    assert lines // (LINES_AT_ONCE + longest) <= len(rests) <= most
    assert set(rests) == {REST_S}


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Exposition(is_open=False, rest=no_rest)
    few = writer.written(READING)
    monkeypatch.setattr(exposition, "KEPT_MAX", 100)
    for number in range(50):
        names = {f"I{number}-{n}": {"position": 1} for n in range(10)}
        writer.written(Reading({"instruments": names}))
        kept = sum(len(one.starts) for one in writer._known.values())
        assert kept <= 100
    assert writer.written(READING) == few


def test_kinds_are_written_as_both_formats_know_them() -> None:
    more: list[Row] = [
        (info("facts", "Facts", "b", "a"), ((("1", "2"), 1),)),
        (histogram("spread", "Spread", "stage"), ((("x",), STAGE),)),
    ]
    plain = Exposition(is_open=False, rest=no_rest).written(Reading({}), more)
    assert b"# TYPE halfspread_facts_info gauge\n" in plain
    assert b'halfspread_facts_info{a="2",b="1"} 1\n' in plain
    assert b'halfspread_spread_bucket{le="+Inf",stage="x"} 9\n' in plain
    assert b'halfspread_spread_sum{stage="x"} 1.234567891\n' in plain
    opened = Exposition(is_open=True, rest=no_rest).written(Reading({}), more)
    assert b"# TYPE halfspread_facts info\n" in opened
