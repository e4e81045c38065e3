"""The suites of ``make bench``, in the order of the table."""

SUITES: dict[str, str] = {
    "versus": "benchmarks.versus.suite",
    "pipeline": "benchmarks.pipeline.suite",
    "loopback": "benchmarks.loopback.suite",
}
"""Name for ``--only`` -> module with GOALS and measure(run); see benchmarks.figures."""
