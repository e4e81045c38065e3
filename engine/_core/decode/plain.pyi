STATUS_NAMES: tuple[str, ...]
