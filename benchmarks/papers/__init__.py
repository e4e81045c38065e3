"""Benchmark: the simulations of papers, run again with the engine's own calculators."""
