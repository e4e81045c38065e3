"""Methods of the session: login, heartbeat, subscriptions, cancel-on-disconnect."""

from __future__ import annotations

from functools import partial
from typing import Any

from engine.sim.venue.api.rpc import LIST_MAX, LOGIN, Call, Param, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.feeds.channels import Channel, parse_channel

VERSION = {"version": "1.2.26"}
LABEL_MAX = 16
SESSION_NAME_MAX = 100
HEARTBEAT_MIN_S = 10
CHANNELS = {"channels": Param("texts", required=True, size_max=LIST_MAX)}
COD_SCOPE = {"scope": Param("text", choices=("connection", "account"))}


@method(
    "public/auth",
    {
        "grant_type": Param(
            "text",
            required=True,
            choices=("client_credentials", "client_signature", "refresh_token"),
        ),
        "client_id": Param("text"),
        "client_secret": Param("text"),
        "refresh_token": Param("text"),
        "timestamp": Param("integer"),
        "signature": Param("text"),
        "nonce": Param("text"),
        "data": Param("text"),
        "state": Param("text"),
        "scope": Param("text"),
    },
)
def auth(call: Call) -> Any:
    """Log in, or renew a login; the socket then needs no token in requests."""
    venue, connection = call.venue, call.connection
    token = venue.authority.authenticate(call.params, connection)
    venue.log_in(connection, token)
    return venue.authority.row(token, call.params.get("state"))


@method(
    "public/fork_token",
    {
        "refresh_token": Param("text", required=True),
        "session_name": Param("text", required=True, size_max=SESSION_NAME_MAX),
    },
)
def fork_token(call: Call) -> Any:
    """Open another session with the scopes of one; this socket stays as it is."""
    params, authority = call.params, call.venue.authority
    if not params["session_name"]:
        raise bad_param("session_name", "must not be empty")
    token = authority.fork(params["refresh_token"], params["session_name"])
    return authority.token_row(token)


@method(
    "public/exchange_token",
    {
        "refresh_token": Param("text", required=True),
        "subject_id": Param("integer", required=True),
        "scope": Param("text"),
    },
)
def exchange_token(call: Call) -> Any:
    """Log in as another account of the family, in place of a login or beside it."""
    params, connection = call.params, call.connection
    authority, before = call.venue.authority, connection.token
    token = authority.exchange(
        params["refresh_token"],
        params["subject_id"],
        params.get("scope", ""),
        connection,
    )
    if before is not None and not before.valid:
        call.venue.log_in(connection, token)
    return authority.token_row(token)


@method(
    "private/logout",
    {"invalidate_token": Param("flag")},
    scope=LOGIN,
    socket_only=True,
)
def logout(call: Call) -> Any:
    """Close the socket without an answer and without cancel-on-disconnect."""
    token = call.connection.token
    if call.params.get("invalidate_token", True) and token is not None:
        call.venue.authority.withdraw(token)
    call.answer = False
    call.venue.end(call.connection, 1000, "logout", cancel_orders=False)
    return None


@method(
    "public/set_heartbeat",
    {"interval": Param("number", required=True, at_least=HEARTBEAT_MIN_S)},
    socket_only=True,
)
def set_heartbeat(call: Call) -> Any:
    """Start the heartbeat."""
    interval_s = min(call.params["interval"], 86_400)
    call.connection.set_heartbeat(interval_s, call.venue.exchange.now_ns)
    return "ok"


@method("public/disable_heartbeat", socket_only=True)
def disable_heartbeat(call: Call) -> Any:
    """Stop the heartbeat."""
    call.connection.set_heartbeat(0, 0)
    return "ok"


@method("public/test", {"expected_result": Param("text", choices=("exception",))})
def test(call: Call) -> Any:
    """Answer a test request."""
    call.connection.answered = True
    if "expected_result" in call.params:
        raise Reject("other_reject", "exception")
    return VERSION


@method(
    "public/hello",
    {
        "client_name": Param("text", required=True),
        "client_version": Param("text", required=True),
    },
    socket_only=True,
)
def hello(call: Call) -> Any:
    """Introduce a client."""
    return VERSION


@method("public/get_time")
def get_time(call: Call) -> Any:
    """Return the venue's clock."""
    return call.venue.exchange.now_ms


@method("public/status")
def status(call: Call) -> Any:
    """Return the lock state; ``locked`` is a text on the wire."""
    indices = call.venue.exchange.indices.values()
    locked = [index.name for index in indices if index.locked]
    if not locked:
        return {"locked": "false"}
    extent = "true" if len(locked) == len(indices) else "partial"
    return {"locked": extent, "locked_indices": locked}


# Subscriptions.


def _subscribe(call: Call) -> Any:
    """Subscribe and return the channels that exist and are allowed, each once."""
    connection, authority = call.connection, call.venue.authority
    token = connection.token
    if token is not None and not authority.usable(token, connection):
        token = None
    wanted: dict[str, Channel] = {}
    for name in call.params["channels"]:
        channel = parse_channel(name, call.venue.exchange)
        if channel is None:
            continue
        if channel.scope and (token is None or not token.allows(channel.scope)):
            continue
        if channel.raw_needs_login and token is None:
            raise Reject("raw_subscriptions_not_available_for_unauthorized")
        wanted[name] = channel
    label = call.params.get("label", "")
    for channel in wanted.values():
        private = bool(channel.scope)
        owner = connection.account if private else None
        known = channel.name in connection.feeds
        feed = call.venue.hub.subscribe(
            connection, channel, owner, label if private else ""
        )
        if not known:
            call.after.append(partial(feed.greet, connection))
    return list(wanted)


def _unsubscribe(call: Call) -> Any:
    """Unsubscribe and return what was subscribed."""
    hub, connection = call.venue.hub, call.connection
    return [
        name for name in call.params["channels"] if hub.unsubscribe(connection, name)
    ]


def _unsubscribe_all(call: Call) -> Any:
    """Unsubscribe from everything."""
    call.venue.hub.leave(call.connection)
    return "ok"


LABELLED = {**CHANNELS, "label": Param("text", size_max=LABEL_MAX)}
_on_socket = partial(method, socket_only=True)
_on_socket("public/subscribe", CHANNELS, cost="subscribe")(_subscribe)
_on_socket("private/subscribe", LABELLED, scope=LOGIN, cost="subscribe")(_subscribe)
_on_socket("public/unsubscribe", CHANNELS)(_unsubscribe)
_on_socket("private/unsubscribe", CHANNELS, scope=LOGIN)(_unsubscribe)
_on_socket("public/unsubscribe_all")(_unsubscribe_all)
_on_socket("private/unsubscribe_all", scope=LOGIN)(_unsubscribe_all)


# Cancel-on-disconnect.


@method(
    "private/enable_cancel_on_disconnect",
    COD_SCOPE,
    scope="account:read_write",
    socket_only=True,
)
def enable_cancel_on_disconnect(call: Call) -> Any:
    """Switch COD on for this connection, or for every later one of the account."""
    return _switch_cod(call, True)


@method(
    "private/disable_cancel_on_disconnect",
    COD_SCOPE,
    scope="account:read_write",
    socket_only=True,
)
def disable_cancel_on_disconnect(call: Call) -> Any:
    """Switch COD off for this connection, or for every later one of the account."""
    return _switch_cod(call, False)


def _switch_cod(call: Call, on: bool) -> str:
    """Switch this connection, or what later ones of the account begin with.

    Switched on for the account, it is on for this connection too.
    Source: connection management, 2026-08-22.
    """
    for_account = call.params.get("scope", "connection") == "account"
    if for_account:
        call.account.cod_by_default = on
    if on or not for_account:
        call.connection.cancel_on_disconnect = on
    return "ok"


@method("private/get_cancel_on_disconnect", COD_SCOPE, scope="account:read")
def get_cancel_on_disconnect(call: Call) -> Any:
    """Say whether COD is on."""
    scope = call.params.get("scope", "connection")
    if scope == "account":
        return {"scope": scope, "enabled": call.account.cod_by_default}
    return {"scope": scope, "enabled": call.connection.cancel_on_disconnect}
