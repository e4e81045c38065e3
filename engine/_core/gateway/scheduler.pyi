from collections.abc import Collection, Sequence

class Scheduler: ...

def order_of(
    values: Sequence[float], *, instruments: int = 1, held: Collection[int] = ()
) -> list[int]: ...
def dollars(
    *,
    kind: str,
    side: str = "bid",
    stands: float = 0.0,
    wished: float = 0.0,
    lots: int = 1,
    fair_ticks: float = 10_000.0,
    reach_ticks: float = 10.0,
    place_share: float = 0.0,
) -> float: ...
