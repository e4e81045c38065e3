"""Who decides how far we withdraw: operator and rules in, stances of the core out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.session.context import Context
from engine.session.risk.ladder import ACCOUNT, Ladder, Stance, Trip
from engine.session.verdict import short

OPERATOR = "operator"
"""The rule whose trips the operator makes by command."""

REASON_MAX = 120
"""Characters of a reason that is kept."""

_STEPS = {stance.text: stance for stance in Stance if stance is not Stance.NORMAL}


class RiskOfficer:
    """Holds the ladder and tells the core its stances."""

    def __init__(self, ctx: Context) -> None:
        self.ladder = Ladder()
        self._ctx = ctx
        self._told: dict[int, tuple[Stance, str]] = {}
        self._is_changed = True

    @property
    def wants_out(self) -> bool:
        """Whether the ladder's last step is taken: no connection, please."""
        worst = self.ladder.worst(ACCOUNT)
        return worst is not None and worst.stance is Stance.DISCONNECT

    def obey(self, cmd: Mapping[str, Any]) -> bool:
        """Carry out a command of the operator; False: it is none of the ladder's.

        A step is latched: `rearm` takes it back, for one rule, one scope, or all.
        """
        name = cmd.get("cmd")
        if name == "rearm":
            self._rearm(cmd)
            return True
        if not isinstance(name, str) or name not in _STEPS:
            return False
        scope = self._scope_of(cmd)
        if scope is None:
            return True
        if _STEPS[name] is Stance.DISCONNECT and scope != ACCOUNT:
            self._ctx.note("error", "command", "disconnect is for the whole account")
            return True
        reason = short(str(cmd.get("reason") or f"{name} by the operator"), REASON_MAX)
        # The operator may also step down: the new step takes the old one's place.
        self.ladder.rearm(OPERATOR, scope)
        self.trip(OPERATOR, scope, _STEPS[name], reason, latched=True)
        return True

    def _rearm(self, cmd: Mapping[str, Any]) -> None:
        rule = cmd.get("rule")
        scope = self._scope_of(cmd) if cmd.get("instrument") else None
        if cmd.get("instrument") and scope is None:
            return
        gone = self.ladder.rearm(None if rule is None else str(rule), scope)
        self._is_changed = self._is_changed or bool(gone)
        for trip in gone:
            self._ctx.note("warning", "rearm", f"armed again: {_words(trip)}")
        if not gone:
            self._ctx.note("warning", "rearm", "nothing to arm again")

    def _scope_of(self, cmd: Mapping[str, Any]) -> str | None:
        """Return the scope a command names. Empty: None, it names none of ours."""
        name = cmd.get("instrument")
        if name is None:
            return ACCOUNT
        planned = any(plan.instrument == name for plan in self._ctx.plans)
        if planned or name in self._ctx.currencies():
            return str(name)
        text = f"{cmd.get('cmd')}: {short(name, 64)} is not quoted here"
        self._ctx.note("error", "command", text)
        return None

    def trip(
        self, rule: str, scope: str, stance: Stance, reason: str, *, latched: bool
    ) -> None:
        """Let a rule hold the desk back."""
        since_ms = self._ctx.clock.venue_ms(self._ctx.now_ns)
        trip = Trip(rule, scope, stance, short(reason, REASON_MAX), latched, since_ms)
        if self.ladder.add(trip):
            self._is_changed = True
            level = "warning" if stance < Stance.PULL else "error"
            self._ctx.note(level, "risk", _words(trip))

    def end(self, rule: str, scope: str) -> None:
        """The cause of a trip is over; a latched one stays."""
        trip = self.ladder.end(rule, scope)
        if trip is not None:
            self._is_changed = True
            self._ctx.note("info", "risk", f"over: {_words(trip)}")

    def apply(self) -> None:
        """Tell the core what has changed, and instruments that are new to it."""
        listings = [one for one in self._ctx.listings.values() if one.index >= 0]
        if not self._is_changed and len(self._told) == len(listings) + 1:
            return
        self._is_changed = False
        self._tell(-1, self.ladder.worst(ACCOUNT))
        for one in listings:
            self._tell(one.index, self.ladder.worst(one.name, one.currency))

    def _tell(self, index: int, worst: Trip | None) -> None:
        stance, reason = Stance.NORMAL, ""
        if worst is not None:
            stance, reason = worst.stance, f"{worst.rule}: {worst.reason}"
        if self._told.get(index) != (stance, reason):
            self._told[index] = (stance, reason)
            self._ctx.core.set_stance(stance.text, reason, index)

    def snapshot(self) -> dict[str, Any]:
        """Return what metrics, view and report show of the rules."""
        return {"trips": [trip.as_row() for trip in self.ladder.trips]}


def _words(trip: Trip) -> str:
    where = trip.scope or "account"
    return f"{where}: {trip.stance.text} by {trip.rule}: {trip.reason}"
