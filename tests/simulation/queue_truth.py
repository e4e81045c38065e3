"""How far queue sense is off: the estimate against the simulated venue's own queue.

    python -m tests.simulation.queue_truth --seeds 8 --seconds 30

One engine joins the touch of the background market; whenever something happens the
estimate of every resting order is compared with what truly stands ahead of it at that
moment. Frames under way make it late: the links take 0.1 to 0.9 ms.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field

from tests.simulation.rig import CONTRACT, PERPETUAL, Rig, engine_config

TICK = 0.5


@dataclass
class Sample:
    """One look at one order. Units: lots."""

    estimate: float
    truth: int
    others: int


@dataclass
class Truth:
    """All looks of some runs."""

    samples: list[Sample] = field(default_factory=list)
    fills: int = 0

    def run(
        self, seed: int, seconds: float, hears_trades: bool = True, book: str = "raw"
    ) -> None:
        """Run one world and take samples after each of its events."""
        config = engine_config()
        config["venue"] |= {"hears_trades": hears_trades, "book_interval": book}
        config["quote"][0]["requote_ticks"] = 4
        rig = Rig(seed, config=config)

        def look() -> None:
            rig.check()
            self.samples += samples(rig)

        rig.run_until_state("quoting")
        rig.links.on_event = look
        rig.run(seconds)
        self.fills += rig.core.snapshot()["counters"]["fills"]

    def figures(self) -> dict[str, float]:
        """Return the distribution of the error.

        Errors are estimate less truth, in per cent of the volume of others where there
        is any; ``front_is_front`` is the share of looks that say "nothing ahead" and
        are right, ``front_is_seen`` of looks at a true front that say so.
        """
        errors = sorted(
            100.0 * (one.estimate - one.truth) / max(one.others, 1, one.estimate)
            for one in self.samples
        )
        size = sorted(map(abs, errors))
        says = [one for one in self.samples if one.estimate < 1]
        front = [one for one in self.samples if one.truth == 0]
        n = len(errors)
        return {
            "looks": n,
            "fills": self.fills,
            "mean_pct": sum(errors) / n,
            "abs_mean_pct": sum(size) / n,
            "abs_p50_pct": size[n // 2],
            "abs_p90_pct": size[n * 9 // 10],
            "abs_p99_pct": size[n * 99 // 100],
            "exact": sum(abs(one.estimate - one.truth) < 0.5 for one in self.samples)
            / n,
            "front_is_front": sum(one.truth == 0 for one in says) / max(1, len(says)),
            "front_is_seen": sum(one.estimate < 1 for one in front)
            / max(1, len(front)),
        }


def samples(rig: Rig) -> list[Sample]:
    """Compare every order of ours that both sides know at its price."""
    told = rig.core.snapshot()["instruments"][PERPETUAL]["queue"]
    estimates = {}
    for key, side in (("bid", 1), ("ask", -1)):
        for price, _, ahead, others in told[key]:
            assert 0 <= ahead <= others, f"{ahead} of {others} at {price}"
            estimates[side, round(price / TICK)] = ahead / CONTRACT
    book = rig.world.venue.exchange.markets[PERPETUAL].book
    found = []
    for order in rig.open_orders():
        estimate = estimates.get((order.side, order.price_ticks))
        if estimate is None:
            continue
        line = book.queue(order.side, order.price_ticks)
        at = line.index(order)
        ahead = sum(other.shown_lots for other in line[:at])
        behind = sum(other.shown_lots for other in line[at + 1 :])
        found.append(Sample(estimate, ahead, ahead + behind))
    return found


def main() -> None:
    """Print the figures of every way to listen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args()
    for hears_trades in (True, False):
        for book in ("raw", "100ms"):
            truth = Truth()
            for seed in range(1, given.seeds + 1):
                truth.run(seed, given.seconds, hears_trades, book)
            figures = {k: round(v, 4) for k, v in truth.figures().items()}
            print(json.dumps({"book": book, "hears_trades": hears_trades, **figures}))


if __name__ == "__main__":
    main()
