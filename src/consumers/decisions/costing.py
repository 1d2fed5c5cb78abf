"""What cost commands mean: facts that values follow from, each about units that have come in."""

from collections.abc import Set as AbstractSet
from datetime import UTC
from decimal import Decimal
from typing import Any

from consumers.decisions.backdating import effective, needs_period
from consumers.decisions.charges import divided
from consumers.decisions.known import unknown_item, unknown_place
from consumers.decisions.receipts import receipt_body
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Book
from ledger.costing import CostFact, CostMethod, Period, Receipt, ReceiptLine
from ledger.outcome import VENDOR, Applied, Event, Outcome, Rejected
from ledger.valuation.facts import CHARGES
from ledger.valuation.money import decimals_of, worth
from schemas.base import shown
from schemas.commands.costing import AddCharge, CorrectPrice, Revalue, SetCostMethod, SetPeriod
from schemas.problems import (
    BEFORE_RECEIPT,
    COST_METHOD,
    CURRENCY,
    PERIOD_NOT_OVER,
    UNKNOWN_RECEIPT,
    problem,
)


def _method(command: SetCostMethod, tenant_id: str, needs: Needs) -> None:
    needs.items.add((tenant_id, command.sku))
    needs.cost_methods.add((tenant_id, command.sku))


@decides(SetCostMethod, needs=_method)
def set_cost_method(command: SetCostMethod, ask: Ask, book: Book) -> Outcome:
    """Keep values another way from now on; what is in stock is worth what it was, but by a standard."""
    refused = unknown_item(book, ask.tenant_id, command.sku, "")
    if refused:
        return refused
    old = book.cost_methods.get((ask.tenant_id, command.sku))
    version = old.version + 1 if old else 1
    kept = CostMethod(ask.tenant_id, command.sku, command.method, command.standard_cost, version)
    body = {
        "sku": kept.sku,
        "method": kept.method,
        "standard_cost": None if kept.standard_cost is None else shown(kept.standard_cost),
        "version": kept.version,
    }
    return Applied(
        200 if old else 201,
        ("cost-method", kept.sku),
        body,
        (Event("cost.method.set", f"cost-method/{kept.sku}", kept.version),),
        (kept,),
        costs=(CostFact(kept.sku, "method", unit_cost=kept.standard_cost, method=kept.method),),
    )


def _charged(command: AddCharge, tenant_id: str, needs: Needs) -> None:
    needs.receipts.update((tenant_id, line.receipt_id) for line in command.lines)
    needs.periods.add((tenant_id,))


@decides(AddCharge, needs=_charged)
def add_charge(command: AddCharge, ask: Ask, book: Book) -> Outcome:
    """Divide an amount over what was received; each share follows its units, sold or not."""
    lines: list[ReceiptLine] = []
    for index, named in enumerate(command.lines):
        found = _line(book, ask, named.receipt_id, named.line, f"/lines/{index}")
        if isinstance(found, Rejected):
            return found
        lines.append(found[1])
    moment = _since(command, {named.receipt_id for named in command.lines}, ask, book)
    if isinstance(moment, Rejected):
        return moment
    shares = divided(command, lines, _currency(ask, book))
    if isinstance(shares, Rejected):
        return shares
    charge = f"chg-{ask.new_id}"
    told = list(zip(command.lines, lines, shares, strict=True))
    body = {
        "charge_id": charge,
        "amount": shown(command.amount),
        "basis": command.basis,
        "reason": command.reason,
        "reference": command.reference,
        "lines": [
            {
                "receipt_id": named.receipt_id,
                "line": named.line,
                "sku": line.sku,
                "amount": shown(share),
            }
            for named, line, share in told
        ],
        "created_at": book.at,
    }
    facts = tuple(
        CostFact(
            line.sku,
            "charge",
            CHARGES,
            amount=share,
            document=named.receipt_id,
            line=named.line,
            effective_at=moment,
        )
        for named, line, share in told
        if share
    )
    event = Event("cost.charge.added", f"charge/{charge}", 1)
    return Applied(201, ("charge", charge), body, (event,), costs=facts)


def _corrected(command: CorrectPrice, tenant_id: str, needs: Needs) -> None:
    needs.receipts.add((tenant_id, command.receipt_id))
    needs.periods.add((tenant_id,))


@decides(CorrectPrice, needs=_corrected)
def correct_price(command: CorrectPrice, ask: Ask, book: Book) -> Outcome:
    """Let what was received cost what the invoice says; the difference follows its units."""
    found = _line(book, ask, command.receipt_id, command.line, "")
    if isinstance(found, Rejected):
        return found
    receipt, line = found
    moment = _since(command, {command.receipt_id}, ask, book)
    if isinstance(moment, Rejected):
        return moment
    changed = receipt._replace(
        lines=tuple(
            each._replace(unit_cost=command.unit_cost) if each.line == line.line else each
            for each in receipt.lines
        ),
        version=receipt.version + 1,
    )
    fact = CostFact(
        line.sku,
        "price",
        VENDOR,
        unit_cost=command.unit_cost,
        amount=_stated(line, decimals_of(_currency(ask, book))),
        document=receipt.receipt_id,
        line=line.line,
        effective_at=moment,
    )
    subject = f"receipt/{receipt.receipt_id}"
    event = Event("receipt.price.corrected", subject, changed.version)
    body = receipt_body(changed)
    return Applied(200, ("receipt", receipt.receipt_id), body, (event,), (changed,), costs=(fact,))


def _currency(ask: Ask, book: Book) -> str | None:
    """The currency of the tenant's books, if it was stated."""
    period = book.periods.get((ask.tenant_id,))
    return None if period is None else period.currency


def _stated(line: ReceiptLine, decimals: int) -> Decimal | None:
    """What was said that a line cost, at its receipt or by the last correction."""
    if line.unit_cost is None:
        return None
    return worth(line.quantity, line.unit_cost, decimals)


def _revalued(command: Revalue, tenant_id: str, needs: Needs) -> None:
    needs.items.add((tenant_id, command.sku))
    needs.locations.add((tenant_id, command.location))
    needs.cost_methods.add((tenant_id, command.sku))
    needs_period(command.effective_at, tenant_id, needs)


@decides(Revalue, needs=_revalued)
def revalue(command: Revalue, ask: Ask, book: Book) -> Outcome:
    """Let what lies at a location be worth so much; what has gone keeps its cost."""
    refused = unknown_place(book, ask.tenant_id, command.sku, command.location, "")
    if refused:
        return refused
    kept = book.cost_methods.get((ask.tenant_id, command.sku))
    if kept is not None and kept.method == "standard":
        said = f"/sku: {command.sku} is kept by a standard cost: set that"
        return Rejected(409, problem(COST_METHOD, said, pointer="/sku"))
    moment = effective(command.effective_at, ask, book)
    if isinstance(moment, Rejected):
        return moment
    named = f"rev-{ask.new_id}"
    body = {
        "id": named,
        "sku": command.sku,
        "location": command.location,
        "unit_cost": shown(command.unit_cost),
        "reason": command.reason,
        "created_at": book.at,
    }
    fact = CostFact(
        command.sku,
        "revalue",
        location=command.location,
        unit_cost=command.unit_cost,
        effective_at=moment,
    )
    event = Event("stock.revalued", f"revaluation/{named}", 1)
    return Applied(201, ("revaluation", named), body, (event,), costs=(fact,))


def _period(_: SetPeriod, tenant_id: str, needs: Needs) -> None:
    needs.periods.add((tenant_id,))


@decides(SetPeriod, needs=_period)
def set_period(command: SetPeriod, ask: Ask, book: Book) -> Outcome:
    """Close days that are over, so that nothing takes effect in them any more; or open them again."""
    closed = command.closed_until
    if closed is not None and closed >= book.now.astimezone(UTC).date():
        said = f"/closed_until: {closed.isoformat()} is not over: here it is {book.at}"
        return Rejected(422, problem(PERIOD_NOT_OVER, said, pointer="/closed_until"))
    old = book.periods.get((ask.tenant_id,))
    currency = old.currency if old else None
    if currency is not None and command.currency not in (None, currency):
        said = f"/currency: the books are kept in {currency}"
        return Rejected(409, problem(CURRENCY, said, pointer="/currency", currency=currency))
    version = old.version + 1 if old else 1
    currency = command.currency or currency
    backdaters = tuple(command.backdaters)
    period = Period(ask.tenant_id, closed, backdaters, command.reason, version, currency)
    body: dict[str, Any] = {
        "closed_until": None if closed is None else closed.isoformat(),
        "backdaters": list(period.backdaters),
        "reason": period.reason,
        "version": version,
        "currency": currency,
    }
    event = Event("period.set", "period", version)
    return Applied(200 if old else 201, ("period", "period"), body, (event,), (period,))


def _line(
    book: Book, ask: Ask, receipt_id: str, number: int, at: str
) -> tuple[Receipt, ReceiptLine] | Rejected:
    """A receipt and one of its lines."""
    receipt = book.receipts.get((ask.tenant_id, receipt_id))
    lines = {each.line: each for each in receipt.lines} if receipt else {}
    if receipt is None or number not in lines:
        at = f"{at}/receipt_id" if receipt is None else f"{at}/line"
        said = f"{at}: there is no receipt {receipt_id}" + (
            f" with line {number}" if receipt else ""
        )
        return Rejected(404, problem(UNKNOWN_RECEIPT, said, pointer=at))
    return receipt, lines[number]


def _since(
    command: AddCharge | CorrectPrice, receipts: AbstractSet[str], ask: Ask, book: Book
) -> str | Rejected | None:
    """When it takes effect, which is not before the goods came in that it is about; none for now.

    A receipt may have been posted a moment after our batch began: then that is the moment.
    """
    moment = effective(command.effective_at, ask, book)
    if isinstance(moment, Rejected):
        return moment
    came = max(book.receipts[ask.tenant_id, each].effective_at for each in receipts)
    if (moment or book.at) >= came:
        return moment
    if moment is None:
        return came
    said = f"/effective_at: the goods came in at {came}"
    return Rejected(422, problem(BEFORE_RECEIPT, said, pointer="/effective_at"))
