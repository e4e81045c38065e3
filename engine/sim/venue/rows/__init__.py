"""Rows: what a client reads, as plain dicts.

Keys come in the order production sends them today (it is not stable: books moved to
another engine in 2026 and it changed); clients must not depend on it.
Source: captured frames of 2025-12 to 2026-09 (order answers, user.changes, tickers,
trades); docs.deribit.com for fields no capture shows.
"""
