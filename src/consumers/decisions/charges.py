"""How a charge is divided over the lines of receipts: by their share of what it is measured in. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from ledger.book import Rejected
from ledger.costing import ReceiptLine
from ledger.valuation.money import split
from schemas.base import ZERO
from schemas.commands.costing import AddCharge, ChargedLine
from schemas.problems import CHARGE_BASIS, problem

SHARE_DECIMALS = 6
"""Shares are exact to the last digit that an amount may have; the currency rounds them."""


def divided(command: AddCharge, lines: Sequence[ReceiptLine]) -> list[Decimal] | Rejected:
    """The share of each line, together the amount; `lines` are those that the command names."""
    if command.basis == "manual":
        shares = [each.amount or ZERO for each in command.lines]
        if sum(shares, ZERO) != command.amount:
            return _refused("/amount", "the shares of its lines do not come to it")
        return shares
    weights: list[Decimal] = []
    for index, (named, line) in enumerate(zip(command.lines, lines, strict=True)):
        weight = _weight(command.basis, named, line)
        if weight is None:
            return _refused(f"/lines/{index}", "what it cost is not known yet")
        weights.append(weight)
    if not any(weights):
        return _refused("/basis", "all of its lines come to nothing by it")
    return split(command.amount, weights, SHARE_DECIMALS)


def _weight(basis: str, named: ChargedLine, line: ReceiptLine) -> Decimal | None:
    if basis == "equal":
        return Decimal(1)
    if basis == "quantity":
        return line.quantity
    if basis == "amount":
        return None if line.unit_cost is None else line.quantity * line.unit_cost
    return named.measure


def _refused(at: str, why: str) -> Rejected:
    return Rejected(422, problem(CHARGE_BASIS, f"{at}: {why}", pointer=at))
