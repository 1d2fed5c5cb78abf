"""Items and locations: described, described anew, and never tracked another way."""

import pytest
from pydantic import ValidationError

import paper
from schemas.commands.catalog import UpsertItem, UpsertLocation

CASES = [
    (UpsertItem(sku="NEW", name="n"), 201, None),
    (UpsertItem(sku="A", name="n"), 200, None),
    (UpsertItem(sku="A", name="n", track_by="batch"), 409, "tracking-fixed"),
    (UpsertItem(sku="B", name="n", track_by="batch"), 200, None),
    (UpsertLocation(code="NEW", name="n"), 201, None),
    (UpsertLocation(code="MAIN", name="n"), 200, None),
]


@pytest.mark.parametrize(("command", "code", "refused"), CASES)
def test_the_catalog_takes_descriptions(command, code, refused):
    outcome = paper.decided(command, paper.book())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)


def test_a_description_anew_is_the_next_version_and_tells_so():
    outcome = paper.decided(UpsertItem(sku="A", name="other"), paper.book())
    assert outcome.body["version"] == 2
    assert outcome.body["name"] == "other"
    assert [(each.type, each.subject, each.sequence) for each in outcome.events] == [
        ("item.upserted", "item/A", 2)
    ]


CASE = {"code": "case", "factor": "12", "level": 2}
MILK = "4006381333931"  # an EAN-13 that is printed on a bottle
CARTON = "14006381333938"  # the GTIN-14 of a carton of them


def upsert(sku="A", **fields):
    return UpsertItem(sku=sku, name="n", track_by="batch" if sku == "B" else "none", **fields)


def barcode(code, unit=None, symbology="gtin"):
    return {"code": code, "unit": unit, "symbology": symbology}


def test_an_item_tells_its_units_codes_and_rounding():
    command = upsert(
        units=[CASE],
        barcodes=[barcode(MILK), barcode(CARTON, "case"), barcode("shelf-7", None, "other")],
        rounding="measured",
        scale=2,
        attributes={"colour": "red"},
    )
    body = paper.decided(command, paper.book()).body
    assert body["units"] == [CASE]
    assert [(each["code"], each["unit"]) for each in body["barcodes"]] == [
        ("04006381333931", None),
        ("14006381333938", "case"),
        ("shelf-7", None),
    ]
    assert (body["active"], body["rounding"], body["scale"]) == (True, "measured", 2)
    assert body["attributes"] == {"colour": "red"}


def test_who_knows_nothing_of_units_takes_none_away():
    over = paper.book()
    first = upsert(units=[CASE], barcodes=[barcode(MILK)], active=False, rounding="whole")
    before = paper.kept(first, over, "1").body
    after = paper.kept(upsert(), over, "2").body
    assert after == {**before, "version": 3}
    emptied = paper.kept(upsert(units=[], barcodes=[], active=True), over, "3").body
    assert (emptied["units"], emptied["barcodes"], emptied["active"]) == ([], [], True)
    assert emptied["rounding"] == "whole"


CONTRADICTIONS = [
    ({"units": [{**CASE, "code": "each"}]}, "/units/0/code"),
    ({"units": [CASE, {**CASE, "factor": "6"}]}, "/units/1/code"),
    ({"barcodes": [barcode(MILK), barcode("0" + MILK)]}, "/barcodes/1/code"),
    ({"barcodes": [barcode(CARTON, "case")]}, "/barcodes/0/unit"),
]


@pytest.mark.parametrize(("fields", "pointer"), CONTRADICTIONS)
def test_a_description_that_contradicts_itself_is_refused(fields, pointer):
    outcome = paper.decided(upsert(**fields), paper.book())
    assert (outcome.code, paper.refusal(outcome)) == (422, "item-rule")
    assert outcome.problem["pointer"] == pointer


def test_a_unit_that_goes_must_not_leave_its_codes_behind():
    over = paper.book()
    paper.kept(upsert(units=[CASE], barcodes=[barcode(CARTON, "case")]), over, "1")
    outcome = paper.decided(upsert(units=[]), over)
    assert outcome.problem["pointer"] == "/barcodes/0/unit"
    assert paper.decided(upsert(units=[], barcodes=[]), over).code == 200
    assert paper.decided(upsert(uom="case"), over).problem["pointer"] == "/units/0/code"


WRONG = [
    {"barcodes": [barcode("4006381333932")]},  # its check digit would be 1
    {"barcodes": [barcode("400638133393")]},
    {"barcodes": [barcode("shelf-7")]},
    {"rounding": "measured"},
    {"rounding": "whole", "scale": 2},
    {"scale": 2},
    {"units": [{"code": "case", "factor": "0"}]},
    {"units": [{"code": "case", "factor": 1.5}]},
    {"units": [{"code": "case", "factor": "0.0000000000001"}]},
]


@pytest.mark.parametrize("fields", WRONG)
def test_what_breaks_a_rule_of_the_schema_is_no_command(fields):
    with pytest.raises(ValidationError):
        upsert(**fields)


def test_a_barcode_belongs_to_one_item_until_that_gives_it_up():
    over = paper.book()
    paper.kept(upsert(barcodes=[barcode(MILK)]), over, "1")
    theirs = upsert("B", barcodes=[barcode("0" + MILK)])  # the same, in 14 digits
    refused = paper.decided(theirs, over)
    assert (refused.code, paper.refusal(refused)) == (409, "barcode-taken")
    assert (refused.problem["sku"], refused.problem["pointer"]) == ("A", "/barcodes/0/code")
    assert paper.decided(upsert(barcodes=[barcode(MILK)]), over).code == 200
    paper.kept(upsert(barcodes=[]), over, "2")
    assert paper.kept(theirs, over, "3").code == 200
    assert paper.refusal(paper.decided(upsert(barcodes=[barcode(MILK)]), over)) == "barcode-taken"


def test_variants_are_one_level_deep_and_stay():
    over = paper.book()
    assert paper.kept(upsert("A-RED", variant_of="A"), over, "1").body["variant_of"] == "A"
    assert paper.decided(upsert("A-RED"), over).body["variant_of"] == "A"
    for command, refused in (
        (upsert("A-RED-2", variant_of="A-RED"), "variant-rule"),
        (upsert("A", variant_of="B"), "variant-rule"),  # there are variants of A
        (upsert("A-RED", variant_of="B"), "variant-rule"),
        (upsert("NEW", variant_of="NEW"), "unknown-item"),
        (upsert("B", variant_of="B"), "variant-rule"),
        (upsert("NEW", variant_of="NONE"), "unknown-item"),
    ):
        outcome = paper.decided(command, over)
        assert paper.refusal(outcome) == refused
        assert outcome.problem["pointer"] == "/variant_of"
