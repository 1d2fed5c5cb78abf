"""What posting a count comes to: each line's variance as of the moment it was counted."""

from decimal import Decimal
from typing import Final, NamedTuple

from consumers.decisions.count_lines import Faults
from consumers.decisions.lots import undescribed
from ledger.book import Book, Since
from ledger.counting import Count, CountLine
from ledger.documents import Lot
from ledger.level import NO_LOT, Level
from ledger.outcome import LOSS, Movement
from schemas.base import QUANTITY_BOUND, ZERO

NOTHING: Final = Since()


class Posting(NamedTuple):
    """The lines that can be posted with what they move, the lots they found, and what is left."""

    lines: list[CountLine]
    movements: list[Movement]
    found: list[Lot]
    left: Faults


def posting(count: Count, lines: dict[int, CountLine], book: Book) -> Posting:
    """Hold each line against the books as they were when it was counted.

    On hand then is on hand now less all that has moved since; so what moves between counting and
    posting is no variance. A line that agrees is posted too: that it was counted is worth knowing.
    """
    made = Posting([], [], [], {})
    for number, line in lines.items():
        if line.expected is not None:
            continue
        level = book.level(count.tenant_id, line.sku, count.location, line.lot)
        expected = level.on_hand - _since(count, line, book).net
        why = _left(count, line, level, expected, book)
        if why:
            made.left.setdefault(why, []).append(number)
            continue
        posted = line._replace(expected=expected, level_version=level.version)
        made.lines.append(posted)
        made.movements.extend(_moved(count, posted))
        made.found.extend(_found(count, posted, book))
    return made


def _since(count: Count, line: CountLine, book: Book) -> Since:
    if line.counted_at is None:
        return NOTHING
    where = (count.tenant_id, line.sku, count.location, line.lot)
    return book.since.get((*where, line.counted_at), NOTHING)


def _left(count: Count, line: CountLine, level: Level, expected: Decimal, book: Book) -> str | None:
    """Why a line cannot be posted as things are."""
    if line.counted is None:
        return "not-counted"
    # A batch of counts moves nothing but what it posts: a level that it has touched is corrected.
    if level.key in book.touched or _since(count, line, book).corrected:
        return "corrected-since"
    variance = line.counted - expected
    if variance < ZERO and variance < -level.free:
        return "committed"
    if level.on_hand + variance >= QUANTITY_BOUND:
        return "out-of-bounds"
    if count.approved_by is None and not within(count, variance, expected):
        return "needs-approval"
    return None


def within(count: Count, variance: Decimal, expected: Decimal) -> bool:
    """Whether a variance is within every tolerance that the count has."""
    quantity, percent = count.tolerance_quantity, count.tolerance_percent
    if quantity is not None and abs(variance) > quantity:
        return False
    return percent is None or abs(variance) * 100 <= percent * abs(expected)


def _moved(count: Count, line: CountLine) -> list[Movement]:
    variance = (line.counted or ZERO) - (line.expected or ZERO)
    if not variance:
        return []
    ends = (LOSS, count.location) if variance > ZERO else (count.location, LOSS)
    return [Movement(line.sku, line.lot, (), *ends, abs(variance), None, "count", count.count_id)]


def _found(count: Count, line: CountLine, book: Book) -> list[Lot]:
    """The lot, if nobody has ever heard of it: nobody may use it before somebody decides."""
    key = (count.tenant_id, line.sku, line.lot)
    here = book.levels(count.tenant_id, line.sku, count.location)
    if line.lot == NO_LOT or not line.counted or line.lot in here:
        return []
    if key in book.lots or key in book.stocked:
        return []
    reason = f"found in count {count.count_id}"
    return [undescribed(*key)._replace(status="quarantine", reason=reason, version=1)]
