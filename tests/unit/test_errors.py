"""The error tree: every error says where and what, and knows its exit code."""

import pytest

from engine import errors
from engine.errors import (
    NO_VALUE,
    ConfigError,
    EngineError,
    InvariantError,
    JournalError,
    ProtocolError,
    RequestRejected,
    VenueError,
)


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (EngineError("no"), 1, "no"),
        (ConfigError("a.toml", "b.c", 3, "1 to 2"), 2, "a.toml: b.c = 3: 1 to 2"),
        (VenueError("gone"), 3, "gone"),
        (ProtocolError("no id"), 3, "no id"),
        (
            RequestRejected("private/buy", 10009, "not_enough_funds"),
            3,
            "private/buy was rejected: 10009 not_enough_funds",
        ),
        (JournalError("x.journal", 7, "bad CRC"), 1, "x.journal: byte 7: bad CRC"),
        (InvariantError("slot 3"), 4, "slot 3"),
    ],
)
def test_text_and_exit_code(error, code, text):
    assert (error.exit_code, str(error)) == (code, text)
    assert isinstance(error, EngineError)


def test_config_error_shows_no_value_when_there_is_none():
    error = ConfigError("a.toml", "secret", NO_VALUE, "is required")
    assert str(error) == "a.toml: secret: is required"
    assert repr(error.value) == "nothing"


@pytest.mark.parametrize(
    ("more", "end"),
    [(0, "x"), (1, "x (and 1 more problem)"), (2, "x (and 2 more problems)")],
)
def test_config_error_counts_the_others(more, end):
    assert str(ConfigError("f", "k", 1, "x", more)) == f"f: k = 1: {end}"


def test_the_drawn_tree_is_the_real_one():
    drawn = [line for line in errors.__doc__.splitlines() if "──" in line]
    depth = {line.split("── ")[1].split()[0]: line.index("──") for line in drawn}
    real = {name: cls for name, cls in vars(errors).items() if isinstance(cls, type)}
    raised = {n for n, cls in real.items() if issubclass(cls, EngineError)}
    assert {*depth, "EngineError"} == raised
    for name, at in depth.items():
        direct = real[name].__bases__ == (EngineError,)
        assert direct == (at == min(depth.values())), name
