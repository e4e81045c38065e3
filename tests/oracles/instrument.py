"""Legal prices of an instrument, by looking at every one."""


def is_legal(ticks: int, steps: list[tuple[int, int]]) -> bool:
    """Whether a price is on the grid; steps are ``(above_ticks, multiple)``."""
    multiple = 1
    for above_ticks, step_multiple in sorted(steps):
        if ticks > above_ticks:
            multiple = step_multiple
    return ticks % multiple == 0


def round_passive(side: str, ticks: float, steps: list[tuple[int, int]]) -> int:
    """Return the nearest legal price at or away from the touch."""
    floor = int(ticks // 1)
    if side == "bid":
        while not is_legal(floor, steps):
            floor -= 1
        return floor
    ceil = floor if floor == ticks else floor + 1
    while not is_legal(ceil, steps):
        ceil += 1
    return ceil
