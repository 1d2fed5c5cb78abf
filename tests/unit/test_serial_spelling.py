"""How serials are spelt: as ranges where they follow one another, and never more than fit a message."""

import pytest
from pydantic import ValidationError

from asks import units
from schemas.commands.receipts import PostReceipt
from schemas.serials import compact, spelt_out

TEN = {"from": "SN01", "to": "SN10"}
SPELT = [
    ([TEN], [TEN], 10),
    (["A1", "A2"], ["A1", "A2"], 2),
    (["A1", "A2", "A3"], [{"from": "A1", "to": "A3"}], 3),
    (["A9", "A10", "A11"], ["A9", "A10", "A11"], 3),  # not as wide: no range
    (["A3", "A2", "A1"], ["A3", "A2", "A1"], 3),
    ([{"from": "A1", "to": "A3"}, "A4"], [{"from": "A1", "to": "A4"}], 4),
    ([{"from": "007", "to": "007"}], ["007"], 1),
    (["X", "Y-2-B"], ["X", "Y-2-B"], 2),
    ([], [], 0),
]


@pytest.mark.parametrize(("given", "shown", "size"), SPELT)
def test_serials_are_spelt_as_ranges_where_they_follow_one_another(given, shown, size):
    read = spelt_out(given)
    assert (len(read), compact(read)) == (size, shown)
    assert spelt_out(compact(read)) == read


BAD = [
    ("SN1", "must be a list of serials and ranges"),
    (["SN1", 2], "item 1 must be 1 to 64 printable ASCII characters"),
    ([" SN1"], "item 0 must be 1 to 64"),
    ([{"from": "SN1"}], "item 0 must have from and to"),
    ([{"from": "SN", "to": "SN9"}], "item 0 must end with a number"),
    ([{"from": "SN1", "to": "SM9"}], "item 0 must have the same prefix"),
    ([{"from": "SN1", "to": "SN10"}], "as many digits"),
    ([{"from": "SN9", "to": "SN1"}], "item 0 must not end before it begins"),
    ([{"from": "SN00000", "to": "SN10000"}], "item 0 must name at most 10000"),
    ([{"from": "SN0001", "to": "SN9999"}, "A", "B"], "must name at most 10000"),
    (["A", {"from": "SN1", "to": "SN9"}, "SN3", "SN4", "A"], "must name each once: A, SN3, SN4"),
    ([f"{n:0>5}-{'x' * 50}" for n in range(5000)], "at most 250000 characters"),
]


@pytest.mark.parametrize(("given", "said"), BAD)
def test_what_is_no_list_of_serials_is_said_to_be_none(given, said):
    with pytest.raises(ValidationError) as raised:
        PostReceipt(lines=[{**units("S", "SN1"), "serials": given}])
    assert said in str(raised.value)


def test_the_lines_of_a_command_name_no_more_together_than_one_may():
    several = [units("S", (f"{x}0001", f"{x}6000")) for x in "AB"]
    with pytest.raises(ValidationError, match="at most 10000 serials together"):
        PostReceipt(lines=several)
