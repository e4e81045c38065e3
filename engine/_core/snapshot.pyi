MODE_NAMES: tuple[str, ...]
BOOK_STATES: tuple[str, ...]
