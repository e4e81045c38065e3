"""Every bound of the shell.

Source: docs.deribit.com, connection management, JSON-RPC overview, 2026-08-22: 32
connections per address over HTTP and WebSocket, the next is answered with status 429;
an HTTP connection ends after 15 minutes. The others are ours.
"""

from __future__ import annotations

PER_ADDRESS = 32
CONNECTIONS_MAX = 10_000
REFUSED_MAX = 256  # connections waiting to be told that there are too many
HTTP_LIFETIME_S = 900.0
REQUEST_TIMEOUT_S = 30.0  # from the first byte of a request to its last
CLOSE_TIMEOUT_S = 1.0
HEAD_MAX = 64 << 10  # bytes of a request line and its headers
FRAME_MAX = 1 << 20  # the venue itself answers anything above its own limit
READ_MAX = 16 << 10  # bytes read of one line before it is another's turn
PIPELINE_MAX = 64 << 10  # bytes read ahead of the answer to the request before
SEND_QUEUE_MAX = 4 << 20  # bytes a reader may leave waiting before it is closed
ASLEEP_NS = 5_000_000_000  # so far behind, the market does not make it up
CATCH_UP_NS = 100_000_000  # the most overdue world time one turn makes up
