from typing import Self

from engine._core.state.book import Book

def positive(name: str, value: float) -> float: ...

class Signals:
    mid_ticks: float
    micro_ticks: float
    imbalance: float
    variance: float
    sigma_ticks: float
    is_warm: bool
    sample_ns: int
    tau_s: float
    warm_samples: int
    n_samples: int
    def __new__(
        cls, *, sample_s: float = 0.1, tau_s: float = 60.0, warm_samples: int = 50
    ) -> Self: ...
    def observe(self, book: Book, now_ns: int) -> None: ...
