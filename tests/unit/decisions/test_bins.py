"""Bins: places within a location; what lies in them is picked by rule, and never more than is there."""

from decimal import Decimal

import pytest
from orjson import dumps
from pydantic import ValidationError

import paper
from asks import PROOF, TENANT
from ledger.bin_stock import BinLevel
from ledger.documents import Unit
from ledger.level import LevelKey
from ledger.removal import removal
from schemas.commands.bins import MoveInBins, UpsertBin
from schemas.commands.holds import PlaceHold, ReleaseHold
from schemas.commands.issues import IssueStock
from schemas.commands.lots import CorrectLot
from schemas.commands.receipts import PostReceipt
from schemas.commands.reservations import ConsumeReservation, CreateReservation
from schemas.commands.stock import AdjustStock, RecordStock
from schemas.commands.transfers import ShipTransfer
from shelves import carried, lying, move, shelved, upsert


def issue(quantity, sku="A", **fields):
    line = {"sku": sku, "location": "MAIN", "quantity": quantity, **fields}
    return IssueStock(to="customer", lines=[line], reason_code="r")


def test_a_bin_is_described_anew_each_time():
    book = paper.book()
    rule = {"sku": "A", "capacity": "5"}
    made = paper.kept(upsert("X", zone="cold", priority=1, takes=[rule]), book, "1")
    assert (made.code, made.resource) == (201, ("bin", "MAIN/X"))
    assert made.body["takes"] == [{**rule, "attributes": None, "priority": None}]
    again = paper.kept(upsert("X"), book, "2")
    assert (again.code, again.body["zone"], again.body["takes"]) == (200, None, None)
    assert (again.body["version"], again.events[0].subject) == (2, "bin/MAIN/X")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"location": "NOWHERE"}, "unknown-location"),
        ({"takes": [{"sku": "Q"}]}, "unknown-item"),
    ],
)
def test_a_bin_is_at_a_location_and_takes_items_that_exist(fields, problem):
    command = UpsertBin(**{"location": "MAIN", "bin": "X", **fields})
    assert paper.refusal(paper.decided(command, paper.book())) == problem


@pytest.mark.parametrize(
    "fields",
    [
        {"bin": "a/b"},
        {"bin": ""},
        {"capacity": "0"},
        {"priority": 0},
        {"takes": [{"sku": "A", "attributes": {"storage": "cold"}}]},
        {"takes": []},
    ],
)
def test_what_is_no_bin_is_refused(fields):
    with pytest.raises(ValidationError):
        UpsertBin(**{"location": "MAIN", "bin": "X", **fields})


def test_stock_is_carried_from_bin_to_bin_and_its_level_stays():
    book = shelved()
    moved = paper.kept(move(carried("12", None, "X"), carried("5", "X", "Y")), book, "3")
    assert moved.body["lines"][1]["to_bin"] == "Y"
    assert lying(book) == {"X": "7", "Y": "5", "": "18"}
    paper.kept(move(carried("5", "Y", None)), book, "4")
    assert lying(book) == {"X": "7", "": "23"}
    assert book.level(TENANT, "A", "MAIN", "").on_hand == 30


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (carried("31", None, "X"), "bin-holds-less"),
        (carried("1", "X", None), "bin-holds-less"),
        (carried("1", None, "Q"), "unknown-bin"),
        (carried("1", None, "X", "Q"), "unknown-item"),
        (carried("1", None, "X", lot="L1"), "lot-rule"),
        (carried("1", None, "X", "S"), "serial-rule"),
        (carried("11", None, "Y"), "bin-full"),
        (carried("1", None, "Z"), "bin-rule"),
    ],
)
def test_what_cannot_be_carried_is_refused_and_named(line, problem):
    book = shelved(Y={"capacity": "10"}, Z={"blocked": True})
    refused = paper.decided(move(line), book)
    assert paper.refusal(refused) == problem
    assert refused.problem["pointer"].startswith("/lines/0/")


@pytest.mark.parametrize("lines", [[], [carried("1", "X", "X")], [carried("1")]])
def test_a_line_goes_from_one_place_to_another(lines):
    with pytest.raises(ValidationError):
        MoveInBins(location="MAIN", lines=lines)


def test_a_bin_that_one_line_empties_has_room_for_the_next():
    book = shelved([("X", "A", "", "10")], X={"capacity": "10"})
    assert paper.refusal(paper.decided(move(carried("1", None, "X")), book)) == "bin-full"
    swapped = paper.kept(move(carried("10", "X", "Y"), carried("10", None, "X")), book, "3")
    assert paper.refusal(swapped) is None
    assert lying(book) == {"X": "10", "Y": "10", "": "10"}


def test_items_share_the_room_of_a_bin_and_each_has_its_own_limit():
    rules = [{"sku": "A", "capacity": "6"}, {"attributes": {"storage": "cold"}}]
    stock = [("A", "", "30", "0"), ("B", "L1", "30", "0"), ("B", "L2", "30", "0")]
    book = shelved(stock=stock, X={"capacity": "10", "takes": rules})
    cold = carried("1", None, "X", "B", lot="L1")
    assert paper.refusal(paper.decided(move(cold), book)) == "bin-rule"
    item = book.items[TENANT, "B"]
    book.items[TENANT, "B"] = item._replace(attributes={"storage": "cold"})
    paper.kept(move({**cold, "quantity": "4"}, {**cold, "lot": "L2", "quantity": "3"}), book, "3")
    own = paper.decided(move(carried("7", None, "X")), book)
    assert (paper.refusal(own), own.problem["room"]) == ("bin-full", "3")


# The worked example of docs/domain/bins.md: 30 of A at MAIN, 10 in X, 4 in Y, 11 in Z; 5 loose.
THERE = [("X", "A", "", "10"), ("Y", "A", "", "4"), ("Z", "A", "", "11")]


@pytest.mark.parametrize(
    ("quantity", "left"),
    [
        ("5", {"X": "10", "Y": "4", "Z": "11", "": "0"}),
        ("6", {"X": "10", "Y": "3", "Z": "11", "": "0"}),
        ("10", {"X": "9", "Z": "11", "": "0"}),
        ("22", {"Z": "8", "": "0"}),
        ("30", {"": "0"}),
    ],
)
def test_what_is_loose_leaves_first_and_then_the_bin_with_least_in_it(quantity, left):
    book = shelved(THERE)
    taken = paper.kept(issue(quantity), book, "3")
    assert lying(book) == left
    assert {each.document for each in taken.bin_moves} <= {"stock-3"}


def test_whole_packs_leave_first():
    """Of 60 a pallet of 48 and a box of 12 leave; the 10 that lie in the smallest bin stay."""
    there = {"P": Decimal(48), "Q": Decimal(10), "R": Decimal(24)}
    assert removal(Decimal(60), there, [Decimal(12), Decimal(48)]) == {"P": 48, "R": 12}
    assert removal(Decimal(60), there) == {"Q": 10, "R": 24, "P": 26}
    assert removal(Decimal(100), there) == {"Q": 10, "R": 24, "P": 48}
    equal = {"B": Decimal(4), "A": Decimal(4)}
    assert removal(Decimal(5), equal) == {"A": 4, "B": 1}


def test_packs_are_those_that_the_item_is_packed_in():
    book = shelved(THERE)
    item = book.items[TENANT, "A"]
    units = (Unit("box", Decimal(5), 1), Unit("kilo", Decimal(11), None))
    book.items[TENANT, "A"] = item._replace(units=units)
    paper.kept(issue("10"), book, "3")
    assert lying(book) == {"X": "5", "Y": "4", "Z": "11", "": "0"}


def test_a_promise_binds_a_location_and_only_its_shipment_a_bin():
    book = shelved(THERE)
    line = {"sku": "A", "location": "MAIN", "quantity": "12"}
    promised = paper.kept(CreateReservation(order_id="SO", lines=[line]), book, "3")
    assert promised.bin_moves == ()
    assert lying(book) == {"X": "10", "Y": "4", "Z": "11", "": "5"}
    consumed = ConsumeReservation.model_validate_json(
        dumps({"reservation_id": "rsv-3", "shipment_proof": PROOF})
    )
    assert paper.refusal(paper.kept(consumed, book, "4")) is None
    assert lying(book) == {"X": "7", "Z": "11", "": "0"}


def test_lots_leave_by_their_dates_whatever_bin_they_lie_in():
    stock = [("B", "L1", "4", "0"), ("B", "L2", "9", "0")]
    book = shelved([("X", "B", "L2", "9"), ("Y", "B", "L1", "4")], stock)
    paper.kept(paper.lot("L1", "2999-01-31"), book, "3")
    paper.kept(paper.lot("L2", "2998-01-31"), book, "3")
    paper.kept(issue("10", "B"), book, "4")
    assert lying(book, "B", "L2") == {"": "0"}
    assert lying(book, "B", "L1") == {"Y": "3", "": "0"}


@pytest.mark.parametrize(
    "command",
    [
        ShipTransfer(
            from_location="MAIN", to_location="EAST", lines=[{"sku": "A", "quantity": "8"}]
        ),
        RecordStock(sku="A", location="MAIN", quantity="22", reason="r"),
        AdjustStock(sku="A", location="MAIN", delta="-8", reason_code="r"),
    ],
)
def test_whatever_makes_stock_less_takes_it_out_of_bins(command):
    book = shelved(THERE)
    assert paper.refusal(paper.kept(command, book, "3")) is None
    assert lying(book) == {"X": "10", "Y": "1", "Z": "11", "": "0"}


def ship(*lines):
    wanted = [{"sku": "A", "quantity": quantity, "bin": code} for quantity, code in lines]
    return ShipTransfer(from_location="MAIN", to_location="EAST", lines=wanted)


def adjust(delta, code):
    return AdjustStock(sku="A", location="MAIN", delta=delta, bin=code, reason_code="r")


@pytest.mark.parametrize(
    ("command", "left"),
    [
        (issue("9", bin="Z"), {"X": "10", "Y": "4", "Z": "2", "": "5"}),
        (ship(("9", "Z"), ("6", None)), {"X": "10", "Y": "4", "Z": "1", "": "0"}),
        (adjust("-3", "Z"), {"X": "10", "Y": "4", "Z": "8", "": "5"}),
        (adjust("3", "Z"), {"X": "10", "Y": "4", "Z": "14", "": "5"}),
    ],
)
def test_a_line_that_names_a_bin_takes_from_it_what_is_loose_or_not(command, left):
    book = shelved(THERE)
    assert paper.refusal(paper.kept(command, book, "3")) is None
    assert lying(book) == left


@pytest.mark.parametrize(
    ("command", "problem", "pointer"),
    [
        (issue("12", bin="Z"), "bin-holds-less", "/lines/0/bin"),
        (ship(("6", "X"), ("5", "X")), "bin-holds-less", "/lines/1/bin"),
        (adjust("-5", "Y"), "bin-holds-less", "/bin"),
        (adjust("1", "Q"), "unknown-bin", "/bin"),
        (adjust("2", "X"), "bin-full", "/bin"),
    ],
)
def test_a_bin_that_is_named_must_have_it_or_room_for_it(command, problem, pointer):
    refused = paper.decided(command, shelved(THERE, X={"capacity": "11"}))
    assert (paper.refusal(refused), refused.problem["pointer"]) == (problem, pointer)


def test_a_shipment_names_the_bins_that_were_picked():
    stock = [("B", "L1", "4", "0"), ("B", "L2", "9", "0")]
    book = shelved([("X", "B", "L2", "9"), ("X", "B", "L1", "2"), ("Y", "B", "L1", "2")], stock)
    line = {"sku": "B", "location": "MAIN", "quantity": "6"}
    paper.kept(CreateReservation(order_id="SO", lines=[line]), book, "3")
    parts = [{"line": 1, "quantity": "2", "bin": "Y"}, {"line": 1, "quantity": "4", "bin": "X"}]
    body = {"reservation_id": "rsv-3", "shipment_proof": PROOF}
    consume = ConsumeReservation.model_validate_json(dumps({**body, "lines": parts}))
    assert paper.refusal(paper.kept(consume, book, "4")) is None
    assert lying(book, "B", "L1") == {"": "0"}
    assert lying(book, "B", "L2") == {"X": "7", "": "0"}
    assert paper.refusal(paper.decided(consume, book)) == "reservation-not-active"


def test_goods_come_in_straight_into_a_bin_as_far_as_it_has_room():
    book = shelved(stock=[("A", "", "0", "0")], X={"capacity": "7"})

    def receive(*quantities):
        got = [
            {"sku": "A", "location": "MAIN", "quantity": each, "bin": "X"} for each in quantities
        ]
        return PostReceipt(lines=got)

    refused = paper.decided(receive("4", "4"), book)
    assert (paper.refusal(refused), refused.problem["pointer"]) == ("bin-full", "/lines/1/bin")
    assert paper.refusal(paper.kept(receive("4", "3"), book, "3")) is None
    assert lying(book) == {"X": "7", "": "0"}


def test_stock_that_was_under_a_mistyped_lot_stays_in_its_bin():
    stock = [("B", "L1", "6", "0")]
    book = shelved([("X", "B", "L1", "4")], stock)
    correct = CorrectLot(sku="B", location="MAIN", from_lot="L1", to_lot="LI", reason="r")
    paper.kept(correct, book, "3")
    assert lying(book, "B", "L1") == {"": "0"}
    assert lying(book, "B", "LI") == {"X": "4", "": "2"}


def hold(quantity=None, code="Y", **fields):
    return PlaceHold(
        **{"sku": "A", "location": "MAIN", **fields}, bin=code, quantity=quantity, reason="r"
    )


def test_what_is_held_in_a_bin_is_taken_from_others():
    book = shelved(THERE)
    held = paper.kept(hold(), book, "3")
    assert held.body["lines"] == [
        {"location": "MAIN", "lot": None, "held": "4", "released": "0", "bin": "Y"}
    ]
    assert book.level(TENANT, "A", "MAIN", "").available == 26
    paper.kept(issue("7"), book, "4")
    assert lying(book) == {"X": "8", "Y": "4", "Z": "11", "": "0"}
    assert paper.refusal(paper.decided(move(carried("1", "Y", None)), book)) == "bin-holds-less"
    assert paper.refusal(paper.decided(issue("1", bin="Y"), book)) == "bin-holds-less"
    paper.kept(ReleaseHold(hold_id="hold-3", quantity="3", reason="r"), book, "5")
    assert paper.refusal(paper.kept(move(carried("3", "Y", None)), book, "6")) is None
    paper.kept(ReleaseHold(hold_id="hold-3", reason="r"), book, "7")
    assert book.shelves.at(LevelKey(TENANT, "A", "MAIN", ""), "Y")[5:] == (1, 0, 5)


@pytest.mark.parametrize(("quantity", "code"), [("5", "Y"), (None, "Q"), ("1", "Q")])
def test_no_more_is_held_of_a_bin_than_lies_in_it(quantity, code):
    refused = paper.decided(hold(quantity, code), shelved(THERE))
    assert paper.refusal(refused) == "insufficient-stock"


def test_of_a_bin_no_more_is_held_than_is_available():
    """Promises are of the location: 28 of 30 are promised, so 2 of the 4 can be held."""
    book = shelved(THERE, [("A", "", "30", "28")])
    assert paper.kept(hold(), book, "3").body["lines"][0]["held"] == "2"


def test_a_bin_is_held_with_its_location():
    with pytest.raises(ValidationError):
        hold(location=None)


def test_each_change_of_a_bin_has_a_version_and_its_whole_state():
    book = shelved([("X", "A", "", "10")])
    last = paper.kept(move(carried("3", "X", "Y"), carried("1", "X", "Y")), book, "3")
    assert last.bin_levels == (
        BinLevel(TENANT, "A", "MAIN", "", "X", Decimal(6), Decimal(0), 2),
        BinLevel(TENANT, "A", "MAIN", "", "Y", Decimal(4), Decimal(0), 1),
    )
