"""Loops in C around the engine's own compiled parts; built when a benchmark runs."""
