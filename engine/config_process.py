"""The tables about the process itself: how it waits, what it serves, what it says.

A part of the configuration file; see `engine.config`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.config_text import Key, Section


class Loop(Section):
    """``[loop]``: how the engine's one thread waits, and where it runs."""

    policy: Annotated[
        Literal["adaptive", "sleep", "spin"],
        Key(
            "how it waits for bytes: asleep; awake, which takes a whole core and must "
            "have it alone; or awake for a short while after some came, as long as "
            "nobody else wants the core"
        ),
    ] = "adaptive"
    spin_us: Annotated[
        int,
        Field(ge=1, le=10_000),
        Key("how long adaptive stays awake after bytes came", "us"),
    ] = 50
    rehearse_us: Annotated[
        int,
        Field(ge=0, le=10_000),
        Key(
            "awake, and nothing came for so long: a tick is played on a stage of its "
            "own, and again after as long, so that its way stays warm; 0: never",
            "us",
        ),
    ] = 200
    cpu: Annotated[
        int | None,
        Field(ge=0, le=4_095),
        Key(
            "core the thread is pinned to; absent: where the system puts it",
            "",
            "number of a core, from 0",
        ),
    ] = None
    realtime: Annotated[
        bool,
        Key(
            "wake before ordinary programs (SCHED_RR, priority 1) where the system "
            "allows it; never while policy is spin"
        ),
    ] = True


class Metrics(Section):
    """``[metrics]``: the Prometheus endpoint."""

    enabled: Annotated[bool, Key("serve /metrics")] = True
    host: Annotated[
        str,
        Field(min_length=1),
        Key("where to listen; loopback unless changed", "", "host name or address"),
    ] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65_535), Key("port to listen on; 0 takes any free one")
    ] = 9464


class Log(Section):
    """``[log]``: what is written to standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Key("least important level shown")
    ] = "info"
