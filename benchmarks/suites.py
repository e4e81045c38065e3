"""The suites of ``make bench``, in the order of the table."""

SUITES: dict[str, str] = {}
"""Name for ``--only`` -> module with GOALS and measure(run); see benchmarks.figures."""
