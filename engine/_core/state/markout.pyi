from typing import final

HORIZON_NAMES: tuple[str, ...]
KIND_NAMES: tuple[str, ...]

@final
class Markouts:
    pass
