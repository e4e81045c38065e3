class Position:
    size_lots: int
    max_abs_lots: int
    average_price: float
    realized_pnl: float
    fees: float
    n_fills: int
