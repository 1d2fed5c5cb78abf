"""What is worth counting how often, and what is due to be counted. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from schemas.base import ZERO

Reason = Literal["variance", "zero", "never", "periodic"]
REASONS: Final[tuple[Reason, ...]] = ("variance", "zero", "never", "periodic")
"""Why a level is due, the most urgent first."""


class Boundary(NamedTuple):
    """A class by its name, and up to which share of the whole (in percent) it goes."""

    name: str
    percent: Decimal


ABC: Final = (Boundary("A", Decimal(80)), Boundary("B", Decimal(95)))
"""The usual boundaries; what lies beyond the last is of class C."""
REST: Final = "C"


def classes(
    amounts: Mapping[str, Decimal], boundaries: Sequence[Boundary] = ABC, rest: str = REST
) -> dict[str, str]:
    """The class of each item, by an amount of it: its value on hand, or how much of it goes.

    Items are taken from the largest amount down, those of one amount by their code. One belongs to
    the first class whose share those before it have not filled. What amounts to nothing is the rest.
    """
    total = sum((amount for amount in amounts.values() if amount > ZERO), ZERO)
    filled, found = ZERO, {}
    for sku in sorted(amounts, key=lambda sku: (-amounts[sku], sku)):
        amount = amounts[sku]
        found[sku] = rest
        if amount > ZERO:
            open_still = (each.name for each in boundaries if filled * 100 < each.percent * total)
            found[sku] = next(open_still, rest)
            filled += amount
    return found


def stricter(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Of two classes of an item (by value and by velocity) the one that is counted more often."""
    both = {**other, **one}
    return {sku: min(name, other.get(sku, name)) for sku, name in both.items()}


class Stocked(NamedTuple):
    """A level, and how it was found when it was last counted; None where it never was."""

    sku: str
    location: str
    lot: str
    on_hand: Decimal
    counted_at: datetime | None = None
    expected: Decimal | None = None
    counted: Decimal | None = None
    moved_since: bool = False  # whether anything but that count has moved it since


class Rules(NamedTuple):
    """When a level is due: by its class, when it runs out, and after a count that was far off."""

    every: Mapping[str, timedelta]
    zero: bool = True
    variance_percent: Decimal | None = None
    variance_again: timedelta = timedelta(days=7)


class Due(NamedTuple):
    """A level to be counted: since when, and why."""

    sku: str
    location: str
    lot: str
    name: str  # of its class
    reason: Reason
    since: datetime | None  # None: it was never counted


def due(
    levels: Iterable[Stocked], names: Mapping[str, str], rules: Rules, now: datetime
) -> list[Due]:
    """What is to be counted now: the most urgent reason first, then the class, then the oldest.

    `names` are the items' classes; one whose class has no interval is due for other reasons only.
    """
    found = [each for level in levels if (each := _due(level, names, rules, now))]
    return sorted(found, key=_urgency)


def _due(level: Stocked, names: Mapping[str, str], rules: Rules, now: datetime) -> Due | None:
    name = names.get(level.sku, REST)
    why = _why(level, name, rules, now)
    return why and Due(level.sku, level.location, level.lot, name, *why)


def _why(
    level: Stocked, name: str, rules: Rules, now: datetime
) -> tuple[Reason, datetime | None] | None:
    """The most urgent reason to count a level, and since when it is one."""
    at, every = level.counted_at, rules.every.get(name)
    if at is None:
        if level.on_hand:
            return "never", None
        return ("zero", None) if rules.zero else None
    if _far_off(level, rules) and at + rules.variance_again <= now:
        return "variance", at + rules.variance_again
    if rules.zero and not level.on_hand and level.moved_since:
        return "zero", at
    if every is not None and at + every <= now:
        return "periodic", at + every
    return None


def _far_off(level: Stocked, rules: Rules) -> bool:
    """Whether the last count found much more or less than was expected."""
    if rules.variance_percent is None or level.expected is None or level.counted is None:
        return False
    return abs(level.counted - level.expected) * 100 > rules.variance_percent * abs(level.expected)


def _urgency(each: Due) -> tuple[int, str, datetime, str, str, str]:
    since = each.since or datetime.min.replace(tzinfo=UTC)
    place = (each.sku, each.location, each.lot)
    return REASONS.index(each.reason), each.name, since, *place
