"""The configuration: one TOML file, read into frozen models, refused on any doubt.

Each class below is one table of the file and each field one key; its ``Key`` carries
the unit and the meaning, from which ``halfspread check`` and ``docs/configuration.md``
are made. Limits have no defaults. A secret is never written in the file: it names
environment variables, or a file that only its owner can read.
"""

from __future__ import annotations

import ipaddress
import math
import re
import tomllib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from engine.config_drift import Drift
from engine.config_process import Log, Loop, Metrics
from engine.config_risk import BUDGETS_MAX, Budget, Limits, Obligation, Risk
from engine.config_text import NAMES_A_SECRET, Key, Section, explain, refusal
from engine.errors import NO_VALUE, ConfigError

CONFIG_BYTES_MAX: Final = 1 << 20
"""The largest configuration file that is read."""

URLS_MAX: Final = 8
"""The most endpoints of one connection, fall-backs included."""

QUOTES_MAX: Final = 1024
"""The most instruments one engine quotes."""

CHANGE_BUDGETS_MAX: Final = 64
"""The most coins with a budget of book changes."""

SCOPES_NEEDED: Final = ("account:read_write", "trade:read_write")
"""Scopes without which orders, or cancel-on-disconnect, would be refused.

Source: docs.deribit.com, private/enable_cancel_on_disconnect and private/buy,
seen 2026-08-22.
"""

Environment = Literal["simulation", "testnet", "production"]


def environment_of(url: str) -> Environment:
    """Return the environment a URL belongs to, judged by its host name alone."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "test.deribit.com" or host.endswith(".test.deribit.com"):
        return "testnet"
    if host == "deribit.com" or host.endswith(".deribit.com"):
        return "production"
    return "simulation"


def is_loopback(host: str) -> bool:
    """Return whether a host name or address never leaves this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _url(value: str) -> str:
    return _judged_url(value, "ws", "a WebSocket URL, wss://HOST[:PORT]/PATH")


def _rest_url(value: str) -> str:
    url = _judged_url(value, "http", "an HTTP URL, https://HOST[:PORT]/PATH")
    return url.rstrip("/")


def _judged_url(value: str, scheme: str, allowed: str) -> str:
    """Return a URL of a scheme; without TLS only when it stays on this machine."""
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise refusal(allowed) from None
    if "@" in parts.netloc:
        raise refusal(f"{allowed}, without user or password in it", value=NO_VALUE)
    if parts.scheme not in (scheme, f"{scheme}s") or not host:
        raise refusal(allowed)
    if re.search(r"\s", value):
        raise refusal(allowed)
    if parts.scheme == scheme and not is_loopback(host):
        raise refusal(
            f"{scheme}:// only on loopback; anything farther needs {scheme}s:// (TLS)"
        )
    return value


def rest_url_of(url: str) -> str:
    """Return where the HTTP API stands beside a WebSocket endpoint.

    Source: docs.deribit.com, JSON-RPC overview, seen 2026-08-22.
    """
    parts = urlsplit(url)
    scheme = "https" if parts.scheme == "wss" else "http"
    return f"{scheme}://{parts.netloc}/api/v2"


def _tls_layer(value: str) -> str:
    if value != "python" and find_spec(value) is None:
        raise refusal(f"python, or {value} once it is installed: halfspread[tls]")
    return value


def _variable(value: str) -> str:
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,127}", value):
        # What stands here instead of a name may be the secret itself.
        raise refusal(
            "the name of an environment variable, in capitals", value=NO_VALUE
        )
    return value


def _scope(value: str) -> str:
    missing = [scope for scope in SCOPES_NEEDED if scope not in value.split()]
    if missing:
        raise refusal(f"scopes that include {' and '.join(missing)}")
    return value


def _path(value: Path, info: ValidationInfo) -> Path:
    folder: Path | None = (info.context or {}).get("folder")
    expanded = value.expanduser()
    return folder / expanded if folder else expanded


def _private_file(value: Path, info: ValidationInfo) -> Path:
    path = _path(value, info)
    if path.exists() and path.stat().st_mode & 0o077:
        raise refusal("a file that only its owner can read (chmod 600)")
    return path


def _params(value: dict[str, Any]) -> dict[str, Any]:
    for name, param in value.items():
        if NAMES_A_SECRET.search(name):
            raise refusal(
                "no secret may stand in the configuration", at=(name,), value=NO_VALUE
            )
        if isinstance(param, float) and not math.isfinite(param):
            raise refusal("a finite number", at=(name,), value=param)
    return value


class Venue(Section):
    """``[venue]``: where the venue is and how we talk to it."""

    urls: Annotated[
        list[Annotated[str, AfterValidator(_url)]],
        Field(min_length=1, max_length=URLS_MAX),
        Key("endpoints of the connection; the first is preferred, others fall back"),
    ]
    market_data_urls: Annotated[
        list[Annotated[str, AfterValidator(_url)]],
        Field(max_length=URLS_MAX),
        Key("endpoints of a second connection for market data; empty: one for all"),
    ] = []
    rest_url: Annotated[
        Annotated[str, AfterValidator(_rest_url)] | None,
        Key(
            "HTTP endpoint, the second road; absent: that of the hosts of urls",
            "",
            "an HTTP URL, https://HOST[:PORT]/PATH",
        ),
    ] = None
    heartbeat_s: Annotated[
        int, Field(ge=10, le=60), Key("interval of the venue's heartbeat", "s")
    ] = 30
    request_timeout_s: Annotated[
        float,
        Field(ge=0.1, le=60, allow_inf_nan=False),
        Key("a session request without an answer for this long has failed", "s"),
    ] = 5.0
    book_interval: Annotated[
        Literal["raw", "100ms", "agg2"],
        Key("book channel; raw sends every change and needs a login"),
    ] = "raw"
    ingress: Annotated[
        Literal["fast", "plain"],
        Key(
            "who splits the WebSocket frames: compiled code, in the socket's buffer, "
            "or the `websockets` package"
        ),
    ] = "fast"
    tls: Annotated[
        Literal["python", "aiofastnet"],
        AfterValidator(_tls_layer),
        Key(
            "who speaks TLS under the WebSockets: the standard library, or the package "
            "`aiofastnet` (halfspread[tls]), which is faster"
        ),
    ] = "python"
    hears_trades: Annotated[
        bool,
        Key(
            "subscribe the trades of quoted instruments, which tell a trade from a "
            "cancel in the queue ahead of our orders"
        ),
    ] = True

    def rest_urls(self) -> list[str]:
        """Return the HTTP endpoints, preferred first."""
        if self.rest_url is not None:
            return [self.rest_url]
        return list(dict.fromkeys(rest_url_of(url) for url in self.urls))


class Credentials(Section):
    """``[credentials]``: where the key is found; never the key itself."""

    grant: Annotated[
        Literal["client_signature", "client_credentials"],
        Key("how to log in; with client_signature the secret never leaves the process"),
    ] = "client_signature"
    id_env: Annotated[
        str,
        AfterValidator(_variable),
        Key("environment variable that holds the client id", "", "a variable's name"),
    ] = "HALFSPREAD_CLIENT_ID"
    secret_env: Annotated[
        str,
        AfterValidator(_variable),
        Key(
            "environment variable that holds the client secret", "", "a variable's name"
        ),
    ] = "HALFSPREAD_CLIENT_SECRET"
    file: Annotated[
        Path | None,
        Field(strict=False),
        AfterValidator(lambda path, info: path and _private_file(path, info)),
        Key(
            "TOML file with client_id and client_secret, instead of the environment",
            "",
            "path of a file that only its owner can read",
        ),
    ] = None
    scope: Annotated[
        str,
        AfterValidator(_scope),
        Key(
            "scopes asked for, separated by spaces",
            "",
            f"text that includes {' and '.join(SCOPES_NEEDED)}",
        ),
    ] = "session:halfspread account:read_write trade:read_write"


class Orders(Section):
    """``[orders]``: how our orders are treated."""

    on_start: Annotated[
        Literal["cancel", "adopt"],
        Key("what happens to orders of ours found open at start and reconnect"),
    ] = "cancel"
    foreign: Annotated[
        Literal["leave", "cancel"],
        Key("what happens to open orders of the account that are not ours"),
    ] = "leave"
    ack_timeout_ms: Annotated[
        int,
        Field(ge=100, le=60_000),
        Key("a request unanswered for this long makes its order UNKNOWN", "ms"),
    ] = 3000
    valid_for_ms: Annotated[
        int,
        Field(ge=200, le=10_000),
        Key(
            "an order or edit that reaches the book later than this after it was sent "
            "is not carried out; only then can the venue say that there is no order",
            "ms",
        ),
    ] = 2000
    cancel_reserve: Annotated[
        int,
        Field(ge=1, le=100),
        Key("requests' worth of credits that only cancels may use", "requests"),
    ] = 4
    changes_per_coin: Annotated[
        dict[str, Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]],
        Field(max_length=CHANGE_BUDGETS_MAX),
        Key(
            "book changes (orders, edits, cancels) allowed for each coin of maker "
            "volume; near it quotes are moved less often. A coin not listed: no limit",
            "changes a coin",
            "table of coins, each with a number above 0, at most 1e+09",
        ),
    ] = {"BTC": 10_000.0, "ETH": 1_000.0}
    changes_free: Annotated[
        int,
        Field(ge=1, le=1_000_000_000),
        Key("book changes, of one kind of product and coin, that need no volume"),
    ] = 10_000
    recheck_s: Annotated[
        int,
        Field(ge=5, le=3_600),
        Key("fills, orders and positions are compared with the venue this often", "s"),
    ] = 60
    tie_out_s: Annotated[
        int,
        Field(ge=0, le=3_600),
        Key("the ledger is tied out against the venue's log this often; 0: never", "s"),
    ] = 10


BudgetName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$")]
"""Name of a budget."""


class Quote(Section):
    """``[[quote]]``: one instrument, the strategy that quotes it, and its limits."""

    instrument: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$"),
        Key("instrument name as the venue spells it", "", "a name like BTC-PERPETUAL"),
    ]
    strategy: Annotated[
        str,
        Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"),
        Key("the strategy class", "", "text of the form module:Class"),
    ]
    params: Annotated[
        dict[str, Any],
        AfterValidator(_params),
        Key("arguments of the strategy class", "as the strategy says"),
    ] = {}
    requote_ticks: Annotated[
        int,
        Field(ge=0, le=1_000_000),
        Key("a live order this close to its wish in price is left alone", "ticks"),
    ] = 0
    requote_qty_pct: Annotated[
        float,
        Field(ge=0, le=100, allow_inf_nan=False),
        Key("a live order this close to its wish in size is left alone", "%"),
    ] = 0.0
    queue_ticks: Annotated[
        int,
        Field(ge=0, le=1_000),
        Key(
            "a live order is left up to this much beyond requote_ticks, or smaller "
            "than wished, while its place in the queue is worth more; 0: no place "
            "is weighed",
            "ticks",
        ),
    ] = 2
    budget: Annotated[
        BudgetName | None, Key("the budget it is part of", "", "name of a [budget.X]")
    ] = None
    limits: Annotated[Limits, Key("what bounds this instrument")]
    obligation: Annotated[
        Obligation | None, Key("what was promised to be shown; absent: nothing")
    ] = None
    drift: Annotated[
        Drift | None, Key("alarm when the market is another; absent: not measured")
    ] = None


Folder = Annotated[
    Path | None,
    Field(strict=False),
    AfterValidator(lambda path, info: path and _path(path, info)),
]
"""A folder, relative to that of the file. Empty: None, there is none."""


class Journal(Section):
    """``[journal]``: the record of every call into the core."""

    path: Annotated[
        Folder,
        Key("folder of the journals, one file a run; absent: no journal"),
    ] = None


class State(Section):
    """``[state]``: what outlives a run, and where a running engine is spoken to."""

    path: Annotated[
        Folder,
        Key(
            "folder of this engine alone: lock, checkpoint, operator's socket, sign "
            "of life; absent: none of them",
            "",
            "path of a folder that only its owner can enter; made when missing",
        ),
    ] = None
    checkpoint_ms: Annotated[
        int,
        Field(ge=100, le=60_000),
        Key("what changed since is written to the checkpoint this often", "ms"),
    ] = 1_000
    stall_s: Annotated[
        float,
        Field(ge=0.5, le=60, allow_inf_nan=False),
        Key("an engine silent for this long is hung, says `halfspread watchdog`", "s"),
    ] = 3.0


class Config(Section):
    """The whole file."""

    environment: Annotated[
        Environment,
        Key("which venue the URLs must belong to; production is never implied"),
    ]
    venue: Venue
    credentials: Credentials = Credentials()
    orders: Orders = Orders()
    risk: Risk = Risk()
    budget: Annotated[
        dict[BudgetName, Budget],
        Field(max_length=BUDGETS_MAX),
        Key("limits of some instruments together"),
    ] = {}
    quote: Annotated[list[Quote], Field(min_length=1, max_length=QUOTES_MAX)]
    journal: Journal = Journal()
    state: State = State()
    loop: Loop = Loop()
    metrics: Metrics = Metrics()
    log: Log = Log()

    _file: str = PrivateAttr("<configuration>")

    @property
    def file(self) -> str:
        """Name of the file this was read from, for error texts."""
        return self._file

    @model_validator(mode="after")
    def _urls_match_environment(self) -> Self:
        venue = self.venue
        found: list[tuple[tuple[str | int, ...], str]] = [
            (("venue", key, index), url)
            for key in ("urls", "market_data_urls")
            for index, url in enumerate(getattr(venue, key))
        ]
        if venue.rest_url is not None:
            found.append((("venue", "rest_url"), venue.rest_url))
        for at, url in found:
            actual = environment_of(url)
            if actual != self.environment:
                raise refusal(
                    f'a venue of environment = "{self.environment}"; this host '
                    f'belongs to "{actual}"',
                    at=at,
                    value=url,
                )
        return self

    @model_validator(mode="after")
    def _keys_have_a_loss_budget(self, info: ValidationInfo) -> Self:
        """Where a key can lose something, its loss is bounded over restarts."""
        may_quote = (info.context or {}).get("may_quote", True)
        if self.environment == "simulation" or not may_quote:
            return self
        if self.risk.loss_day_usd is None:
            raise refusal(
                f'is required for environment = "{self.environment}": a loss limit of '
                "the day, in USD",
                at=("risk", "loss_day_usd"),
                value=NO_VALUE,
            )
        if self.state.path is None:
            raise refusal(
                f'is required for environment = "{self.environment}": a folder in '
                "which the loss budget outlives a restart",
                at=("state", "path"),
                value=NO_VALUE,
            )
        return self

    @model_validator(mode="after")
    def _budgets_are_used_and_shared(self) -> Self:
        """Every budget named is there and is used; shares leave something to all."""
        used = dict.fromkeys(quote.budget for quote in self.quote)
        for index, quote in enumerate(self.quote):
            if quote.budget is not None and quote.budget not in self.budget:
                there = ", ".join(self.budget) or "none"
                raise refusal(
                    f"a budget; there are: {there}",
                    at=("quote", index, "budget"),
                    value=quote.budget,
                )
        for name in self.budget:
            if name not in used:
                text = "a budget that some quote names"
                raise refusal(text, at=("budget", name), value=name)
        shares = {
            name: one.credit_share_pct or 0.0 for name, one in self.budget.items()
        }
        whole = sum(shares.values())
        without = [name for name in used if name is None or not shares[name]]
        if whole > 100.0 or (whole == 100.0 and without):
            name = next(name for name, share in shares.items() if share)
            raise refusal(
                "shares of 100 % together at most, and below it while a quote has none",
                at=("budget", name, "credit_share_pct"),
                value=shares[name],
            )
        return self

    @model_validator(mode="after")
    def _one_strategy_per_instrument(self) -> Self:
        first: dict[str, int] = {}
        for index, quote in enumerate(self.quote):
            if first.setdefault(quote.instrument, index) != index:
                raise refusal(
                    "an instrument is quoted by exactly one strategy, and "
                    f"quote[{first[quote.instrument]}] has it already",
                    at=("quote", index, "instrument"),
                    value=quote.instrument,
                )
        return self


def load(path: str | Path, *, may_quote: bool = True) -> Config:
    """Read and judge a configuration file.

    Relative paths in the file are relative to its folder. Who never quotes
    (``may_quote`` False: looking, stopping, cancelling) needs no loss budget.

    Raises: ConfigError naming file, key, value and what is allowed, for the first
    problem found, with the count of the others.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            content = stream.read(CONFIG_BYTES_MAX + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(file, "file", NO_VALUE, f"cannot be read: {reason}") from None
    if len(content) > CONFIG_BYTES_MAX:
        allowed = f"at most {CONFIG_BYTES_MAX} bytes"
        raise ConfigError(file, "file", NO_VALUE, allowed)
    try:
        document = tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(file, f"line {line}", NO_VALUE, "not UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(file, "TOML syntax", NO_VALUE, str(error)) from None
    return from_mapping(document, file, may_quote=may_quote)


def from_mapping(
    document: Mapping[str, Any],
    file: str | Path = "<configuration>",
    *,
    may_quote: bool = True,
) -> Config:
    """Judge a configuration that has been read already; ``file`` names it in errors.

    ``may_quote`` as for `load`.

    Raises: ConfigError.
    """
    try:
        config = Config.model_validate(
            document,
            context={"folder": Path(file).parent.absolute(), "may_quote": may_quote},
        )
    except ValidationError as error:
        raise explain(Config, error, document, file) from None
    config._file = str(file)
    return config
