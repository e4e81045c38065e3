from engine._core.outbox import Outbox

ODD_NAMES: dict[int, str]

class Inbox(Outbox): ...
