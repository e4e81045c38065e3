from typing import Self, final

from engine._core.signals.signal import Signal

class Standing(Signal):
    tau_s: float
    newest: float

@final
class Basis(Standing):
    def __new__(cls, *, tau_s: float = 60.0) -> Self: ...

@final
class FundingExpectation(Standing):
    damper: float
    cap: float
    def __new__(
        cls, *, tau_s: float = 3600.0, damper: float = 0.00025, cap: float = 0.005
    ) -> Self: ...
