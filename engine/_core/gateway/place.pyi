def judge(
    *,
    ahead: float,
    others: float,
    joins: float,
    stands: float,
    wished: float,
    open_lots: int = 10,
    wished_lots: int = 10,
    step: float = 1.0,
    reach: float = 10.0,
) -> tuple[bool, float]: ...
