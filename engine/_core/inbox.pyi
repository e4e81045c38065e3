from collections.abc import Mapping
from typing import Any

from engine._core.outbox import Outbox

ODD_NAMES: dict[int, str]

class Inbox(Outbox):
    def trade(self, row: Mapping[str, Any]) -> bool: ...
