"""Metrics: what the engine counts, for Prometheus."""
