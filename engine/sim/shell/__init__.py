"""The simulated world behind a real port: WebSocket and HTTP on one address.

The world is sans-IO; the shell owns the sockets, the signals and the only clock of the
simulation. Everything runs on one event loop: what comes in turns the world, and what
the turn produced leaves in one write per connection. ``line`` is one TCP connection,
which speaks ``http`` until a handshake turns it into a ``websocket``; ``driver`` turns
the world; ``service`` is the listening port and the command.
"""

from engine.sim.shell.service import run, serving

__all__ = ["run", "serving"]
