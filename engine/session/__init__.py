"""The session: login, recovery, subscriptions and the end, sans-IO."""

from engine.session.machine import QuotePlan, Session, SessionSettings

__all__ = ["QuotePlan", "Session", "SessionSettings"]
