"""Put-away: stock goes where it has room, by priority; what finds none is told and stays where it is."""

import pytest
from pydantic import ValidationError

import paper
from asks import TENANT
from ledger.documents import Unit
from schemas.commands.bins import UpsertBin
from schemas.commands.putaway import PostPutaway
from schemas.commands.receipts import PostReceipt
from shelves import carried, lying, move, shelved


def put(*lines, **fields):
    return PostPutaway(location="MAIN", lines=list(lines), **fields)


def line(quantity=None, sku="A", **fields):
    return {"sku": sku, "quantity": quantity, **fields}


def placed(outcome, number=1):
    """Where a line went, and what found no room."""
    told = outcome.body["lines"][number - 1]
    return {each["bin"]: each["quantity"] for each in told["placed"]}, told["unassigned"]


def test_the_lowest_priority_is_filled_first_and_of_equals_the_one_with_most_room():
    book = shelved(
        X={"capacity": "8"}, Y={"capacity": "12"}, Z={"capacity": "3", "priority": 1}
    )  # fmt: skip
    done = paper.kept(put(line("20")), book, "3")
    assert placed(done) == ({"Z": "3", "Y": "12", "X": "5"}, "0")
    assert lying(book) == {"X": "5", "Y": "12", "Z": "3", "": "10"}


def test_what_finds_no_room_is_told_and_asking_again_changes_nothing():
    book = shelved(X={"capacity": "8"}, Y={"capacity": "12"}, Z={"blocked": True})
    done = paper.kept(put(line()), book, "3")
    assert placed(done) == ({"Y": "12", "X": "8"}, "10")
    again = paper.kept(put(line()), book, "4")
    assert placed(again) == ({}, "10")
    assert again.bin_moves == ()


def test_only_whole_units_find_room():
    """2 bags of 1000 kg into bins for 1000 kg and 500 kg: one is placed, one is not."""
    stock = [("A", "", "2000", "0")]
    bins = {"X": {"capacity": "1000"}, "Y": {"capacity": "500"}, "Z": {"blocked": True}}
    book = shelved(stock=stock, **bins)
    item = book.items[TENANT, "A"]
    book.items[TENANT, "A"] = item._replace(uom="kg", units=(Unit("bag", 1000, 1),))
    assert placed(paper.decided(put(line("2", unit="bag")), book)) == ({"X": "1000"}, "1000")
    assert placed(paper.decided(put(line(unit="bag")), book)) == ({"X": "1000"}, "1000")
    assert placed(paper.decided(put(line()), book)) == ({"X": "1000", "Y": "500"}, "500")


def test_an_item_of_whole_base_units_is_not_cut():
    book = shelved(X={"capacity": "2.5"}, Y={"capacity": "1.5"}, Z={"blocked": True})
    item = book.items[TENANT, "A"]
    book.items[TENANT, "A"] = item._replace(rounding="whole")
    assert placed(paper.decided(put(line("4")), book)) == ({"X": "2", "Y": "1"}, "1")


def test_the_same_item_twice_counts_what_the_first_line_has_put():
    book = shelved(X={"capacity": "10"}, Y={"capacity": "5"}, Z={"blocked": True})
    done = paper.kept(put(line("8"), line("8")), book, "3")
    assert placed(done) == ({"X": "8"}, "0")
    assert placed(done, 2) == ({"Y": "5", "X": "2"}, "1")


def test_the_same_item_twice_is_not_there_twice():
    refused = paper.decided(put(line("20"), line("11")), shelved())
    assert paper.refusal(refused) == "bin-holds-less"
    assert (refused.problem["available"], refused.problem["pointer"]) == ("10", "/lines/1/quantity")


def test_the_bin_that_stock_comes_from_is_no_place_for_it():
    book = shelved([("X", "A", "", "10")], Y={"capacity": "4"}, Z={"blocked": True})
    done = paper.kept(put(line(), from_bin="X"), book, "3")
    assert placed(done) == ({"Y": "4"}, "6")
    assert lying(book) == {"X": "6", "Y": "4", "": "20"}


def test_a_bin_that_is_named_takes_all_of_a_line_or_the_command_is_refused():
    book = shelved(X={"capacity": "10"})
    refused = paper.decided(put(line("4", bin="X"), line("7", bin="X")), book)
    assert (paper.refusal(refused), refused.problem["room"]) == ("bin-full", "6")
    done = paper.kept(put(line("4", bin="X"), line("6", bin="X")), book, "3")
    assert (placed(done), placed(done, 2)) == (({"X": "4"}, "0"), ({"X": "6"}, "0"))


def test_all_of_nothing_goes_nowhere():
    book = shelved(stock=[("A", "", "0", "0")])
    for done in (paper.decided(put(line(bin="X")), book), paper.decided(put(line()), book)):
        assert (placed(done), done.bin_moves) == (({}, "0"), ())


def test_bins_with_rules_and_without_are_filled_in_one_order():
    book = shelved(
        X={"capacity": "4"}, Y={"capacity": "9", "takes": [{"sku": "A"}]}, Z={"capacity": "6"}
    )
    done = paper.kept(put(line("10"), line("2", bin="Z"), line("5")), book, "3")
    assert [placed(done, n) for n in (1, 3)] == [
        ({"Y": "9", "Z": "1"}, "0"),
        ({"X": "4", "Z": "1"}, "0"),
    ]


def test_rules_say_which_bins_take_an_item_and_in_which_order():
    book = shelved(
        X={"priority": 1, "takes": [{"sku": "B"}]},
        Y={"takes": [{"sku": "A", "capacity": "5", "priority": 2}, {"priority": 9}]},
        Z={"priority": 3, "takes": [{"sku": "A", "capacity": "2"}]},
    )
    assert placed(paper.decided(put(line("9")), book)) == ({"Y": "5", "Z": "2"}, "2")


def test_a_zone_can_be_asked_for():
    book = shelved(X={"zone": "cold"})
    assert placed(paper.decided(put(line("9"), zone="cold"), book)) == ({"X": "9"}, "0")
    assert placed(paper.decided(put(line("9"), zone="hot"), book)) == ({}, "9")


def received(book, *lines):
    """A receipt at MAIN."""
    got = [
        {"sku": sku, "location": "MAIN", "quantity": much, "lot": lot} for sku, much, lot in lines
    ]
    return paper.kept(PostReceipt(lines=got), book, "5").resource[1]


def test_what_of_a_receipt_is_still_loose_is_put_away():
    book = shelved(stock=[("A", "", "0", "0")], X={"capacity": "7"}, Y={"priority": 1, "capacity": "6"},
        Z={"blocked": True})  # fmt: skip
    named = received(book, ("A", "6", None), ("B", "4", "L1"), ("A", "2", None))
    paper.kept(move(carried("1", None, "X")), book, "6")
    done = paper.kept(PostPutaway(location="MAIN", receipt_id=named), book, "7")
    assert placed(done, 1) == ({"Y": "6"}, "0")
    assert placed(done, 2) == ({"X": "4"}, "0")
    assert placed(done, 3) == ({"X": "1"}, "0"), "one of the two was carried away before"
    again = paper.kept(PostPutaway(location="MAIN", receipt_id=named), book, "8")
    assert [each["quantity"] for each in again.body["lines"]] == ["0", "0", "0"]


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (PostPutaway(location="NOWHERE", lines=[line("1")]), "unknown-location"),
        (PostPutaway(location="MAIN", receipt_id="rcp-9"), "unknown-receipt"),
        (put(line("1", "Q")), "unknown-item"),
        (put(line("1", lot="L1")), "lot-rule"),
        (put(line(sku="S")), "serial-rule"),
        (put(line("1", unit="bag")), "unit-rule"),
        (put(line("31")), "bin-holds-less"),
        (put(line("1"), from_bin="X"), "bin-holds-less"),
        (put(line("1", bin="Q")), "unknown-bin"),
    ],
)
def test_what_cannot_be_put_away_is_refused(command, problem):
    assert paper.refusal(paper.decided(command, shelved())) == problem


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"receipt_id": "r", "lines": [line("1")]},
        {"lines": [line("1", bin="X")], "from_bin": "X"},
    ],
)
def test_a_put_away_says_what_and_from_where(fields):
    with pytest.raises(ValidationError):
        PostPutaway(location="MAIN", **fields)


def test_a_capacity_may_be_set_below_what_lies_there():
    book = shelved([("X", "A", "", "10")])
    paper.kept(UpsertBin(location="MAIN", bin="X", capacity="4"), book, "3")
    assert paper.refusal(paper.decided(move(carried("1", None, "X")), book)) == "bin-full"
    assert paper.refusal(paper.kept(move(carried("1", "X", None)), book, "4")) is None
