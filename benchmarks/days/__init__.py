"""Simulated days: what each strategy makes of a market of its own."""
