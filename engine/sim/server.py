"""``halfspread sim``: the command that serves the simulated Deribit."""

from __future__ import annotations

import argparse
import ipaddress
import sys
from pathlib import Path

from engine.errors import ConfigError

HELP = "serve a simulated Deribit on this machine"
DESCRIPTION = """\
Serve a simulated Deribit: JSON-RPC API v2 over WebSocket and HTTP on one port, with a
seeded background market.

When ready it prints one JSON line with both addresses and the accounts:

  $ halfspread sim --listen 127.0.0.1:8765 --seed 7
  {"ws":"ws://127.0.0.1:8765/ws/api/v2","http":"http://127.0.0.1:8765/api/v2",
   "accounts":[...]}

Over HTTP the path names the method; parameters stand in the query or in a JSON body:

  $ curl 'http://127.0.0.1:8765/api/v2/public/ticker?instrument_name=BTC-PERPETUAL'
  $ curl -u maker:maker-secret http://127.0.0.1:8765/api/v2/private/get_positions
  $ curl -u maker:maker-secret http://127.0.0.1:8765/api/v2/private/buy -d \\
      '{"id":1,"params":{"instrument_name":"BTC-PERPETUAL","amount":10,"type":"market"}}'

Port 0 takes any free port. The same seed gives the same market. SIGTERM, SIGINT or
--seconds end it with exit code 0. --config names a TOML file, for example:

  [venue]
  matching_rate = 20      # requests per second
  connections_per_ip = 32 # over WebSocket and HTTP together
  [index.btc_usd]
  price = 64000.0
  vol = 0.8               # fraction per square root of a year
"""


def parse_address(text: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``; an IPv6 host stands in brackets.

    Raises: ConfigError.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    allowed = "must be HOST:PORT with a port of 0 to 65535"
    if not (colon and host and port.isascii() and port.isdigit()):
        raise ConfigError("command line", "--listen", text, allowed)
    if int(port) > 65_535:
        raise ConfigError("command line", "--listen", text, allowed)
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``halfspread sim``."""
    parser.add_argument(
        "--listen",
        default="127.0.0.1:8765",
        metavar="HOST:PORT",
        help="address to serve on; port 0 takes a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="seed of the market (default: %(default)s)"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="TOML file that changes the world"
    )
    parser.add_argument(
        "--seconds", type=float, metavar="N", help="end after N seconds"
    )
    parser.add_argument(
        "--public",
        action="store_true",
        help="allow an address other machines can reach (a test double: never with "
        "anything you care about)",
    )


def main(args: argparse.Namespace) -> int:
    """Run ``halfspread sim``."""
    host, port = parse_address(args.listen)
    if args.seconds is not None and not 0 < args.seconds < 1e9:
        raise ConfigError("command line", "--seconds", args.seconds, "must be > 0")
    if not is_loopback(host):
        if not args.public:
            raise ConfigError(
                "command line",
                "--listen",
                args.listen,
                "not a loopback address; add --public if you mean it",
            )
        print(
            f"halfspread: warning: {host} is reachable from other machines; this "
            "simulation has published passwords and no encryption",
            file=sys.stderr,
        )
    import asyncio

    from engine.sim.settings import ControlSection, SimConfig, load
    from engine.sim.shell import run

    sim = load(args.config) if args.config else SimConfig()
    if not is_loopback(host):
        if sim.control.enabled:
            allowed = "must not be true with --public: whoever connects could use it"
            raise ConfigError(args.config, "control.enabled", True, allowed)
        sim = sim.model_copy(update={"control": ControlSection(enabled=False)})
    asyncio.run(run(host, port, sim, args.seed, args.seconds))
    return 0
