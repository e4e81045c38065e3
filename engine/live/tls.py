"""Which code speaks TLS under a connection: the standard library's, or `aiofastnet`'s.

Both use OpenSSL and the same `ssl.SSLContext`, so what is verified is the same. The
standard library's keeps the records in Python objects on their way; `aiofastnet` hands
the socket to OpenSSL and reads several records at a time. What that is worth stands in
docs/adr/0012.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

Layer = Literal["python", "aiofastnet"]


def take_layer(loop: asyncio.AbstractEventLoop, layer: Layer) -> None:
    """Have a loop open its TLS connections by a layer from now on.

    Connections without TLS stay as they are.

    Raises: ImportError, the layer is not installed.
    """
    if layer == "python":
        return
    from aiofastnet import create_connection

    plain = loop.create_connection

    async def connect(*args: Any, ssl: Any = None, **kwargs: Any) -> Any:
        if ssl:
            return await create_connection(loop, *args, ssl=ssl, **kwargs)
        return await plain(*args, **kwargs)

    loop.create_connection = connect  # type: ignore[method-assign]
