from engine._core.base.stance import STANCES as STANCES

STATE_NAMES: tuple[str, ...]
MODE_NAMES: tuple[str, ...]
BOOK_STATES: tuple[str, ...]
