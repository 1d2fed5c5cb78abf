"""GTINs: the check digit, and one form for all lengths."""

import pytest

from schemas.gs1 import is_gtin, looked_up

GTINS = {
    "96385074": "00000096385074",
    "036000291452": "00036000291452",
    "4006381333931": "04006381333931",
    "14006381333938": "14006381333938",
}


@pytest.mark.parametrize(("code", "form"), GTINS.items())
def test_a_trade_item_is_known_under_one_number(code, form):
    assert is_gtin(code)
    assert looked_up(code) == looked_up(form) == form
    assert not any(is_gtin(code[:-1] + digit) for digit in "0123456789" if digit != code[-1])


MILK_IN_WIDE_DIGITS = "4006381333931".translate({ord("0") + n: 0xFF10 + n for n in range(10)})


@pytest.mark.parametrize("code", ["", "7", "400638133393", "shelf-7", MILK_IN_WIDE_DIGITS])
def test_what_is_no_gtin_is_known_as_it_is(code):
    assert not is_gtin(code)
    assert looked_up(code) == code
