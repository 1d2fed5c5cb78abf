"""Which bins stock is taken from, when nobody names one. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from schemas.base import ZERO


def removal(
    wanted: Decimal, there: Mapping[str, Decimal], packs: Iterable[Decimal] = ()
) -> dict[str, Decimal]:
    """How much of a quantity each bin gives, of what is `there` in each; all of them where too little is.

    Whole packs come first, the largest before smaller ones (a pallet, then boxes, then what is
    loose). Of bins that can give the same the one with least in it comes first, so that it becomes
    empty; of equals, the first by its code. `packs` are the packaging levels of the item, in base units.
    """
    left = dict(there)
    given: dict[str, Decimal] = {}
    for pack in (*sorted(packs, reverse=True), None):
        for code in sorted(left, key=lambda each: (left[each], each)):
            take = min(left[code], wanted)
            if pack is not None:
                take -= take % pack
            if take > ZERO:
                given[code] = given.get(code, ZERO) + take
                left[code] -= take
                wanted -= take
    return given
