"""The ledger: what we hold and have earned, exact, tied out against the venue's log."""
