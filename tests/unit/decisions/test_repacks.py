"""Repacking: stock goes on under another lot or item, and is known to be of the old."""

from datetime import date

import pytest

import paper
from asks import TENANT
from schemas.commands.repacks import RepackLot
from workshop import BAKERY, moves, stock, workshop

JANUARY, MARCH = date(2027, 1, 31), date(2027, 3, 1)


def to(quantity, lot=None, **fields):
    return {"quantity": quantity, "lot": lot, **fields}


def repack(quantity, *packs, sku="FLOUR", **fields):
    return RepackLot(
        sku=sku, location="MAIN", quantity=quantity, to=list(packs), reason="r", **fields
    )


CASES = [
    (repack("6", to("4", "N1"), to("2", "N2")), 201, None),
    (repack("6", to("5", "N1"), wasted="1"), 201, None),
    (repack("6", to("5", "N1")), 422, "repack-rule"),
    (repack("6", to("7", "N1")), 422, "repack-rule"),
    (repack("6", to("6", "N1"), wasted="6"), 422, "repack-rule"),
    (repack("6", to("6", "F1")), 422, "repack-rule"),  # that is where it comes from
    (repack("6", to("6", "F2")), 201, None),
    (repack("6", to("6")), 422, "lot-rule"),
    (repack("6", to("12", sku="GLUE")), 201, None),  # packs of half as much
    (repack("6", to("1", "N1", sku="NONE")), 422, "unknown-item"),
    (repack("6", to("1", sku="SAW")), 422, "serial-rule"),
    (repack("1", to("1"), sku="SAW"), 422, "serial-rule"),
    (repack("30", to("30", "N1")), 409, "insufficient-stock"),
    (repack("6", to("6", "N1"), lot="F0"), 409, "insufficient-stock"),  # recalled
    (repack("1", to("1"), sku="SALT"), 422, "repack-rule"),
    (repack("6", to("6", "N1", expires_on=MARCH)), 409, "lot-dates-differ"),
    (repack("6", to("6", "N1", expires_on=date(2027, 1, 1))), 201, None),
]


@pytest.mark.parametrize(("command", "code", "refused"), CASES)
def test_what_comes_out_is_what_went_in(command, code, refused):
    outcome = paper.decided(command, workshop(*BAKERY))
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)


def test_new_lots_have_the_dates_of_the_old():
    over = workshop(*BAKERY)
    outcome = paper.kept(repack("8", to("7", "N1"), wasted="1"), over, "1")
    assert moves(outcome) == [
        ("FLOUR", "F1", "MAIN", "@production", "6"),
        ("FLOUR", "F2", "MAIN", "@production", "1"),
        ("FLOUR", "F2", "MAIN", "@scrap", "1"),
        ("FLOUR", "N1", "@production", "MAIN", "7"),
    ]
    assert over.lots[TENANT, "FLOUR", "N1"].expires_on == JANUARY
    assert {(each.parent_lot, each.child_lot) for each in over.links.values()} == {
        ("F1", "N1"), ("F2", "N1"),
    }  # fmt: skip
    assert stock(over, "FLOUR", "N1") == ("7", "0")


def test_no_lot_that_lasts_longer_takes_it_in():
    over = workshop(*BAKERY)
    known = over.lots[TENANT, "FLOUR", "F1"]
    for lot, day in (("N1", MARCH), ("N2", date(2027, 1, 1))):
        over.lots[TENANT, "FLOUR", lot] = known._replace(lot=lot, expires_on=day)
    into = paper.decided(repack("6", to("6", "N1")), over)
    assert (paper.refusal(into), into.problem["known"]) == ("lot-dates-differ", "2027-01-31")
    assert paper.decided(repack("6", to("6", "N2")), over).code == 201
