"""Units: what is said in packs or measures is in the base unit once, exactly or not at all."""

from decimal import Decimal
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

import paper
from asks import TENANT
from consumers.decisions.units import in_base
from ledger.documents import Item, Unit
from ledger.outcome import Rejected
from schemas.commands.holds import PlaceHold
from schemas.commands.issues import IssueStock
from schemas.commands.receipts import PostReceipt
from schemas.commands.reservations import CreateReservation
from schemas.commands.stock import AdjustStock, RecordStock
from schemas.commands.transfers import ShipTransfer


def item(rounding="exact", scale=None, **factors):
    units = tuple(Unit(code, Decimal(factor), None) for code, factor in factors.items())
    return Item(TENANT, "A", "The A", "each", "none", None, 1)._replace(
        rounding=rounding, scale=scale, units=units
    )


CASES = [
    # what is said, of an item, and what it is in the base unit
    ("2", "case", item(case="12"), "24"),
    ("0.5", "case", item(case="12"), "6"),
    ("5", "box", item("whole", box="12"), "60"),  # and not 61
    ("1", "each", item("whole", dozen="12"), "1"),  # of what is bought by the dozen; not 0.96
    ("1", "ml", item("whole", bottle="120"), None),  # no such unit: the base has another name
    (
        "1",
        "bottle",
        item(bottle="120"),
        "120",
    ),  # 1 ml of a bottle of 120 is 1, since ml is the base
    ("2", "bag", item("whole", bag="1000"), "2000"),
    ("1", "lb", item(lb="0.45359237"), None),  # eight decimals, and not measured
    ("1", "lb", item("measured", 3, lb="0.45359237"), "0.454"),
    ("-1", "lb", item("measured", 3, lb="0.45359237"), "-0.454"),
    ("100", "lb", item(lb="0.45359237"), "45.359237"),  # exact again
    ("1", "half", item("measured", 0, half="0.5"), "1"),  # half up
    ("0.4", "half", item("measured", 0, half="0.5"), None),  # rounds to nothing
    ("0.5", None, item("whole"), None),
    ("0.5", "each", item("whole"), None),
    ("1", "pair", item("whole", pair="2"), "2"),
    ("0.25", "pair", item("whole", pair="2"), None),
    ("0.405", None, item("measured", 2), "0.405"),  # what is said in the base unit stays as said
    ("999999999999", "case", item(case="12"), None),
    ("0", "case", item("whole", case="12"), "0"),
]


@pytest.mark.parametrize(("said", "unit", "of", "base"), CASES)
def test_a_quantity_is_converted_or_refused(said, unit, of, base):
    found = in_base(of, Decimal(said), unit, "/lines/0")
    if base is None:
        assert isinstance(found, Rejected)
        assert found.problem["type"].endswith("/unit-rule")
        assert found.problem["pointer"].startswith("/lines/0/")
    else:
        assert str(found) == base


def test_the_refusal_names_unit_factor_and_rule():
    found = in_base(item(lb="0.45359237"), Decimal(3), "lb", "/lines/0")
    assert found.problem["detail"] == (
        "/lines/0/quantity: 3 lb of 0.45359237 each is 1.36077711 each of A: "
        "not exact at 6 decimals, and the item is not measured"
    )
    found = in_base(item(case="12"), Decimal(3), "pallet", "")
    assert found.problem["detail"] == "/unit: A has no unit pallet; it has each, case"


factors = st.decimals("0.000001", "100000", places=6)
quantities = st.decimals("0.000001", "100000", places=6)


@settings(deadline=None)
@given(said=quantities, factor=factors)
def test_what_converts_exactly_comes_back_as_it_was_said(said, factor):
    found = in_base(item(u=str(factor)), said, "u", "")
    true = Fraction(said) * Fraction(factor)
    exact = (true * 10**6).denominator == 1
    assert isinstance(found, Decimal) == exact
    if exact:
        assert Fraction(found) == true
        assert Fraction(found) / Fraction(factor) == Fraction(said)


@settings(deadline=None)
@given(said=quantities, factor=factors, scale=st.integers(0, 6))
def test_what_is_measured_is_never_off_by_more_than_half_of_its_last_decimal(said, factor, scale):
    found = in_base(item("measured", scale, u=str(factor)), said, "u", "")
    true = Fraction(said) * Fraction(factor)
    half = Fraction(1, 2 * 10**scale)
    if isinstance(found, Rejected):
        assert true < half
    else:
        assert abs(Fraction(found) - true) <= half
        assert Fraction(found) - true != -half  # a half goes up
        assert (Fraction(found) * 10**scale).denominator == 1


@settings(deadline=None)
@given(parts=st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_packs_taken_one_after_the_other_are_what_they_are_together(parts):
    of = item("whole", case="12")
    one_by_one = sum(in_base(of, Decimal(part), "case", "") for part in parts)
    assert one_by_one == in_base(of, Decimal(sum(parts)), "case", "")


def shop(**fields):
    over = paper.book(("A", "", "100", "0"))
    over.items[TENANT, "A"] = item(case="12", **fields)
    return over


LINE = {"sku": "A", "location": "MAIN", "quantity": "2", "unit": "case"}
COMMANDS = [
    CreateReservation(order_id="SO-1", lines=[LINE]),
    PostReceipt(lines=[LINE]),
    IssueStock(to="customer", lines=[LINE], reason_code="r"),
    ShipTransfer(
        from_location="MAIN",
        to_location="EAST",
        lines=[{name: LINE[name] for name in ("sku", "quantity", "unit")}],
    ),
    AdjustStock(sku="A", location="MAIN", delta="2", unit="case", reason_code="r"),
    RecordStock(sku="A", location="MAIN", quantity="2", unit="case", reason="r"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.TYPE)
def test_every_line_may_say_its_unit_and_the_answer_says_both(command):
    over = shop()
    body = paper.kept(command, over, "1").body
    assert body["conversions"] == [
        {
            "line": 1,
            "unit": "case",
            "quantity": "2",
            "factor": "12",
            "base_unit": "each",
            "base_quantity": "24",
        }
    ]
    level = over.level(TENANT, "A", "MAIN", "")
    assert (level.on_hand, level.reserved) in {
        (Decimal(100), Decimal(24)),
        (Decimal(124), Decimal(0)),
        (Decimal(76), Decimal(0)),
        (Decimal(24), Decimal(0)),
    }


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.TYPE)
def test_every_line_refuses_what_the_item_does_not_take(command):
    over = shop()
    over.items[TENANT, "A"] = item("whole", box="12")
    assert paper.refusal(paper.decided(command, over)) == "unit-rule"


def test_lines_in_different_units_share_their_stock():
    wanted = [LINE, {**LINE, "quantity": "76", "unit": "each"}]
    over = shop()
    assert paper.decided(CreateReservation(order_id="SO-1", lines=wanted), over).code == 201
    wanted[1]["quantity"] = "77"
    short = paper.decided(CreateReservation(order_id="SO-1", lines=wanted), over)
    assert short.problem["lines"][0]["available"] == "76"


def test_of_what_is_whole_no_fraction_is_held():
    over = shop(rounding="whole")
    held = PlaceHold(sku="A", quantity="1.5", reason="r")
    assert paper.refusal(paper.decided(held, over)) == "unit-rule"


INACTIVE = [
    (CreateReservation(order_id="SO-1", lines=[LINE]), "item-inactive"),
    (PostReceipt(lines=[LINE]), "item-inactive"),
    (PostReceipt(source="production", lines=[LINE]), "item-inactive"),
    (PostReceipt(source="customer", lines=[LINE]), None),
    *[(command, None) for command in COMMANDS[2:]],
]


@pytest.mark.parametrize(("command", "refused"), INACTIVE)
def test_an_item_that_is_not_active_is_neither_promised_nor_bought(command, refused):
    over = shop()
    over.items[TENANT, "A"] = item(case="12")._replace(active=False)
    over.note_active(over.items.values())
    assert paper.refusal(paper.decided(command, over)) == refused
