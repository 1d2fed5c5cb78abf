"""Amounts of money: exact products and shares, rounded half up to the currency's decimals. Pure."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import accumulate
from typing import Final

from schemas.base import ZERO

DECIMALS: Final = 2
"""Of the smallest part of a currency, unless it is one of these."""
_OTHERS: Final = {
    currency: decimals
    for decimals, currencies in (
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    )
    for currency in currencies.split()
}
"""The exponents of ISO 4217 that are others."""
COST_DECIMALS: Final = 6
"""Of every cost of one unit, and of every amount that is said."""
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
"""Wide enough for a product of any quantity and any cost; the usual 28 digits are not."""


def decimals_of(currency: str | None) -> int:
    """How many decimals every amount has that is booked in a currency, or in one that nobody stated."""
    return _OTHERS.get(currency or "", DECIMALS)


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """An amount in the currency's smallest part."""
    return amount.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)


def worth(quantity: Decimal, unit_cost: Decimal, decimals: int) -> Decimal:
    """What a quantity at a cost comes to."""
    return rounded(_EXACT.multiply(quantity, unit_cost), decimals)


def part_of(amount: Decimal, part: Decimal, whole: Decimal, decimals: int) -> Decimal:
    """The share of an amount that a part of a whole has; the whole has all of it."""
    if part == whole:
        return rounded(amount, decimals)
    return rounded(_EXACT.divide(_EXACT.multiply(amount, part), whole), decimals)


def unit_of(amount: Decimal, quantity: Decimal) -> Decimal:
    """The cost of one unit, exact enough that a quantity of it comes to the amount again."""
    return _EXACT.divide(amount, quantity)


def split(amount: Decimal, weights: Sequence[Decimal], decimals: int) -> list[Decimal]:
    """Shares of an amount by weight: together exactly it (rounded), none of another sign than it.

    Each is the difference of two rounded running totals, so what rounding took from one share the
    next one gets. The weights are not negative, and together more than none.
    """
    whole = sum(weights, ZERO)
    totals = [part_of(amount, run, whole, decimals) for run in accumulate(weights)]
    return [total - before for total, before in zip(totals, [ZERO, *totals], strict=False)]
