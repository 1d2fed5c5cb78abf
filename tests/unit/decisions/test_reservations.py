"""Promises: granted, given back, shipped, run out."""

import json
from datetime import timedelta

import pytest

import paper
from asks import PROOF
from schemas.commands.reservations import (
    ConsumeReservation,
    CreateReservation,
    ExpireReservation,
    ReleaseReservation,
)

LEVELS = (("A", "", "10", "4"), ("B", "L1", "2", "0"), ("B", "L2", "5", "0"))


def create(*lines, **fields):
    wanted = [
        {"sku": sku, "location": place, "quantity": quantity, "lot": lot}
        for sku, place, quantity, lot in lines
    ]
    return CreateReservation.model_validate({"order_id": "SO", "lines": wanted, **fields})


def release(quantity=None, line=1):
    parts = None if quantity is None else [{"line": line, "quantity": quantity}]
    return ReleaseReservation.model_validate(
        {"reservation_id": "rsv-1", "lines": parts, "reason": "r"}
    )


def consume(quantity=None, line=1):
    parts = None if quantity is None else [{"line": line, "quantity": quantity}]
    body = {"reservation_id": "rsv-1", "lines": parts, "shipment_proof": PROOF}
    return ConsumeReservation.model_validate_json(json.dumps(body))


CREATED = [
    (create(("A", "MAIN", "6", None)), None, [(1, "", "6")]),
    (create(("A", "MAIN", "7", None)), "insufficient-stock", None),
    (create(("A", "MAIN", "7", None), allow_partial=True), None, [(1, "", "6")]),
    (create(("A", "EAST", "1", None)), "insufficient-stock", None),
    (create(("A", "EAST", "1", None), allow_partial=True), "insufficient-stock", None),
    (create(("NONE", "MAIN", "1", None)), "unknown-item", None),
    (create(("A", "NOWHERE", "1", None)), "unknown-location", None),
    (create(("A", "MAIN", "4", None), ("A", "MAIN", "3", None)), "insufficient-stock", None),
    (
        create(("A", "MAIN", "4", None), ("A", "MAIN", "2", None)),
        None,
        [(1, "", "4"), (2, "", "2")],
    ),
    (create(("B", "MAIN", "6", None)), None, [(1, "L1", "2"), (1, "L2", "4")]),
    (create(("B", "MAIN", "5", "L2")), None, [(1, "L2", "5")]),
    (create(("B", "MAIN", "3", "L1")), "insufficient-stock", None),
    (
        create(("B", "MAIN", "9", None), ("A", "MAIN", "1", None), allow_partial=True),
        None,
        [(1, "L1", "2"), (1, "L2", "5"), (2, "", "1")],
    ),
]


@pytest.mark.parametrize(("command", "refused", "granted"), CREATED)
def test_all_lines_are_granted_or_none_unless_a_part_is_allowed(command, refused, granted):
    outcome = paper.decided(command, paper.book(*LEVELS))
    assert paper.refusal(outcome) == refused
    if granted is not None:
        lines = outcome.body["lines"]
        assert [(each["line"], each["lot"] or "", each["reserved"]) for each in lines] == granted
        assert sum(each.quantity for each in outcome.commitments) == sum(
            line.reserved for line in outcome.documents[0].lines
        )


# On a promise of 4, in the order given: what each comes to, and the state it leaves.
ENDED = [
    ([release()], ["released"]),
    ([consume()], ["consumed"]),
    ([release("1"), release("3")], ["active", "released"]),
    ([release("1"), consume("3")], ["active", "consumed"]),
    ([consume("1"), release("3")], ["active", "consumed"]),
    ([release("5")], ["reservation-holds-less"]),
    ([release("1", line=2)], ["reservation-holds-less"]),
    ([release("3"), consume("2")], ["active", "reservation-holds-less"]),
    ([release(), release()], ["released", "reservation-not-active"]),
    ([consume(), release()], ["consumed", "reservation-not-active"]),
    ([ExpireReservation(reservation_id="rsv-1")], ["reservation-not-active"]),
]


@pytest.mark.parametrize(("commands", "states"), ENDED)
def test_a_promise_ends_once(commands, states):
    over = paper.book(*LEVELS)
    paper.kept(create(("A", "MAIN", "4", None)), over, "1")
    found = []
    for command in commands:
        outcome = paper.decided(command, over)
        found.append(paper.refusal(outcome) or outcome.body["status"])
        if paper.refusal(outcome) is None:
            over.apply(paper.TENANT, "ann", outcome)
    assert found == states


def test_an_unknown_promise_cannot_end():
    assert paper.refusal(paper.decided(release(), paper.book())) == "unknown-reservation"


@pytest.mark.parametrize(("seconds", "over_now"), [(-1, True), (0, True), (1, False)])
def test_a_promise_ends_when_its_time_has_come(seconds, over_now):
    over = paper.book(*LEVELS)
    due = paper.NOW + timedelta(seconds=seconds)
    body = create(("A", "MAIN", "4", None)).model_copy(update={"expires_at": due})
    paper.kept(body, over, "1")
    assert (paper.refusal(paper.decided(consume(), over)) is not None) == over_now
    outcome = paper.decided(ExpireReservation(reservation_id="rsv-1"), over)
    assert (paper.refusal(outcome) is None) == over_now
    if over_now:
        assert outcome.body["status"] == "expired"
        assert [str(each.quantity) for each in outcome.commitments] == ["-4"]
