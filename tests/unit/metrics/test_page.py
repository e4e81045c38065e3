"""Lines and numbers: every number reads back as it was."""

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.metrics.page import Page

LIMIT = 2**53


def blank(rests: list[int] | None = None, at_once: int = 1_000) -> Page:
    """A page that notes when it rests."""
    return Page(lambda: None if rests is None else rests.append(1), at_once)


@dataclass
class Known:
    head: bytes
    starts: dict[tuple[str, ...], bytes] = field(default_factory=dict)


def one(value: float) -> str:
    page = blank()
    page.lines_of((b"a ",), [value])
    text = page.written().decode()
    assert text.startswith("a ")
    assert text.endswith("\n")
    return text[2:-1]


@given(st.floats(allow_nan=False))
def test_a_number_reads_back_as_it_was(value: float) -> None:
    assert float(one(value)) == value


@given(st.integers(-LIMIT, LIMIT))
def test_a_whole_number_is_written_without_a_point(value: int) -> None:
    assert one(value) == str(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (True, "1"),
        (0.1, "0.1"),
        (-2.5e-08, "-2.5e-08"),
        (LIMIT - 1, "9007199254740991"),
        (float(LIMIT), "9007199254740992"),
        (1e300, "1e+300"),
        (-1.7976931348623157e308, "-1.7976931348623157e+308"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_how_numbers_are_written(value: float, text: str) -> None:
    assert one(value) == text


def test_lines_stand_in_the_order_they_were_added() -> None:
    page = blank()
    page.text(b"# TYPE a gauge\n")
    page.lines_of((b'a{b="c"} ',), [1])
    page.lines_of((b"d ", b"e "), [2, 0.5])
    page.text(b"")
    assert page.written() == b'# TYPE a gauge\na{b="c"} 1\nd 2\ne 0.5\n'


def test_an_empty_page_is_empty() -> None:
    assert blank().written() == b""


def test_a_page_grows() -> None:
    page = blank()
    for number in range(5_000):
        page.lines_of((b"n%d " % number,), [number / 8])
    lines = page.written().splitlines()
    assert lines == [b"n%d %s" % (n, one(n / 8).encode()) for n in range(5_000)]


def test_families_are_learned_once_and_their_lines_begun_once() -> None:
    known: dict[str, Known] = {}
    asked: list[object] = []

    def learn(family: str) -> Known:
        asked.append(family)
        known[family] = Known(f"# {family}\n".encode())
        return known[family]

    def begin(kept: Known, family: str, labels: tuple[str, ...]) -> bytes:
        asked.append((family, labels))
        kept.starts[labels] = f"{family}_{labels[0]} ".encode()
        return kept.starts[labels]

    rows = [("a", [(("x",), 1), (("y",), 2.5)]), ("b", []), ("c", [(("z",), "odd")])]
    spread: list[object] = []
    for _ in range(2):
        page = blank()
        page.families(rows, known, learn, begin, lambda *args: spread.append(args))
        assert page.written() == b"# a\na_x 1\na_y 2.5\n# b\n# c\n"
    assert asked == ["a", ("a", ("x",)), ("a", ("y",)), "b", "c"]
    assert spread == 2 * [(known["c"], "c", ("z",), "odd")]


def test_the_interpreter_is_let_go_after_so_many_lines() -> None:
    rests: list[int] = []
    page = blank(rests, at_once=10)
    known = {"a": Known(b"", {("x",): b"a "})}
    page.families([("a", 25 * [(("x",), 1)])], known, Known, Known, Known)
    assert len(rests) == 2
    page.lines_of((b"b ",) * 4, [0.0] * 4)
    assert len(rests) == 2
    page.lines_of((b"b ",), [0.0])
    assert len(rests) == 3


def test_wrong_arguments_are_refused() -> None:
    page = blank()
    with pytest.raises(ValueError, match="2 beginnings, 1 numbers"):
        page.lines_of((b"a ", b"b "), [1])
    with pytest.raises(TypeError):
        page.lines_of((b"a ", "b "), [1, 2])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        page.lines_of((b"a ",), ["1"])  # type: ignore[list-item]
