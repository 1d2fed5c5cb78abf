"""Where a book keeps the documents of each kind. Pure."""

from typing import Final

from ledger.bin_stock import Bin
from ledger.costing import CostMethod, Period, Receipt
from ledger.counting import Count, CountLine
from ledger.documents import Document, Hold, Item, Location, Lot, Reservation, Transfer
from ledger.making import CustomerReturn, Link, Production, Recipe
from ledger.replenishing import Observation, Recommendation, Replenishment
from ledger.rules import Policy

KEPT_IN: Final[dict[type[Document], str]] = {
    Item: "items",
    Location: "locations",
    Policy: "policies",
    Lot: "lots",
    Hold: "holds",
    Transfer: "transfers",
    Count: "counts",
    CountLine: "count_lines",
    Reservation: "reservations",
    Recipe: "recipes",
    Production: "productions",
    Link: "links",
    Receipt: "receipts",
    CostMethod: "cost_methods",
    Period: "periods",
    CustomerReturn: "returns",
    Replenishment: "replenishments",
    Observation: "observations",
    Recommendation: "recommendations",
    Bin: "bins",
}
"""The attribute of a book that has the documents of a kind, each by its key."""
