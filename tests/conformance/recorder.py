"""Recorded traffic: HTTP requests as frames, several connections in one file."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import urllib.parse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.conformance.client import Record
from tests.conformance.served import API, Venue

ID_STEP = 1_000_000
TIMEOUT_S = 30.0
OK, BAD_REQUEST = 200, 400


class Http:
    """One keep-alive HTTP connection; its traffic is recorded as frames.

    ``get`` sends every value as text, as a query does; ``post`` a JSON-RPC body.
    """

    def __init__(self, venue: Venue, login: tuple[str, str] | None = None) -> None:
        self.records: list[Record] = []
        self._connection = http.client.HTTPConnection(
            venue.origin.removeprefix("http://"), timeout=TIMEOUT_S
        )
        self._headers = {}
        if login is not None:
            pair = base64.b64encode(":".join(login).encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"
        self._last_id = 0

    async def get(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask with a query; return the answer, with an id for the record."""
        query = urllib.parse.urlencode({k: spelled(v) for k, v in params.items()})
        target = f"{API}/{method}" + (f"?{query}" if query else "")
        return await self._recorded("GET", target, b"", method, params)

    async def post(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask with a body that has no content type."""
        frame = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        body = json.dumps(frame).encode()
        return await self._recorded("POST", f"{API}/{method}", body, method, params)

    async def _recorded(
        self, verb: str, target: str, body: bytes, method: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        self._last_id += 1
        request = {"id": self._last_id, "method": method, "params": params}
        self.records.append(("out", request))
        status, answer = await asyncio.to_thread(self._exchange, verb, target, body)
        frame = {**answer, "id": self._last_id}
        self.records.append(("in", frame))
        assert status == (BAD_REQUEST if "error" in frame else OK), (status, frame)
        return frame

    def _exchange(self, verb: str, target: str, body: bytes) -> tuple[int, Any]:
        self._connection.request(verb, target, body or None, self._headers)
        with self._connection.getresponse() as response:
            return response.status, json.load(response)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def spelled(value: Any) -> str:
    """Return a value as a query spells it."""
    return value if isinstance(value, str) else json.dumps(value)


def merged(connections: Iterable[list[Record]]) -> list[Record]:
    """Return the traffic of several connections as one with ids of its own."""
    records: list[Record] = []
    for number, part in enumerate(connections, 1):
        for direction, frame in part:
            if "id" in frame:
                frame = {**frame, "id": number * ID_STEP + frame["id"]}
            records.extend((direction, one) for one in parts(frame))
    return records


def parts(frame: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what to validate for a frame.

    The schema describes the arrays of ``user.changes`` by their element.
    """
    if frame.get("method") != "subscription":
        return [frame]
    params = frame["params"]
    if not params["channel"].startswith("user.changes."):
        return [frame]
    data = params["data"]
    bare = {key: data[key] for key in data if key not in ("orders", "trades")}
    return [
        {**frame, "params": {**params, "data": {**bare, key: element}}}
        for key in ("orders", "trades")
        for element in data[key]
    ]


def write(path: Path, records: Iterable[Record]) -> None:
    """Write traffic as the checker of frames reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lines:
        for direction, frame in records:
            lines.write(json.dumps({"dir": direction, "frame": frame}) + "\n")
