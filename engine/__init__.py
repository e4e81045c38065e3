"""halfspread: a low-latency market-making engine for Deribit.

A strategy needs three names, ``from engine import QuoteSheet, Strategy, View``, or one
of the compiled quote calculators to build on.
"""

from engine._core.quote.models.avellaneda_stoikov import AvellanedaStoikovQuoter
from engine._core.quote.models.basis import BasisTaker, CarryTaker
from engine._core.quote.models.cross import CrossQuoter
from engine._core.quote.models.glft import GlftQuoter
from engine._core.quote.models.hedge import HedgeTaker
from engine._core.quote.models.join_touch import JoinTouchQuoter
from engine._core.quote.models.ladder import LadderQuoter
from engine._core.quote.models.multi_asset import MultiAssetQuoter
from engine._core.quote.models.parity import BoxTaker, ParityTaker
from engine._core.quote.models.trend import TrendTaker
from engine._core.quote.models.triangle import TriangleTaker
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import Strategy, View
from engine._core.signals.basis import Basis, FundingExpectation
from engine._core.signals.depth import DepthImbalance
from engine._core.signals.micro_price import MicroPrice
from engine._core.signals.order_flow import OrderFlowImbalance
from engine._core.signals.reference import Reference
from engine._core.signals.signal import Signal
from engine._core.signals.trade_flow import Toxicity, TradeFlowImbalance
from engine._core.signals.trend import Breakout, EwmaCross
from engine._core.signals.volatility import EwmaVolatility, TwoScaleVolatility

__version__ = "0.1.0"

__all__ = [
    "AvellanedaStoikovQuoter",
    "Basis",
    "BasisTaker",
    "BoxTaker",
    "Breakout",
    "CarryTaker",
    "CrossQuoter",
    "DepthImbalance",
    "EwmaCross",
    "EwmaVolatility",
    "FundingExpectation",
    "GlftQuoter",
    "HedgeTaker",
    "JoinTouchQuoter",
    "LadderQuoter",
    "MicroPrice",
    "MultiAssetQuoter",
    "OrderFlowImbalance",
    "ParityTaker",
    "QuoteSheet",
    "Reference",
    "Signal",
    "Strategy",
    "Toxicity",
    "TradeFlowImbalance",
    "TrendTaker",
    "TriangleTaker",
    "TwoScaleVolatility",
    "View",
    "__version__",
]
