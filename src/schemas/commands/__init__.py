"""What may be asked: every command, by its type, and the module that applies it."""

from typing import Final

from schemas.commands import (
    bins,
    catalog,
    costing,
    counts,
    holds,
    issues,
    kits,
    lots,
    policies,
    production,
    putaway,
    recalls,
    receipts,
    recipes,
    recommendations,
    repacks,
    replenishment,
    reservations,
    returns,
    stock,
    transfers,
)
from schemas.commands.base import Command

COMMANDS: Final[dict[str, type[Command]]] = {
    command.TYPE: command
    for command in (
        catalog.UpsertItem,
        catalog.UpsertLocation,
        policies.SetPolicy,
        stock.RecordStock,
        stock.AdjustStock,
        issues.IssueStock,
        lots.UpsertLot,
        lots.SetLotStatus,
        lots.CorrectLot,
        recalls.RecallLot,
        holds.PlaceHold,
        holds.ReleaseHold,
        reservations.CreateReservation,
        reservations.ReleaseReservation,
        reservations.ConsumeReservation,
        reservations.ExpireReservation,
        transfers.ShipTransfer,
        transfers.ReceiveTransfer,
        transfers.CloseTransfer,
        receipts.PostReceipt,
        counts.OpenCount,
        counts.RecordCount,
        counts.RecountLines,
        counts.ApproveCount,
        counts.PostCount,
        counts.CancelCount,
        returns.ReceiveReturn,
        recipes.UpsertRecipe,
        kits.AssembleKit,
        kits.DisassembleKit,
        repacks.RepackLot,
        production.StartProduction,
        production.ConsumeProduction,
        production.ProduceProduction,
        production.CompleteProduction,
        production.CancelProduction,
        costing.SetCostMethod,
        costing.AddCharge,
        costing.CorrectPrice,
        costing.Revalue,
        costing.SetPeriod,
        replenishment.SetReplenishmentPolicy,
        replenishment.ObserveReplenishment,
        recommendations.GenerateRecommendations,
        recommendations.CloseRecommendation,
        bins.UpsertBin,
        bins.MoveInBins,
        putaway.PostPutaway,
    )
}

SERVED: Final = tuple(dict.fromkeys(command.MODULE for command in COMMANDS.values()))
"""The modules that have commands: what a worker serves when it is not told otherwise."""

__all__ = ["COMMANDS", "SERVED", "Command"]
