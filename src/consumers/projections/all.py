"""Every read table that is made from events, and which of them an event's type goes to."""

from typing import Final

from consumers.projections.bin import BIN
from consumers.projections.bin_level import BIN_LEVEL
from consumers.projections.command_result import COMMAND_RESULT
from consumers.projections.count import COUNT
from consumers.projections.count_line import COUNT_LINE
from consumers.projections.customer_return import CUSTOMER_RETURN
from consumers.projections.genealogy import GENEALOGY
from consumers.projections.hold import HOLD
from consumers.projections.item import ITEM
from consumers.projections.lead_time import LEAD_TIME
from consumers.projections.ledger_entry import LEDGER_ENTRY
from consumers.projections.level import LEVEL
from consumers.projections.location import LOCATION
from consumers.projections.lot import LOT
from consumers.projections.observation import OBSERVATION
from consumers.projections.policy import POLICY
from consumers.projections.production import PRODUCTION
from consumers.projections.receipt import RECEIPT
from consumers.projections.recipe import RECIPE
from consumers.projections.recommendation import RECOMMENDATION
from consumers.projections.replenishment import REPLENISHMENT
from consumers.projections.reservation import RESERVATION
from consumers.projections.serial import SERIAL
from consumers.projections.serial_entry import SERIAL_ENTRY
from consumers.projections.table import Table
from consumers.projections.transfer import TRANSFER

TABLES: Final = (
    ITEM,
    LOCATION,
    BIN,
    BIN_LEVEL,
    POLICY,
    LOT,
    LEVEL,
    RESERVATION,
    HOLD,
    TRANSFER,
    RECEIPT,
    LEAD_TIME,
    COUNT,
    COUNT_LINE,
    CUSTOMER_RETURN,
    RECIPE,
    PRODUCTION,
    GENEALOGY,
    REPLENISHMENT,
    OBSERVATION,
    RECOMMENDATION,
    SERIAL,
    SERIAL_ENTRY,
    LEDGER_ENTRY,
    COMMAND_RESULT,
)
"""In the order in which every transaction writes them."""

BY_TYPE: Final[dict[str, list[Table]]] = {
    kind: [table for table in TABLES if kind in table.types]
    for kind in sorted({kind for table in TABLES for kind in table.types})
}

TOLD_ELSEWHERE: Final = frozenset(
    {
        "stock.recorded",
        "stock.adjusted",
        "stock.issued",
        "lot.corrected",
        "kit.assembled",
        "kit.disassembled",
        "cost.method.set",
        "cost.charge.added",
        "stock.revalued",
        "period.set",
        "lot.repacked",
        "lot.recalled",
        "recommendations.generated",
        "bin.moved",
        "putaway.posted",
    }
)
"""Events that no table is made of: movements, levels, bins, lots, links or values say what they
changed."""
