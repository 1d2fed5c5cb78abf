"""What has happened: every event, by its type."""

from typing import Final

from schemas.events import (
    catalog,
    costing,
    counts,
    genealogy,
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
from schemas.events.base import Event, EventHeaders

EVENTS: Final[dict[str, type[Event]]] = {
    event.TYPE: event
    for event in (
        catalog.ItemUpserted,
        catalog.LocationUpserted,
        policies.PolicyChanged,
        stock.StockRecorded,
        stock.StockAdjusted,
        stock.StockIssued,
        stock.StockMoved,
        lots.LotDescribed,
        lots.LotStatusSet,
        lots.LotCorrected,
        recalls.LotRecalled,
        holds.HoldPlaced,
        holds.HoldReleased,
        receipts.ReceiptPosted,
        receipts.ReceiptPriceCorrected,
        costing.CostMethodSet,
        costing.ChargeAdded,
        costing.StockRevalued,
        costing.PeriodSet,
        returns.ReturnReceived,
        transfers.TransferShipped,
        transfers.TransferReceived,
        transfers.TransferClosed,
        counts.CountOpened,
        counts.CountRecorded,
        counts.RecountAsked,
        counts.CountApproved,
        counts.CountPosted,
        counts.CountCancelled,
        counts.CountLinesChanged,
        recipes.RecipeUpserted,
        kits.KitAssembled,
        kits.KitDisassembled,
        repacks.LotRepacked,
        production.ProductionStarted,
        production.ProductionConsumed,
        production.ProductionProduced,
        production.ProductionCompleted,
        production.ProductionCancelled,
        genealogy.GenealogyLinked,
        stock.SerialsChanged,
        stock.LevelChanged,
        reservations.ReservationCreated,
        reservations.ReservationRebound,
        reservations.ReservationReleased,
        reservations.ReservationConsumed,
        reservations.ReservationExpired,
    )
}

__all__ = ["EVENTS", "Event", "EventHeaders"]
