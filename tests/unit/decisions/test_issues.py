"""Issues: what leaves us is available, may be used, and is destroyed before somebody's eyes."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

import paper
from asks import TENANT
from ledger.costing import Receipt, ReceiptLine
from ledger.documents import Lot
from schemas.commands.issues import IssueStock


def issue(*lines, to="customer", **fields):
    wanted = [
        {"sku": sku, "location": "MAIN", "quantity": each, "lot": lot} for sku, each, lot in lines
    ]
    return IssueStock(to=to, lines=wanted, reason_code="r", **fields)


def lots():
    """Of A 6 are available, of B 4 in L1 and 5 in L3; L2 is recalled."""
    over = paper.book(
        ("A", "", "10", "4"), ("B", "L1", "4", "0"), ("B", "L2", "9", "0"), ("B", "L3", "5", "0")
    )
    over.lots[TENANT, "B", "L2"] = Lot(
        TENANT, "B", "L2", "recalled", "r", None, None, None, None, 1
    )
    return over


SEEN = {"witness_id": "bob", "method": "incinerated", "certificate": "C-17"}
UNSEEN = {**SEEN, "witness_id": paper.ASK.actor_id}
CASES = [
    (issue(("A", "6", None)), 201, None, [("", "6")]),
    (issue(("A", "6.5", None)), 409, "insufficient-stock", None),
    (issue(("A", "4", None), ("A", "2", None)), 201, None, [("", "4"), ("", "2")]),
    (issue(("A", "4", None), ("A", "3", None)), 409, "insufficient-stock", None),
    (issue(("B", "6", None)), 201, None, [("L1", "4"), ("L3", "2")]),
    (issue(("B", "10", None)), 409, "insufficient-stock", None),  # nothing of L2
    (issue(("B", "10", None), to="scrap"), 409, "insufficient-stock", None),  # unless it is named
    (issue(("B", "1", "L2")), 409, "insufficient-stock", None),
    (issue(("B", "9", "L2"), to="scrap"), 201, None, [("L2", "9")]),
    (issue(("B", "10", "L2"), to="loss"), 409, "insufficient-stock", None),
    (issue(("B", "9", "L2"), to="vendor"), 201, None, [("L2", "9")]),
    (issue(("A", "1", None), to="scrap", destruction=SEEN), 201, None, [("", "1")]),
    (issue(("A", "1", None), to="scrap", destruction=UNSEEN), 409, "witness-is-actor", None),
    (issue(("A", "1", "L1")), 422, "lot-rule", None),
    (issue(("NONE", "1", None)), 422, "unknown-item", None),
]


@pytest.mark.parametrize(("command", "code", "refused", "taken"), CASES)
def test_an_issue_takes_what_is_available_and_may_be_used(command, code, refused, taken):
    outcome = paper.decided(command, lots())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    if taken is not None:
        assert [(each.lot, str(each.quantity)) for each in outcome.movements] == taken
        assert {each.to_account for each in outcome.movements} == {f"@{command.to}"}
        assert [line["quantity"] for line in outcome.body["lines"]] == [each for _, each in taken]


def test_only_what_goes_to_scrap_is_destroyed():
    with pytest.raises(ValidationError, match="goes to scrap"):
        issue(("A", "1", None), to="loss", destruction=SEEN)


@pytest.mark.parametrize(
    ("sku", "receipt_id", "pointer"),
    [("A", "rcp-1", None), ("B", "rcp-1", "/lines/0/sku"), ("A", "rcp-2", "/receipt_id"),
     ("A", "rcp-9", "/receipt_id")],
)  # fmt: skip
def test_what_goes_back_to_a_vendor_came_by_a_receipt_from_one(sku, receipt_id, pointer):
    """rcp-1 brought A from a vendor, rcp-2 from a customer. The movement names the receipt."""
    over = lots()
    for named, source in (("rcp-1", "vendor"), ("rcp-2", "customer")):
        line = ReceiptLine(1, "A", "MAIN", "", Decimal(10), Decimal(5))
        over.receipts[TENANT, named] = Receipt(TENANT, named, source, None, (line,), "", "", 1)
    lines = [{"sku": sku, "location": "MAIN", "quantity": "2"}]
    command = IssueStock(to="vendor", lines=lines, receipt_id=receipt_id, reason_code="r")
    outcome = paper.decided(command, over)
    if pointer is None:
        assert [each.document for each in outcome.movements] == [receipt_id]
        assert outcome.body["receipt_id"] == receipt_id
        assert outcome.resource[1].startswith("stock-")
    else:
        assert (paper.refusal(outcome), outcome.problem["pointer"]) == ("unknown-receipt", pointer)


def test_only_to_a_vendor_goods_of_a_receipt_go_back():
    line = {"sku": "A", "location": "MAIN", "quantity": "2"}
    with pytest.raises(ValidationError, match="only to a vendor"):
        IssueStock(to="scrap", lines=[line], receipt_id="rcp-1", reason_code="r")
