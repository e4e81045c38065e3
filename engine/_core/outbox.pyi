from engine._core.desk import KILL_POOL as KILL_POOL
from engine._core.desk import Desk

CANCEL_ALL: str

class Outbox(Desk):
    def kill_orders(self, reason: str) -> None: ...
