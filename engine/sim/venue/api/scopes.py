"""Access scopes: what a login asks for, what its key lets it have, what a token shows.

A scope text names categories with a level (``trade:read_write``, ``wallet:none``), how
the token is bound (``connection``, ``session:NAME``), its life (``expires:SECONDS``)
and from where it may be used (``ip:ADDRESS`` or ``ip:NETWORK``, ``*`` = anywhere). A
login that names no level to have gets everything its key has, less what it refuses
with ``none``; one that names some gets these and no others, and never more than its
key. ``mainaccount`` is the venue's to set; what it does not know it passes over.
Source: docs.deribit.com, access scope, 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from engine.sim.venue.errors import bad_param

LEVELS = {"none": 0, "read": 1, "read_write": 2}
LOOPBACK = "127.0.0.1"
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Wish:
    """A scope text taken apart. Empty: session "" = bound to the connection."""

    levels: Mapping[str, str] = field(default_factory=dict)
    session: str = ""
    expires_s: int | None = None
    network: Network | None = None

    def granted(self, own: Mapping[str, str]) -> dict[str, str]:
        """Return the levels a key with its own ones is granted."""
        asked = {c: level for c, level in self.levels.items() if c in own}
        if not any(LEVELS[level] for level in asked.values()):
            asked = {**own, **asked}
        return {c: lower(level, own[c]) for c, level in asked.items()}


def lower(one: str, other: str) -> str:
    """Return the lesser of two levels."""
    return min(one, other, key=LEVELS.__getitem__)


def read_scope(text: str) -> Wish:
    """Take a scope text apart.

    Raises:
        Reject: -32602 an address that is none.
    """
    levels: dict[str, str] = {}
    session, expires_s, network = "", None, None
    for one in text.split():
        category, _, value = one.partition(":")
        if category == "session":
            session = value
        elif category == "expires" and value.isascii() and value.isdigit():
            expires_s = int(value)
        elif category == "ip":
            network = _network(value)
        elif value in LEVELS:
            levels[category] = value
    return Wish(levels, session, expires_s, network)


def _network(text: str) -> Network | None:
    if text == "*":
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise bad_param("scope", "ip: not an address or network") from None


def reaches(network: Network | None, peer: str) -> bool:
    """Say whether an address lies in a network; "" is a connection from inside."""
    if network is None:
        return True
    try:
        return ip_address(peer or LOOPBACK) in network
    except ValueError:
        return False


def scope_text(
    levels: Mapping[str, str], session: str, network: Network | None, is_main: bool
) -> str:
    """Return the scopes of a token as answers show them."""
    parts = [f"session:{session}" if session else "connection"]
    parts += [f"{category}:{level}" for category, level in levels.items()]
    if network is not None:
        parts.append(f"ip:{network}")
    if is_main:
        parts.append("mainaccount")
    return " ".join(sorted(parts))
