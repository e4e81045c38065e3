from collections.abc import Mapping
from typing import Any

from engine._core.desk import KILL_POOL as KILL_POOL
from engine._core.desk import Desk

CANCEL_ALL: str

class Outbox(Desk):
    def set_budgets(self, budgets: Mapping[str, Mapping[str, Any]]) -> None: ...
    def kill_orders(self, reason: str) -> None: ...
