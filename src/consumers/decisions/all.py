"""Every file of decisions, imported once, so that all of them are registered."""

from consumers.decisions import (
    catalog,
    costing,
    counts,
    holds,
    kits,
    lots,
    policies,
    production,
    recalls,
    receipts,
    recipes,
    repacks,
    reservations,
    returns,
    stock,
    transfers,
)

__all__ = [
    "catalog",
    "costing",
    "counts",
    "holds",
    "kits",
    "lots",
    "policies",
    "production",
    "recalls",
    "receipts",
    "recipes",
    "repacks",
    "reservations",
    "returns",
    "stock",
    "transfers",
]
