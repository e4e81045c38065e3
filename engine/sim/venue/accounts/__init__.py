"""Whose money it is: cash, positions, margin, the ledger."""
