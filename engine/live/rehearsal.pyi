import socket

from engine._core.core import Core
from engine.live.stage import FIRST_ID as FIRST_ID
from engine.live.stage import ORDER_ID as ORDER_ID

class Rehearsal:
    plays: int
    stopped: str
    far_end: socket.socket
    def __init__(self, core: Core) -> None: ...
    def rehearse(self, times: int) -> None: ...
    def close(self) -> None: ...
    @property
    def requests(self) -> int: ...
