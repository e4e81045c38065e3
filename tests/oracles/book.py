"""The obvious order book: a dict a side, sorted when somebody asks."""

from collections.abc import Iterable

Row = tuple[str, int, int]


class SlowBook:
    """A book kept as ``{price_ticks: qty_lots}`` a side, with the chain rules in words.

    Units: prices in ticks, sizes in lots.
    """

    def __init__(self) -> None:
        self.state = "empty"
        self.change_id = 0
        self.snapshot_id = 0
        self.sides: dict[str, dict[int, int]] = {"bid": {}, "ask": {}}

    def apply(
        self,
        rows: Iterable[Row],
        *,
        change_id: int,
        prev_change_id: int = -1,
        is_snapshot: bool = False,
    ) -> str:
        """Apply one frame; return the outcome in the words of the fast book."""
        before = self._touch() if self.state == "readable" and not is_snapshot else None
        if is_snapshot:
            self.sides = {"bid": {}, "ask": {}}
            self.snapshot_id = change_id
        elif self.state == "gapped":
            return "waiting"
        elif self.state == "empty":
            if prev_change_id != 0:
                return "waiting"
        elif change_id <= self.snapshot_id:
            return "stale"
        elif prev_change_id != self.change_id:
            self.state = "gapped"
            return "gap"
        for side, price_ticks, qty_lots in rows:
            self.sides[side][price_ticks] = qty_lots
        for levels in self.sides.values():
            for price_ticks in [p for p, qty_lots in levels.items() if qty_lots == 0]:
                del levels[price_ticks]
        self.change_id = change_id
        bids, asks = self.sides["bid"], self.sides["ask"]
        if bids and asks and max(bids) >= min(asks):
            self.state = "crossed"
            return "crossed"
        self.state = "readable"
        return "quiet" if self._touch() == before else "touch"

    def forget(self) -> None:
        """Become empty, as before a subscription."""
        self.__init__()  # type: ignore[misc]

    def mark_lost(self) -> None:
        """Become unreadable until a snapshot."""
        self.state = "gapped"

    def levels(self, side: str) -> list[tuple[int, int]]:
        """Return all levels of a side, best first."""
        return sorted(self.sides[side].items(), reverse=side == "bid")

    def _touch(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        return self.levels("bid")[:1], self.levels("ask")[:1]
