"""Benchmark: credits by value against first in, first out."""
