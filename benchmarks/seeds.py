"""Seeds as they are named on a command line."""

from __future__ import annotations


def seeds_of(text: str) -> range:
    """Return the seeds of ``a:b``, b not included, or of one number.

    Raises:
        ValueError: it is neither, or there are none between.
    """
    first, colon, last = text.partition(":")
    seeds = range(int(first), int(last) if colon else int(first) + 1)
    if not seeds:
        raise ValueError(f"no seeds in {text!r}")
    return seeds
