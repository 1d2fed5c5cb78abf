"""Every file of decisions, imported once, so that all of them are registered."""

from consumers.decisions import (
    catalog,
    counts,
    holds,
    lots,
    receipts,
    reservations,
    stock,
    transfers,
)

__all__ = ["catalog", "counts", "holds", "lots", "receipts", "reservations", "stock", "transfers"]
