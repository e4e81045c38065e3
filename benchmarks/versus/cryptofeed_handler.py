"""cryptofeed: its own handler of the venue's messages, Decimals and all."""

from __future__ import annotations

import asyncio
import types

from cryptofeed.defines import DERIBIT, L2_BOOK
from cryptofeed.exchanges import Deribit
from cryptofeed.symbols import Symbols

from benchmarks.stream import NAME
from benchmarks.versus.rival import Touch

SYMBOL = "BTC-USD-PERP"


async def _take(_book: object, _receipt: float) -> None:
    """Stand for the user's callback."""


class Client:
    """The handler behind a stand-in for its connection, which hands it text."""

    def __init__(self, snapshot: bytes) -> None:
        Symbols.set(DERIBIT, {SYMBOL: NAME}, {"instrument_type": {SYMBOL: "perpetual"}})
        self.feed = Deribit(
            symbols=[SYMBOL],
            channels=[L2_BOOK],
            callbacks={L2_BOOK: _take},
            config={"deribit": {"key_id": "none", "key_secret": "none"}},
        )
        self.feed.seq_no, self.feed._l2_book = {}, {}
        self.connection = types.SimpleNamespace(uuid="benchmark")
        self._run([snapshot])

    def play(self, frames: list[bytes]) -> None:
        """Take every frame and read the touch after each."""
        self._run(frames)

    def _run(self, frames: list[bytes]) -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._feed([frame.decode() for frame in frames]))
        finally:
            loop.close()

    async def _feed(self, texts: list[str]) -> None:
        handle, connection = self.feed.message_handler, self.connection
        for text in texts:
            await handle(text, connection, 0.0)
            book = self.feed._l2_book[SYMBOL].book
            book.bids.index(0), book.asks.index(0)

    def touch(self) -> Touch:
        """Return best bid and ask."""
        book = self.feed._l2_book[SYMBOL].book
        return float(book.bids.index(0)[0]), float(book.asks.index(0)[0])
