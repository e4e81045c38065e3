"""Who decides how far we withdraw: operator and rules in, stances of the core out.

Rules are looked at every LOOK_NS while a connection is up, and at once after a fill.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.session.budgets import Budgets, scope_of
from engine.session.context import Context
from engine.session.plan import Rule
from engine.session.risk.ladder import ACCOUNT, Ladder, Stance, Trip
from engine.session.risk.rules import MEASURES, Look, Memory, Values
from engine.session.verdict import short

OPERATOR = "operator"
"""The rule whose trips the operator makes by command."""

REASON_MAX = 120
"""Characters of a reason that is kept."""

LOOK_NS = 250_000_000
"""Time between two looks at the rules."""

SHOWN_NS = 1_000_000_000
"""Time between two valuations of the books that no rule asks for: they are shown."""

RELEASE = 0.9
"""A trip that ends by itself ends at this share of its limit."""

_HOLD, _KILL = "risk", "kill"

_STEPS = {stance.text: stance for stance in Stance if stance is not Stance.NORMAL}


class RiskOfficer:
    """Holds the ladder and tells the core its stances."""

    def __init__(self, ctx: Context) -> None:
        self.ladder = Ladder()
        self.memory = Memory()
        self.due_ns = 1 if ctx.settings.rules else 0
        """When to look at the rules. Empty: 0, never."""
        self._ctx = ctx
        self._budgets = ctx.lasting["budgets"] = Budgets(ctx)
        self._judges_money = any(
            rule.name.startswith("loss") for rule in ctx.settings.rules
        )
        self._shown_ns = 0
        self._values: dict[tuple[str, str], float] = {}
        self._kill_reason = ""
        self._ends_ns: dict[tuple[str, str], int] = {}
        self._told: dict[int, tuple[Stance, str]] = {}
        self._is_changed = True

    @property
    def wants_out(self) -> bool:
        """Whether the ladder's last step is taken: no connection, please."""
        worst = self.ladder.worst(ACCOUNT)
        return worst is not None and worst.stance is Stance.DISCONNECT

    def obey(self, cmd: Mapping[str, Any]) -> bool:
        """Carry out a command of the operator; False: it is none of the ladder's.

        A step is latched: `rearm` takes it back, for one rule, one scope, or all. It
        takes the place of the operator's last one there, also downwards, unless
        ``keep`` is "stronger".
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
        held = self.ladder.find(OPERATOR, scope)
        if cmd.get("keep") == "stronger" and held and held.stance > _STEPS[name]:
            return True
        reason = short(str(cmd.get("reason") or f"{name} by the operator"), REASON_MAX)
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
            value = self._values.get((trip.rule, trip.scope), 0.0)
            self.memory.forgive(trip.rule, trip.scope, value)
            self._ctx.note("warning", "rearm", f"armed again: {_words(trip)}")
        if not gone:
            self._ctx.note("warning", "rearm", "nothing to arm again")

    def _scope_of(self, cmd: Mapping[str, Any]) -> str | None:
        """Return the scope a command names. Empty: None, it names none of ours."""
        name = cmd.get("instrument")
        if name is None:
            return ACCOUNT
        planned = any(
            name in (plan.instrument, scope_of(plan.budget)) for plan in self._ctx.plans
        )
        if planned or name in self._ctx.currencies():
            return str(name)
        text = f"{cmd.get('cmd')}: {short(name, 64)} is not quoted here"
        self._ctx.note("error", "command", text)
        return None

    def hurry(self) -> None:
        """Look at the next turn: something was filled."""
        self.due_ns = min(self.due_ns, 1)

    def watch(self) -> None:
        """Look at the rules when it is time."""
        ctx = self._ctx
        if not self.due_ns or ctx.now_ns < self.due_ns:
            return
        self.due_ns = ctx.now_ns + LOOK_NS
        look = Look(ctx, self.memory, self._profits(), self._budgets, ctx.core.vitals())
        seen: dict[str, Values] = {}
        for rule in ctx.settings.rules:
            if rule.name not in seen:
                seen[rule.name] = MEASURES[rule.name](look)
            for scope, value in seen[rule.name].items():
                if rule.scope in (None, scope):
                    self._judge(rule, scope, value)

    def _profits(self) -> Mapping[str, Any]:
        """Value the books for the rules. Empty: {}, not known or no rule asks."""
        ctx = self._ctx
        venue_ms = ctx.clock.venue_ms(ctx.now_ns)
        if venue_ms is None or not ctx.ledger.is_open:
            return {}
        if not self._judges_money and ctx.now_ns < self._shown_ns:
            return {}
        self._shown_ns = ctx.now_ns + SHOWN_NS
        ctx.ledger.look(ctx.core.mark_prices(), venue_ms)
        self._budgets.look(venue_ms)
        return ctx.ledger.pnl() if self._judges_money else {}

    def _judge(self, rule: Rule, scope: str, value: float) -> None:
        """Compare one number with its limit: past it is a trip, at it is none."""
        key = (rule.name, scope)
        self._values[key] = value
        if value > rule.limit:
            step = Stance[rule.step.upper()]
            reason = f"{value:.6g} {rule.unit}, the limit is {rule.limit:g}"
            self.trip(rule.name, scope, step, reason, latched=rule.latched)
            ends_ns = self._ends_ns.setdefault(key, self._ctx.now_ns + rule.rest_ns)
            if rule.rest_ns and self._ctx.now_ns >= ends_ns:
                self.memory.forgive(rule.name, scope, value)
                self.end(rule.name, scope)
        elif value <= RELEASE * rule.limit:
            self.end(rule.name, scope)
        if self.ladder.find(*key) is None:
            self._ends_ns.pop(key, None)

    def trip(
        self, rule: str, scope: str, stance: Stance, reason: str, *, latched: bool
    ) -> None:
        """Let a rule hold the desk back."""
        since_ms = self._ctx.clock.venue_ms(self._ctx.now_ns)
        trip = Trip(rule, scope, stance, short(reason, REASON_MAX), latched, since_ms)
        if self.ladder.add(trip):
            self._is_changed = True
            if latched and scope == ACCOUNT and stance >= Stance.PULL:
                self._kill_reason = f"{rule}: {trip.reason}"
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
        self._await_kill()
        listings = [one for one in self._ctx.listings.values() if one.index >= 0]
        if not self._is_changed and len(self._told) == len(listings) + 1:
            return
        self._is_changed = False
        worst = self.ladder.worst(ACCOUNT)
        self._hold(worst)
        self._tell(-1, worst)
        for one in listings:
            scopes = [one.name, one.currency]
            if one.plan is not None and one.plan.budget:
                scopes.append(scope_of(one.plan.budget))
            self._tell(one.index, self.ladder.worst(*scopes))
        if self._kill_reason:
            reason, self._kill_reason = self._kill_reason, ""
            self._ctx.kill.start(reason, self._ctx.now_ns)

    def _await_kill(self) -> None:
        """Quote nothing before a kill is over, though what caused it is armed again.

        The other road cancels until the account is empty: new quotes would go, too,
        and neither road would ever find it so.
        """
        self._ctx.holds.pop(_KILL, None)
        if not self._ctx.kill.is_pending:
            return
        worst = self.ladder.worst(ACCOUNT)
        if worst is None or worst.stance < Stance.PULL:
            self._ctx.holds[_KILL] = "a kill is not confirmed yet"

    def _hold(self, worst: Trip | None) -> None:
        """Forbid quoting while a latched trip wants no orders at all."""
        self._ctx.holds.pop(_HOLD, None)
        if worst and worst.latched and worst.stance in (Stance.PULL, Stance.DISCONNECT):
            self._ctx.holds[_HOLD] = f"{worst.stance.text} by {worst.rule}"

    def _tell(self, index: int, worst: Trip | None) -> None:
        stance, reason = Stance.NORMAL, ""
        if worst is not None:
            stance, reason = worst.stance, f"{worst.rule}: {worst.reason}"
        if self._told.get(index) != (stance, reason):
            self._told[index] = (stance, reason)
            self._ctx.core.set_stance(stance.text, reason, index)

    def snapshot(self) -> dict[str, Any]:
        """Return what metrics, view and report show of the rules."""
        limits = {(r.name, r.scope): r.limit for r in self._ctx.settings.rules}
        return {
            "trips": [trip.as_row() for trip in self.ladder.trips],
            "rules": [
                {
                    "rule": rule,
                    "scope": scope,
                    "value": value,
                    "limit": limits.get((rule, scope), limits.get((rule, None), 0.0)),
                }
                for (rule, scope), value in self._values.items()
            ],
        }

    def dump(self) -> dict[str, Any]:
        """Return what outlives the process: latched trips, and what was forgiven."""
        forgiven = [
            [rule, scope, str(loss)]
            for (rule, scope), loss in self.memory.forgiven.items()
        ]
        return {**self.ladder.dump(), "forgiven": forgiven}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what an earlier run has left.

        Raises: ValueError, KeyError or ArithmeticError when it is no dump.
        """
        self.ladder.load(state)
        for rule, scope, loss in state["forgiven"]:
            self.memory.forgiven[str(rule), str(scope)] = Decimal(loss)
        self._is_changed = True


def _words(trip: Trip) -> str:
    where = trip.scope or "account"
    return f"{where}: {trip.stance.text} by {trip.rule}: {trip.reason}"
