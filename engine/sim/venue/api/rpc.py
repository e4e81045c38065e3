"""The request side of JSON-RPC: methods, their parameters, answers.

A method is registered with the scope it needs, what it costs and what it takes; a
request passes frame → method → token → credits → scope → parameters → handler, and the
first of these that objects answers. Parameters are named, unknown ones are ignored.
Source: docs.deribit.com, JSON-RPC usage, 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import orjson

from engine.sim.venue.api.wire import dumps
from engine.sim.venue.errors import Reject, bad_param

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.venue import Venue

Params = dict[str, Any]
Body = tuple[str, Any]  # ("result" or "error", value)
LOGIN = "login"  # the scope of methods that need a token and nothing more of it
CONTROL = "control"  # the scope of methods no client of a real venue has
TEXT_MAX = 1_000
LIST_MAX = 500
FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Param:
    """What one parameter must be.

    A flag may come as the text "true" or "false": clients in the wild send that. A
    ``text or integer`` becomes text.
    Empty: choices () = anything of the kind; fields, those of each of the ``objects``
    or of the one ``object``.
    """

    kind: str
    required: bool = False
    choices: tuple[str, ...] = ()
    size_max: int = TEXT_MAX
    at_least: float | None = None
    at_most: float | None = None
    fields: Mapping[str, Param] = field(default_factory=dict)

    def check(self, name: str, value: Any) -> Any:
        """Return the value, or refuse it.

        Raises:
            Reject: -32602 with the parameter and the reason.
        """
        if self.kind == "text or texts":
            return self._check_either(name, value)
        if self.kind in ("objects", "object"):
            return self._check_objects(name, value)
        if self.kind == "flag" and isinstance(value, str):
            value = FLAGS.get(value, value)
        if self.kind == "text or integer" and type(value) is int:
            value = str(value)
        if not self._is_fit(value):
            raise bad_param(name, f"must be a {self.kind}")
        if isinstance(value, str | list) and len(value) > self.size_max:
            raise bad_param(name, f"too long, at most {self.size_max}")
        if self.choices and value not in self.choices:
            raise bad_param(name, f"must be one of {', '.join(self.choices)}")
        if self.at_least is not None and value < self.at_least:
            raise bad_param(name, f"must be at least {self.at_least}")
        if self.at_most is not None and value > self.at_most:
            raise bad_param(name, f"must be at most {self.at_most}")
        return value

    def _is_fit(self, value: Any) -> bool:
        """Say whether a value is of the kind."""
        match self.kind:
            case "text" | "text or integer":
                return isinstance(value, str)
            case "flag":
                return isinstance(value, bool)
            case "texts":
                return isinstance(value, list) and all(
                    isinstance(one, str) and len(one) <= TEXT_MAX for one in value
                )
            case "text or object":
                return isinstance(value, str | dict)
            case "integer":
                return isinstance(value, int) and not isinstance(value, bool)
        return isinstance(value, int | float) and not isinstance(value, bool)

    def _check_either(self, name: str, value: Any) -> list[str]:
        values = value if isinstance(value, list) else [value]
        for one in values:
            Param("text", choices=self.choices).check(name, one)
        return values

    def _check_objects(self, name: str, value: Any) -> list[Params] | Params:
        if self.kind == "object":
            if not isinstance(value, dict):
                raise bad_param(name, "must be an object")
            return check_params(self.fields, value)
        if not isinstance(value, list):
            raise bad_param(name, "must be a list of objects")
        if len(value) > self.size_max:
            raise bad_param(name, f"too long, at most {self.size_max}")
        checked = []
        for one in value:
            if not isinstance(one, dict):
                raise bad_param(name, "must be a list of objects")
            checked.append(check_params(self.fields, one))
        return checked


def check_params(known: Mapping[str, Param], given: Params) -> Params:
    """Return the parameters that are known, each checked.

    Others are passed over: clients in the wild send ones of older versions.

    Raises:
        Reject: -32602: one is missing or not what it must be.
    """
    checked: Params = {}
    for name, param in known.items():
        if name in given:
            checked[name] = param.check(name, given[name])
        elif param.required:
            raise bad_param(name, "value required")
    return checked


class Later(Enum):
    """What a handler returns when its answer comes later."""

    LATER = "later"


LATER = Later.LATER


@dataclass(slots=True)
class Call:
    """One request on its way: who asks, from where, with which parameters.

    A handler returns the result, raises Reject, or returns ``LATER`` and sees to it
    that ``finish`` or ``fail`` is called once. ``after`` runs when the answer has been
    queued (snapshots of new subscriptions). ``owner`` is who was logged in at the time.
    Units: in_ns is the venue's clock when the request came in.
    """

    venue: Venue
    connection: Connection
    request: Request
    in_ns: int
    params: Params = field(default_factory=dict)
    after: list[Callable[[], None]] = field(default_factory=list)
    answer: bool = True
    owner: Account | None = None

    def finish(self, result: Any) -> None:
        """Answer with a result."""
        self.venue.conclude(self, ("result", result))

    def fail(self, reject: Reject) -> None:
        """Answer with an error."""
        self.venue.conclude(self, ("error", reject.body()))

    @property
    def account(self) -> Account:
        """Return the account of a private request, whoever logs in meanwhile."""
        assert self.owner is not None, "private methods run logged in"
        return self.owner


Handler = Callable[[Call], Any]
Cost = str | Callable[[Params], str]


@dataclass(frozen=True, slots=True)
class Method:
    """One registered method. Empty: scope "" = public; LOGIN = any token.

    A ``socket_only`` one is refused over HTTP.
    """

    name: str
    handler: Handler
    scope: str
    cost: Cost
    params: dict[str, Param]
    socket_only: bool = False

    def cost_of(self, params: Params) -> str:
        """Return the credit class of a request."""
        return self.cost if isinstance(self.cost, str) else self.cost(params)

    def check(self, params: Params) -> Params:
        """Return the parameters the method knows, each checked.

        Raises:
            Reject: -32602: one is missing or not what it must be.
        """
        return check_params(self.params, params)


METHODS: dict[str, Method] = {}


def method(
    name: str,
    params: dict[str, Param] | None = None,
    *,
    scope: str = "",
    cost: Cost = "general",
    socket_only: bool = False,
) -> Callable[[Handler], Handler]:
    """Register a handler under a method name."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = Method(name, handler, scope, cost, params or {}, socket_only)
        return handler

    return register


@dataclass(slots=True)
class Request:
    """A frame taken apart. Empty: ``request_id`` None = it had no usable id."""

    request_id: int | str | None = None
    method: str = ""
    params: Params | None = None


def read_request(
    payload: bytes,
    frame_max: int,
    default_method: str | None = None,
    needs_id: bool = True,
) -> tuple[Request, Reject | None]:
    """Take a frame apart; with a refusal when it is not a request.

    A slash before the method is passed over: clients in the wild send one.

    Empty: default_method None = the frame itself must name one.
    """
    request = Request()
    if len(payload) > frame_max:
        return request, Reject("request entity too large")
    try:
        frame = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return request, Reject("Parse error")
    if not isinstance(frame, dict):
        return request, Reject("Invalid Request", data={"reason": "no batch requests"})
    request_id = frame.get("id")
    if isinstance(request_id, int | str) and not isinstance(request_id, bool):
        request.request_id = request_id
    elif needs_id or "id" in frame:
        return request, Reject("Invalid Request", data={"reason": "id required"})
    name, params = frame.get("method", default_method), frame.get("params", {})
    if not isinstance(name, str):
        return request, Reject("Invalid Request", data={"reason": "method required"})
    if not isinstance(params, dict):
        return request, bad_param("params", "must be an object")
    request.method, request.params = name.removeprefix("/"), params
    return request, None


def answer(
    request: Request, body: Body, in_us: int, out_us: int, testnet: bool
) -> bytes:
    """Return the frame that answers a request."""
    frame: dict[str, Any] = {"jsonrpc": "2.0"}
    if request.request_id is not None:
        frame["id"] = request.request_id
    frame[body[0]] = body[1]
    frame["usIn"], frame["usOut"] = in_us, out_us
    frame["usDiff"] = out_us - in_us
    frame["testnet"] = testnet
    return dumps(frame)
