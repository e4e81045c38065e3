"""The currencies accounts are kept in, as ``public/get_currencies`` lists them.

Networks, fees and confirmations are those of coins nobody can move here; they are what
a client expects to find in a row.
Source: docs.deribit.com, public/get_currencies, 2026-08-22.
"""

from __future__ import annotations

from typing import Any

# currency: long name, coin type, network fee in network currency, its decimals
_CURRENCIES = {
    "BTC": ("Bitcoin", "BITCOIN", 0.00002, "BTC", 8),
    "ETH": ("Ethereum", "ETHER", 0.0001, "ETH", 6),
    "USDC": ("USD Coin", "ETHER", 0.0003, "ETH", 6),
    "USDT": ("Tether USD", "ETHER", 0.0003, "ETH", 6),
    "EURR": ("StablR Euro", "ETHER", 0.0003, "ETH", 6),
}
PRIORITIES = (("very_low", 0.15), ("very_high", 1.5))


def currency_rows() -> list[dict[str, Any]]:
    """Return a row for every currency."""
    return [_row(name, *facts) for name, facts in _CURRENCIES.items()]


def _row(
    name: str, long: str, kind: str, fee: float, network: str, decimals: int
) -> dict[str, Any]:
    own_fee = fee if network == name else 0.0
    return {
        "currency": name,
        "currency_long": long,
        "coin_type": kind,
        "decimals": decimals,
        "fee_precision": 4,
        "in_cross_collateral_pool": True,
        "min_confirmations": 1,
        "min_withdrawal_fee": own_fee,
        "network_currency": network,
        "network_fee": fee,
        "withdrawal_fee": own_fee,
        "withdrawal_priorities": [
            {"name": priority, "value": value} for priority, value in PRIORITIES
        ],
    }
