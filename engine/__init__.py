"""halfspread: a low-latency market-making engine for Deribit.

A strategy needs three names, ``from engine import QuoteSheet, Strategy, View``.
"""

from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import Strategy, View

__version__ = "0.1.0"

__all__ = ["QuoteSheet", "Strategy", "View", "__version__"]
