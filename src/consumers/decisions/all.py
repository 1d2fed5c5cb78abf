"""Every file of decisions, imported once, so that all of them are registered."""

from consumers.decisions import catalog, reservations, stock

__all__ = ["catalog", "reservations", "stock"]
