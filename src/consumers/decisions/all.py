"""Every file of decisions, imported once, so that all of them are registered."""

from consumers.decisions import catalog, holds, lots, receipts, reservations, stock, transfers

__all__ = ["catalog", "holds", "lots", "receipts", "reservations", "stock", "transfers"]
