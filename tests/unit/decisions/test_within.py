"""A limited caller changes what lies within its locations, and nothing else."""

from decimal import Decimal

import pytest

from consumers.decisions.within import within
from ledger.book import Applied, Commitment, Movement, Rejected
from ledger.counting import Count
from ledger.rules import EVERYWHERE, Policy
from ledger.serial_unit import Serial
from schemas.commands.reservations import ReleaseReservation
from schemas.commands.stock import RecordStock

ONE = Decimal(1)
BY_ID = ReleaseReservation(reservation_id="rsv-1", reason="why")
NAMING = RecordStock(sku="A", location="EAST", quantity="1", reason="count")


def moved(source, target):
    return Movement("A", "", (), source, target, ONE, None, "why", "doc")


def serial(account):
    return Serial("t", "A", "S1", account, "doc", None, 1)


COUNT = Count._make(["t", "cnt-1", "EAST", "open", *[None] * (len(Count._fields) - 4)])
POLICY = Policy("t", "A", EVERYWHERE, *[None] * (len(Policy._fields) - 3))


@pytest.mark.parametrize(
    ("changes", "limit", "refused"),
    [
        ({"movements": (moved("@vendor", "MAIN"),)}, "MAIN", None),
        ({"movements": (moved("MAIN", "EAST"),)}, "MAIN", ["EAST"]),
        ({"movements": (moved("MAIN", "EAST"),)}, "EAST MAIN", None),
        ({"commitments": (Commitment("A", "EAST", "", ONE),)}, "MAIN", ["EAST"]),
        ({"commitments": (Commitment("A", "MAIN", "", ONE),)}, "MAIN", None),
        ({"commitments": (Commitment("A", "MAIN", "", ONE),)}, "", ["MAIN"]),
        ({"serials": (serial("EAST"),)}, "MAIN", ["EAST"]),
        ({"serials": (serial("@customer"),), "documents": (COUNT,)}, "EAST", None),
        ({"documents": (COUNT,)}, "MAIN", ["EAST"]),
        ({"documents": (POLICY,)}, "MAIN", []),
        ({}, "MAIN", []),
    ],
)
def test_what_a_command_would_change_must_lie_within(changes, limit, refused):
    outcome = Applied(200, ("x", "1"), {}, **changes)
    found = within(BY_ID, outcome, limit)
    if refused is None:
        assert found is outcome
    else:
        assert (found.code, found.problem["locations"]) == (403, refused)


@pytest.mark.parametrize(
    ("command", "told", "refused"),
    [
        (BY_ID, {}, False),
        (BY_ID, {"lines": [{"location": "EAST", "available": "5"}]}, True),
        (BY_ID, {"lines": [{"location": "MAIN", "available": "5"}]}, False),
        (NAMING, {}, True),
    ],
)
def test_a_refusal_tells_nothing_of_other_locations(command, told, refused):
    outcome = Rejected(409, {"status": 409, **told})
    found = within(command, outcome, "MAIN")
    assert (found is not outcome) == refused
    assert found.code == (403 if refused else 409)
