"""How a charge is divided over the lines of receipts: by their share of what it is measured in. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from ledger.costing import ReceiptLine
from ledger.outcome import Rejected
from ledger.valuation.money import COST_DECIMALS, decimals_of, rounded, split
from schemas.base import ZERO
from schemas.commands.costing import AddCharge, ChargedLine
from schemas.problems import AMOUNT_DIGITS, CHARGE_BASIS, problem


def divided(
    command: AddCharge, lines: Sequence[ReceiptLine], currency: str | None
) -> list[Decimal] | Rejected:
    """The share of each line, together the amount; `lines` are those that the command names.

    Each is what the currency can pay. Where none was stated and an amount has more digits than most
    currencies, the shares have them too, and are rounded as they are booked.
    """
    decimals = decimals_of(currency)
    amounts = [command.amount, *(each.amount or ZERO for each in command.lines)]
    if any(each != rounded(each, decimals) for each in amounts):
        if currency is not None:
            return _too_small(amounts, currency, decimals)
        decimals = COST_DECIMALS
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
    return split(command.amount, weights, decimals)


def _weight(basis: str, named: ChargedLine, line: ReceiptLine) -> Decimal | None:
    if basis == "equal":
        return Decimal(1)
    if basis == "quantity":
        return line.quantity
    if basis == "amount":
        return None if line.unit_cost is None else line.quantity * line.unit_cost
    return named.measure


def _too_small(amounts: Sequence[Decimal], currency: str, decimals: int) -> Rejected:
    """Refuse the amount, or that of the line, which comes first of those with too many digits."""
    first = next(n for n, each in enumerate(amounts) if each != rounded(each, decimals))
    at = f"/lines/{first - 1}/amount" if first else "/amount"
    said = f"{at}: amounts in {currency} have {decimals} decimals"
    return Rejected(422, problem(AMOUNT_DIGITS, said, pointer=at, currency=currency))


def _refused(at: str, why: str) -> Rejected:
    return Rejected(422, problem(CHARGE_BASIS, f"{at}: {why}", pointer=at))
