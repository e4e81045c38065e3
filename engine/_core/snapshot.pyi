STATE_NAMES: tuple[str, ...]
MODE_NAMES: tuple[str, ...]
BOOK_STATES: tuple[str, ...]
