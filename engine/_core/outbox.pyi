from engine._core.desk import Desk

class Outbox(Desk):
    def kill_orders(self, reason: str) -> None: ...
