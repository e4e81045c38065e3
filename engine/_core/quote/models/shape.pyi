from collections.abc import Sequence

QTY_LOTS_LIMIT: int
LADDER_SHAPES: tuple[str, ...]
SIZE_SHAPES: tuple[str, ...]

def equal_value_depths(
    edge_ticks: float, k_per_tick: float, qty_lots: Sequence[int]
) -> list[float]: ...
def offsets_of(levels: int, step_ticks: float, step_growth: float) -> list[float]: ...
def sizes_of(
    qty_lots: int | Sequence[int],
    levels: int,
    size_growth: float,
    fill_rates: Sequence[float] | None = None,
) -> list[int]: ...
