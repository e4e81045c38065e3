from typing import final

HORIZON_NAMES: tuple[str, ...]

@final
class Markouts:
    pass
