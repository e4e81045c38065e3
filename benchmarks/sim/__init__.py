"""Benchmarks of the simulated venue and comparisons of its market with real ones."""
