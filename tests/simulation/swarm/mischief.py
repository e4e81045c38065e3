"""Everything that can go wrong in a run, by name.

Each kind is a function that does one piece of it; ``Culprit`` is what it may touch.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from engine.session.auth import UNAUTHORIZED
from engine.session.orders import ORDER_NOT_FOUND
from engine.session.verdict import Verdict, verdict_of
from engine.sim.links import Links
from engine.sim.venue.errors import NAMES
from engine.sim.venue.faults import outage, traffic
from engine.sim.venue.faults.fault import Fault

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000 * MILLISECOND_NS
UNKNOWN_OUTCOMES = (10_001, 11_094, 13_028, 10_050)
EXHAUSTED = 10_028
REARM = "operator/rearm"
METHODS = (
    "private/*",
    "private/buy",
    "private/sell",
    "private/edit",
    "private/cancel*",
    "private/get_*",
    "public/*",
)
TRADING = ("private/buy", "private/sell", "private/edit", "private/cancel")
CHANNELS = ("book.*", "user.*", "ticker.*", "*")
OMITTED = (
    ("usIn", "usOut", "usDiff"),
    ("index_price", "mark_price"),
    ("filled_amount", "average_price"),
    ("trade_seq", "tick_direction", "timestamp"),
    ("contracts", "web", "api", "replaced", "risk_reducing"),
)


class Culprit(Protocol):
    """What a piece of mischief may touch."""

    links: Links
    dice: random.Random

    def inject(self, fault: Fault) -> None:
        """Set a fault at the venue."""

    def crash(self, *, venue_notices_ns: int, restarts_ns: int) -> None:
        """Kill the engine's process and start another."""

    def crash_at_next_write(self, frames_kept: int) -> None:
        """Kill it in the middle of its next write."""

    def place_ticket(self) -> None:
        """Let the operator place an order outside the quotes."""

    def withdraw(self, step: str) -> None:
        """Take a step of the kill ladder, for everything or one instrument."""

    def rearm(self) -> None:
        """Take every latched step back."""


Deed = Callable[[Culprit], None]
DEEDS: dict[str, Deed] = {}


def deed(name: str) -> Callable[[Deed], Deed]:
    """Register a kind of mischief."""

    def register(act: Deed) -> Deed:
        DEEDS[name] = act
        return act

    return register


def some_ns(dice: random.Random, low_s: float, high_s: float) -> int:
    """Return a time between two bounds, every order of magnitude as likely."""
    return round(SECOND_NS * low_s * (high_s / low_s) ** dice.random())


def _conn(who: Culprit) -> int:
    return who.dice.randrange(len(who.links.links))


# The network.


@deed("net/drop")
def drop(who: Culprit) -> None:
    """Cut a line; the venue may notice later."""
    notices_ns = who.dice.choice((0, some_ns(who.dice, 0.001, 12.0)))
    who.links.drop(_conn(who), venue_notices_ns=notices_ns)


@deed("net/silence")
def silence(who: Culprit) -> None:
    """Let a line fall silent."""
    who.links.silence(_conn(who))


@deed("net/delay up")
def delay_up(who: Culprit) -> None:
    """Let requests take longer for a while."""
    conn, extra_ns = _conn(who), some_ns(who.dice, 0.02, 6.0)
    who.links.delay(conn, up_ns=extra_ns)
    _later(who, lambda: who.links.delay(conn))


@deed("net/delay down")
def delay_down(who: Culprit) -> None:
    """Let what the venue says take longer for a while."""
    conn, extra_ns = _conn(who), some_ns(who.dice, 0.02, 6.0)
    who.links.delay(conn, down_ns=extra_ns)
    _later(who, lambda: who.links.delay(conn))


@deed("net/refuse")
def refuse(who: Culprit) -> None:
    """Cut a line and let no new one come up for a while."""
    who.links.refuses_connections = True
    who.links.drop(_conn(who))

    def accept() -> None:
        who.links.refuses_connections = False

    _later(who, accept)


def _later(who: Culprit, action: Callable[[], None]) -> None:
    who.links.at(who.links.now_ns + some_ns(who.dice, 0.1, 8.0), action)


# The host and its process.


@deed("host/stall")
def stall(who: Culprit) -> None:
    """Let the core be busy: it reads what comes meanwhile as one burst."""
    who.links.stall(some_ns(who.dice, 0.005, 5.0))


@deed("host/clock step")
def clock_step(who: Culprit) -> None:
    """Let the wall clock jump."""
    who.links.step_wall(who.dice.randint(-20_000, 20_000))


@deed("host/kill")
def kill(who: Culprit) -> None:
    """Kill the process; its socket closes with it, or its host is gone as well."""
    dice = who.dice
    notices_ns = dice.choice((0, some_ns(dice, 1.0, 25.0)))
    restarts_ns = some_ns(dice, 0.001, 5.0)
    who.crash(venue_notices_ns=notices_ns, restarts_ns=restarts_ns)


@deed("host/kill in a write")
def kill_in_a_write(who: Culprit) -> None:
    """Kill the process between deciding and writing."""
    who.crash_at_next_write(who.dice.choice((0, 0, 1, 2)))


@deed("host/restart storm")
def storm(who: Culprit) -> None:
    """Kill every new process soon after it has begun, several times in a row."""
    due_ns = who.links.now_ns
    for _ in range(who.dice.randint(2, 6)):
        restarts_ns = some_ns(who.dice, 0.001, 0.2)
        who.links.at(
            due_ns,
            lambda after_ns=restarts_ns: who.crash(
                venue_notices_ns=0, restarts_ns=after_ns
            ),
        )
        due_ns += restarts_ns + some_ns(who.dice, 0.005, 2.0)


@deed("operator/pause")
def pause(who: Culprit) -> None:
    """Pause, and resume later."""
    who.links.command("pause")
    _later(who, lambda: who.links.command("resume"))


@deed("operator/ladder")
def ladder(who: Culprit) -> None:
    """Take a step of the kill ladder, and take it back later."""
    step = who.dice.choice(("widen", "reduce", "pull", "flatten", "disconnect"))
    who.withdraw(step)
    _later(who, who.rearm)


@deed(REARM)
def rearm(who: Culprit) -> None:
    """Arm again whatever has tripped."""
    who.rearm()


@deed("operator/ticket")
def ticket(who: Culprit) -> None:
    """Place an order of another type than quotes are."""
    who.place_ticket()


@deed("operator/cancel all")
def cancel_all(who: Culprit) -> None:
    """Kill every order by both roads, and go on later."""
    who.links.command("cancel_all")
    _later(who, lambda: who.links.command("resume"))


# The venue.


def _window(dice: random.Random) -> dict[str, int]:
    return {"duration_ms": some_ns(dice, 0.05, 12.0) // MILLISECOND_NS}


def _sometimes(dice: random.Random) -> dict[str, float]:
    return {"probability": dice.choice((0.02, 0.1, 0.3, 1.0))}


def _which(dice: random.Random, of: tuple[str, ...]) -> dict[str, str]:
    """Return what a fault of the traffic concerns."""
    what = dice.choice(of)
    if what == "notification":
        return {"of": what, "channel": dice.choice(CHANNELS)}
    if what == "heartbeat":
        return {"of": what}
    return {"of": what, "method": dice.choice(METHODS)}


ANY = ("request", "reply", "notification", "heartbeat")
SENT = ("reply", "notification", "heartbeat")


@deed("venue/drop")
def lose(who: Culprit) -> None:
    """Lose requests or what the venue sends."""
    dice = who.dice
    who.inject(traffic.Drop(**_which(dice, ANY), **_sometimes(dice), **_window(dice)))


@deed("venue/delay")
def late(who: Culprit) -> None:
    """Deliver late."""
    dice = who.dice
    who.inject(
        traffic.Delay(
            **_which(dice, ANY),
            **_sometimes(dice),
            **_window(dice),
            delay_ms=some_ns(dice, 0.005, 5.0) // MILLISECOND_NS,
            jitter_ms=dice.choice((0, 50, 2_000)),
        )
    )


@deed("venue/duplicate")
def twice(who: Culprit) -> None:
    """Deliver several times."""
    dice = who.dice
    copies = dice.randint(2, 4)
    who.inject(
        traffic.Duplicate(
            **_which(dice, SENT), **_sometimes(dice), **_window(dice), copies=copies
        )
    )


@deed("venue/reorder")
def reorder(who: Culprit) -> None:
    """Deliver out of order."""
    dice = who.dice
    who.inject(
        traffic.Reorder(
            **_which(dice, SENT),
            **_sometimes(dice),
            **_window(dice),
            behind=dice.randint(1, 5),
            wait_ms=dice.choice((20, 300, 2_000)),
        )
    )


@deed("venue/gap")
def gap(who: Culprit) -> None:
    """Swallow changes of a book."""
    dice = who.dice
    who.inject(traffic.Gap(**_sometimes(dice), **_window(dice)))


@deed("venue/stale book")
def stale_book(who: Culprit) -> None:
    """Send changes older than the snapshot after it."""
    who.inject(traffic.StaleBook(events=who.dice.randint(1, 4), **_window(who.dice)))


@deed("venue/params first")
def params_first(who: Culprit) -> None:
    """Turn the members of notifications round."""
    who.inject(traffic.ParamsFirst(**_window(who.dice)))


@deed("venue/scientific")
def scientific(who: Culprit) -> None:
    """Spell numbers with an exponent."""
    who.inject(traffic.Scientific(**_window(who.dice)))


@deed("venue/shuffle keys")
def shuffle_keys(who: Culprit) -> None:
    """Send members in any order."""
    who.inject(traffic.ShuffleKeys(**_window(who.dice)))


@deed("venue/omit fields")
def omit_fields(who: Culprit) -> None:
    """Leave out what need not be there."""
    dice = who.dice
    who.inject(traffic.OmitFields(fields=dice.choice(OMITTED), **_window(dice)))


@deed("venue/truncate")
def truncate(who: Culprit) -> None:
    """Send half a frame, then nothing."""
    dice = who.dice
    who.inject(
        traffic.Truncate(**_which(dice, SENT), keep_bytes=dice.randint(1, 80), count=1)
    )


@deed("venue/cut")
def cut(who: Culprit) -> None:
    """End the connection around a request."""
    dice = who.dice
    who.inject(traffic.Cut(**_which(dice, ANY), count=1, skip=dice.randrange(4)))


@deed("venue/too slow")
def too_slow(who: Culprit) -> None:
    """End the connection as that of a slow reader."""
    dice = who.dice
    who.inject(traffic.TooSlow(**_which(dice, SENT), count=1, skip=dice.randrange(9)))


@deed("venue/half open")
def half_open(who: Culprit) -> None:
    """Fall silent in the middle of something."""
    who.inject(traffic.HalfOpen(**_which(who.dice, ANY), count=1))


@deed("venue/error")
def error(who: Culprit) -> None:
    """Refuse with any code of the documentation; nothing was executed.

    What says that key or configuration are wrong for ever ends a session by design, and
    is said of orders only. That there is no such order is said only where it is true:
    it is the one word that ends an order, and nobody can do without believing it.
    """
    dice = who.dice
    method = dice.choice((*TRADING, *METHODS))
    lies = (EXHAUSTED, ORDER_NOT_FOUND)
    codes = [code for code in sorted(NAMES) if code not in lies]
    if method not in TRADING:
        codes = [code for code in codes if verdict_of(code) is not Verdict.REFUSED]
        codes = [code for code in codes if code not in UNAUTHORIZED]
    which = {"method": method, "code": dice.choice(codes)}
    who.inject(traffic.Error(**which, **_sometimes(dice), **_window(dice)))


@deed("venue/unknown outcome")
def unknown_outcome(who: Culprit) -> None:
    """Answer with an error that does not say whether it was executed."""
    dice = who.dice
    who.inject(
        traffic.Error(
            method=dice.choice(METHODS),
            code=dice.choice(UNKNOWN_OUTCOMES),
            when=dice.choice(("before", "after")),
            **_sometimes(dice),
            **_window(dice),
        )
    )


@deed("venue/exhausted")
def exhausted(who: Culprit) -> None:
    """Say 10028 and end the session, though there were credits."""
    who.inject(traffic.Error(method=who.dice.choice(METHODS), code=EXHAUSTED, count=1))


@deed("venue/maintenance")
def maintenance(who: Culprit) -> None:
    """Carry out a release."""
    dice = who.dice
    who.inject(
        outage.Maintenance(
            notice_ms=dice.choice((0, 500, 2_000)),
            cancel_only_ms=dice.choice((0, 2_000)),
            duration_ms=some_ns(dice, 0.5, 12.0) // MILLISECOND_NS,
        )
    )


@deed("venue/lock")
def lock(who: Culprit) -> None:
    """Lock the platform, an index or a currency."""
    dice = who.dice
    where = dice.choice(({}, {"index_name": "btc_usd"}, {"currency": "USDC"}))
    who.inject(outage.Lock(**where, **_window(dice)))


@deed("venue/book state")
def book_state(who: Culprit) -> None:
    """Put books into a state."""
    dice = who.dice
    name = dice.choice(("*", "BTC-PERPETUAL", "*USDC*"))
    state = dice.choice(("locked", "settlement", "halted", "inactive"))
    who.inject(outage.BookState(instrument_name=name, state=state, **_window(dice)))


@deed("venue/clock offset")
def clock_offset(who: Culprit) -> None:
    """Let the venue's clock be wrong for a while."""
    dice = who.dice
    offset_ms = dice.choice((-20_000, -800, 40, 1_500, 20_000))
    who.inject(outage.ClockOffset(offset_ms=offset_ms, **_window(dice)))


@deed("venue/slow matching")
def slow_matching(who: Culprit) -> None:
    """Let every request hold the lock for longer."""
    dice = who.dice
    held_us = some_ns(dice, 0.001, 2.0) // 1_000
    who.inject(outage.SlowMatching(matching_us=held_us, **_window(dice)))


@deed("venue/held lock")
def held_lock(who: Culprit) -> None:
    """Let requests wait."""
    dice = who.dice
    currency = dice.choice(("BTC", "ETH", "USDC"))
    who.inject(outage.HeldLock(account="maker", currency=currency, **_window(dice)))


@deed("venue/account lock")
def account_lock(who: Culprit) -> None:
    """Forbid the account to trade for a while."""
    dice = who.dice
    currency = dice.choice(("ALL", "BTC", "USDC"))
    who.inject(outage.AccountLock(account="maker", currency=currency, **_window(dice)))


KINDS = tuple(DEEDS)
