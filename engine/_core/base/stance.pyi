STANCES: tuple[str, ...]
