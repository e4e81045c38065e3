from typing import final

@final
class Queue:
    def __init__(self, *, first_slot: int = 0) -> None: ...
