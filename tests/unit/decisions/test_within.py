"""A limited caller changes what lies within its locations, and nothing else."""

from dataclasses import fields
from decimal import Decimal
from types import SimpleNamespace

import pytest

from consumers.decisions.within import within
from ledger.counting import Count
from ledger.outcome import Applied, Commitment, Movement, Rejected
from ledger.rules import EVERYWHERE, Policy
from ledger.serial_unit import Serial
from schemas.commands.reservations import ReleaseReservation
from schemas.commands.stock import RecordStock

ONE = Decimal(1)
TELLING = {"code", "resource", "body", "events"}
LOOKED_AT = {
    "documents", "movements", "commitments", "costs", "serials", "bin_moves", "bin_holds", "bin_levels"
}  # fmt: skip
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


def test_every_kind_of_change_is_looked_at():
    """One that is new here must be told of in `within`, too."""
    assert {each.name for each in fields(Applied)} == TELLING | LOOKED_AT


@pytest.mark.parametrize("kind", ["bin_moves", "bin_holds", "bin_levels"])
def test_bins_lie_at_their_locations(kind):
    outcome = Applied(200, ("x", "1"), {}, **{kind: (SimpleNamespace(location="EAST"),)})
    assert within(BY_ID, outcome, "EAST") is outcome
    assert within(BY_ID, outcome, "MAIN").problem["locations"] == ["EAST"]
