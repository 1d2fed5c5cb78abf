"""Lots: their dates and status, and who goes first out of a place."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

import paper
from asks import TENANT
from consumers.decisions.fefo import unusable
from ledger.documents import Lot
from schemas.commands.lots import CorrectLot, SetLotStatus, UpsertLot
from schemas.commands.reservations import CreateReservation


def day(text):
    return None if text is None else date.fromisoformat(text)


def lot(code, *, status="active", expires=None, remove=None, version=1):
    return Lot(TENANT, "B", code, status, None, day(expires), None, day(remove), None, version)


def book(*levels, lots=(), **changes):
    made = paper.book(*levels)
    for each in lots:
        made.lots[TENANT, "B", each.lot] = each
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def upsert(code="L1", **fields):
    return UpsertLot(sku=fields.pop("sku", "B"), lot=code, **fields)


def status(to, code="L1", **fields):
    return SetLotStatus(
        sku=fields.pop("sku", "B"), lot=code, status=to, reason="letter 7", **fields
    )


STOCKED = ("B", "L1", "10", "0")

CASES = [
    (upsert(), (), 201, None, 1),
    (upsert(), (lot("L1", version=4),), 200, None, 5),
    (upsert(sku="NONE"), (), 422, "unknown-item", None),
    (upsert(sku="A"), (), 422, "lot-rule", None),
    (status("recalled"), (), 200, None, 1),  # it has stock, though nobody described it
    (status("recalled"), (lot("L1", version=4),), 200, None, 5),
    (status("active", "L9"), (), 404, "unknown-lot", None),
    (status("active", sku="A"), (), 422, "lot-rule", None),
]


@pytest.mark.parametrize(("command", "known", "code", "refused", "version"), CASES)
def test_a_lot_is_described_and_gets_a_status(command, known, code, refused, version):
    outcome = paper.decided(command, book(STOCKED, lots=known))
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    if version is not None:
        assert outcome.body["version"] == version


def test_new_dates_leave_the_status_and_a_new_status_the_dates():
    known = lot("L1", status="quarantine", expires="2027-01-31")
    described = paper.decided(upsert(expires_on=day("2027-02-28")), book(STOCKED, lots=[known]))
    assert described.body["status"] == "quarantine"
    assert described.body["expires_on"] == "2027-02-28"
    freed = paper.decided(status("active"), book(STOCKED, lots=[known]))
    assert (freed.body["status"], freed.body["expires_on"]) == ("active", "2027-01-31")
    assert freed.body["reason"] == "letter 7"


@pytest.mark.parametrize("name", ["best_before_on", "remove_on", "alert_on"])
def test_no_date_of_a_lot_lies_after_its_last_day(name):
    with pytest.raises(ValidationError, match=rf"{name}\n  must not be after expires_on"):
        upsert(expires_on=day("2027-01-31"), **{name: day("2027-02-01")})
    upsert(expires_on=day("2027-01-31"), **{name: day("2027-01-31")})


TODAY = day("2026-11-21")

USABLE = [
    (None, 0, None),
    (lot("L", expires=None), 400, None),
    (lot("L", expires="2026-11-22"), 0, None),
    (lot("L", expires="2026-11-21"), 0, None),  # its last day is one of use
    (lot("L", expires="2026-11-20"), 0, "expired"),
    (lot("L", expires="2026-12-01"), 10, None),
    (lot("L", expires="2026-12-01"), 11, "shelf-life"),
    (lot("L", status="quarantine"), 0, "quarantine"),
    (lot("L", status="recalled", expires="2026-11-20"), 0, "recalled"),
]


@pytest.mark.parametrize(("known", "days", "because"), USABLE)
def test_a_lot_is_usable_through_its_last_day(known, days, because):
    assert unusable(known, TODAY, days) == because


def wanted(quantity, **fields):
    line = {"sku": "B", "location": "MAIN", "quantity": quantity, **fields}
    return CreateReservation(order_id="SO-1", lines=[line])


def granted(outcome):
    return [(line["lot"], line["reserved"]) for line in outcome.body["lines"]]


THREE = [("B", "L1", "5", "0"), ("B", "L2", "3", "0"), ("B", "L3", "4", "0")]

FEFO = [
    # By day of removal, which may come long before the last day; without one, last.
    (
        [
            lot("L1", expires="2027-03-01"),
            lot("L2"),
            lot("L3", expires="2027-05-01", remove="2027-02-01"),
        ],
        "12",
        [("L3", "4"), ("L1", "5"), ("L2", "3")],
    ),
    # Of the same day the smallest goes first: that empties its place.
    (
        [lot("L1", expires="2027-03-01"), lot("L2", expires="2027-03-01")],
        "6",
        [("L2", "3"), ("L1", "3")],
    ),
    # Nobody described any: the smallest first.
    ([], "8", [("L2", "3"), ("L3", "4"), ("L1", "1")]),
    # What may not be used is passed over.
    (
        [
            lot("L1", expires="2026-11-20"),
            lot("L2", status="recalled"),
            lot("L3", expires="2026-11-21"),
        ],
        "4",
        [("L3", "4")],
    ),
]


@pytest.mark.parametrize(("lots", "quantity", "takes"), FEFO)
def test_the_lot_that_goes_off_first_goes_first(lots, quantity, takes):
    outcome = paper.decided(wanted(quantity), book(*THREE, lots=lots))
    assert granted(outcome) == takes


def test_a_grant_says_how_its_lots_were_chosen():
    known = [lot("L1", expires="2026-11-20"), lot("L2", status="recalled")]
    outcome = paper.decided(wanted("1"), book(*THREE, lots=known))
    assert outcome.body["choices"] == [
        {
            "line": 1,
            "order": ["L3"],
            "passed": [{"lot": "L1", "because": "expired"}, {"lot": "L2", "because": "recalled"}],
            "sku": "B",
            "location": "MAIN",
            "any_lot": ["L3"],
        }
    ]
    assert outcome.documents[0].choices == tuple(outcome.body["choices"])


def test_stock_without_lots_has_no_choice_to_tell_of():
    outcome = paper.decided(
        CreateReservation(
            order_id="SO-1", lines=[{"sku": "A", "location": "MAIN", "quantity": "1"}]
        ),
        paper.book(("A", "", "10", "0")),
    )
    assert "choices" not in outcome.body


@pytest.mark.parametrize(
    ("fields", "passed"),
    [
        ({}, [{"lot": "L1", "because": "expired"}]),
        ({"lot": "L1"}, [{"lot": "L1", "because": "expired"}]),
        (
            {"shelf_life_days": 100},
            [{"lot": "L1", "because": "expired"}, {"lot": "L2", "because": "shelf-life"}],
        ),
    ],
)
def test_what_is_short_names_the_lots_that_may_not_be_used(fields, passed):
    known = [lot("L1", expires="2026-11-20"), lot("L2", expires="2026-12-24")]
    stocked = book(("B", "L1", "9", "0"), ("B", "L2", "1", "0"), lots=known)
    outcome = paper.decided(wanted("8", **fields), stocked)
    assert paper.refusal(outcome) == "insufficient-stock"
    assert outcome.problem["lines"][0]["passed"] == passed


@pytest.mark.parametrize(
    ("zone", "at", "code"),
    [
        ("Europe/Berlin", datetime(2026, 11, 21, 22, 59, tzinfo=UTC), 201),  # 23:59 of the last day
        ("Europe/Berlin", datetime(2026, 11, 21, 23, 0, tzinfo=UTC), 409),
        ("America/Los_Angeles", datetime(2026, 11, 22, 7, 59, tzinfo=UTC), 201),
        ("Pacific/Auckland", datetime(2026, 11, 21, 11, 0, tzinfo=UTC), 409),  # tomorrow already
    ],
)
def test_the_last_day_ends_when_it_ends_where_the_stock_lies(zone, at, code):
    stocked = book(STOCKED, lots=[lot("L1", expires="2026-11-21")], now=at)
    here = stocked.locations[TENANT, "MAIN"]
    stocked.locations[TENANT, "MAIN"] = here._replace(time_zone=zone)
    assert paper.decided(wanted("1"), stocked).code == code


def correct(quantity=None, to="L10", **fields):
    given = {"sku": "B", "location": "MAIN", "from_lot": "L1O", "to_lot": to, "reason": "typo"}
    return CorrectLot(**{**given, "quantity": quantity, **fields})


MISTYPED = ("B", "L1O", "10", "4")

CORRECTIONS = [
    (correct("6"), (), 201, None),
    (correct("6.5"), (), 409, "insufficient-stock"),  # 4 are promised
    (correct(), (), 409, "insufficient-stock"),
    (correct(from_lot="L9"), (), 409, "insufficient-stock"),
    (correct("6"), (lot("L1O", status="recalled"),), 409, "lot-unusable"),
    (correct("6"), (lot("L1O", status="quarantine"),), 409, "lot-unusable"),
    (correct("6"), (lot("L10", status="recalled"),), 201, None),
    (correct("6"), (lot("L1O", expires="2001-01-01"),), 201, None),
    (correct("6", sku="NONE"), (), 422, "unknown-item"),
    (correct("6", location="NOWHERE"), (), 422, "unknown-location"),
    (correct("6", sku="A"), (), 422, "lot-rule"),
]


@pytest.mark.parametrize(("command", "known", "code", "refused"), CORRECTIONS)
def test_stock_goes_over_to_its_right_lot(command, known, code, refused):
    outcome = paper.decided(command, book(MISTYPED, lots=known))
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)


def test_a_correction_moves_what_is_free_and_leaves_what_is_promised():
    over = book(MISTYPED, ("B", "L10", "1", "0"))
    outcome = paper.kept(correct("6"), over, "1")
    assert [(each.lot, each.from_account, each.to_account) for each in outcome.movements] == [
        ("L1O", "MAIN", "@correction"), ("L10", "@correction", "MAIN"),
    ]  # fmt: skip
    left = [over.level(TENANT, "B", "MAIN", each) for each in ("L1O", "L10")]
    assert [(each.on_hand, each.reserved) for each in left] == [(4, 4), (7, 0)]


@pytest.mark.parametrize(
    ("known", "expires"),
    [
        ((), []),
        ((lot("L1O", expires="2027-01-31"),), ["2027-01-31"]),
        ((lot("L1O", expires="2027-01-31"), lot("L10", expires="2027-05-31")), []),
        ((lot("L1O"),), []),
    ],
)
def test_the_right_lot_takes_the_dates_over_if_nobody_described_it(known, expires):
    outcome = paper.decided(correct("6"), book(MISTYPED, lots=known))
    assert [str(each.expires_on) for each in outcome.documents] == expires
    assert [each.type for each in outcome.events] == ["lot.corrected"] + ["lot.described"] * len(
        expires
    )


def test_a_lot_is_corrected_to_another():
    with pytest.raises(ValidationError, match="must not be from_lot"):
        correct("6", to="L1O")
