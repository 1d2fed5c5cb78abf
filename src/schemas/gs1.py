"""GS1 trade item numbers: their check digit, and the one form in which they are looked up."""

from typing import Final

LENGTHS: Final = frozenset({8, 12, 13, 14})
"""GTIN-8, UPC-A (GTIN-12), EAN-13 (GTIN-13) and GTIN-14."""


def is_gtin(code: str) -> bool:
    """Whether a code is a GTIN of any length, its check digit included."""
    return len(code) in LENGTHS and code.isascii() and code.isdigit() and _checked(code)


def _checked(code: str) -> bool:
    """From the right, the digits count once and three times in turn; their sum ends in zero."""
    weighed = (int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(reversed(code)))
    return sum(weighed) % 10 == 0


def looked_up(code: str) -> str:
    """The form under which a scanned code is known: a GTIN in 14 digits, any other as it is.

    So the same trade item is found whether a scanner reads 12, 13 or 14 digits, and no other code
    can be mistaken for one.
    """
    return code.zfill(14) if is_gtin(code) else code
