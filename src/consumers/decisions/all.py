"""Every file of decisions, imported once, so that all of them are registered."""

from consumers.decisions import (
    catalog,
    counts,
    holds,
    kits,
    lots,
    production,
    receipts,
    recipes,
    reservations,
    stock,
    transfers,
)

__all__ = [
    "catalog",
    "counts",
    "holds",
    "kits",
    "lots",
    "production",
    "receipts",
    "recipes",
    "reservations",
    "stock",
    "transfers",
]
