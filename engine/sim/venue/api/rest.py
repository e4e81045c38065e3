"""The HTTP door, sans-IO: a request taken apart, and the login that came with it.

The path names the method. Parameters stand in the query, where everything is text and
is read as its parameter's kind, or in a JSON-RPC body, whatever the HTTP method and
content type say; a body sent to ``/api/v2`` itself names its method alone. A body that
names another method than the path is refused: the docs show the two always equal.
Source: docs.deribit.com, JSON-RPC overview, authentication, 2026-08-22; a body without
method in the path: clients in the wild.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from engine.sim.venue.api.auth import Authority, Signed, Token
from engine.sim.venue.api.connection import Connection
from engine.sim.venue.api.rpc import Params, Request, read_request
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.methods.registry import find_method

API = "/api/v2"
CONTROL_PATH = "/sim/"
QUERY_FIELDS_MAX = 100
OK, BAD_REQUEST, NOT_FOUND = 200, 400, 404
NO_SUCH_PATH = Reject(
    "Method not found", data={"reason": f"the API is at {API}/{{method}}"}
)
SIGNED_FIELDS = ("id", "ts", "nonce", "sig")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request as it came: target is path and query, header names lower-case.

    Units: text is what latin-1 makes of the bytes on the wire.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def method_of(target: str) -> str | None:
    """Return the API method a target names; "" for the API itself, None outside."""
    path = target.partition("?")[0]
    if path.startswith(CONTROL_PATH):
        return path[1:]
    if path == API:
        return ""
    return path[len(API) + 1 :] if path.startswith(f"{API}/") else None


def read_http(
    http: HttpRequest, name: str, frame_max: int
) -> tuple[Request, Reject | None]:
    """Take a request apart; with a refusal when it is none."""
    if len(http.target) > frame_max:
        return Request(), Reject("request entity too large")
    if http.body or not name:
        request, refusal = read_request(http.body, frame_max, name or None, False)
        if refusal is None and name and request.method != name:
            reason = f"the path names {name}"
            refusal = Reject("Invalid Request", data={"reason": reason})
        return request, refusal
    request = Request(method=name)
    try:
        request.params = _read_query(name, http.target.partition("?")[2])
    except Reject as refusal:
        return request, refusal
    return request, None


def _read_query(name: str, query: str) -> Params:
    try:
        fields = parse_qsl(
            query, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX
        )
    except ValueError:
        raise bad_param("params", f"at most {QUERY_FIELDS_MAX}") from None
    method = find_method(name)
    kinds = method.params if method is not None else {}
    params: Params = {}
    for key, text in fields:
        if key in params:
            raise bad_param(key, "given twice")
        params[key] = _value(kinds[key].kind, text) if key in kinds else text
    return params


def _value(kind: str, text: str) -> Any:
    """Return a query's text as a value of a kind; what cannot be one stays text."""
    if kind == "text" or ("text" in kind and not text.startswith("[")):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def identify(
    authority: Authority, http: HttpRequest, connection: Connection
) -> Token | None:
    """Return the token of an ``Authorization`` header, None when there is none.

    Raises:
        Reject: 13004 wrong credentials, 13009 not a token that opens anything.
    """
    header = http.headers.get("authorization", "").strip()
    if not header:
        return None
    scheme, _, rest = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return authority.verify(rest.strip(), connection)
        case "basic":
            client_id, secret = _read_basic(rest.strip())
            return authority.admit(client_id, secret, connection)
        case "deri-hmac-sha256":
            return authority.admit_signed(_read_signed(http, rest), connection)
    raise Reject("unauthorized", data={"reason": "unknown_scheme"})


def _read_basic(text: str) -> tuple[str, str]:
    try:
        pair = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        raise Reject("invalid_credentials", data={"reason": "bad_format"}) from None
    client_id, _, secret = pair.partition(":")
    return client_id, secret


def _read_signed(http: HttpRequest, text: str) -> Signed:
    """Take ``id=...,ts=...,nonce=...,sig=...`` apart, in any order."""
    fields = {}
    for one in text.split(","):
        key, _, value = one.partition("=")
        fields[key.strip().lower()] = value.strip()
    client_id, timestamp, nonce, signature = (fields.get(f, "") for f in SIGNED_FIELDS)
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20):
        raise Reject("invalid_credentials", data={"reason": "bad_timestamp"})
    body = http.body.decode(errors="surrogateescape")
    signed = f"{http.method.upper()}\n{http.target}\n{body}\n"
    return Signed(client_id, int(timestamp), nonce, signed, signature)
