"""The lines of a count: which may be taken, every fault of every line at once, and how they are told."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from consumers.decisions.registry import Ask
from consumers.decisions.units import in_base
from ledger.book import Book
from ledger.counting import Count, CountLine
from ledger.level import NO_LOT
from ledger.outcome import Event, Rejected
from schemas.base import shown
from schemas.commands.counts import COUNT_LINES_MAX, CountedLine, RecordCount
from schemas.problems import Kind, problem
from schemas.times import stamp

LINES_PER_EVENT: Final = 500
"""Few enough that an event stays far below what a message may have (2 MB)."""

Faults = dict[str, list[int]]
"""Where rules are broken, by the rule's name: lines by their index, of a posting by their number."""

RULES: Final = {
    "unknown-item": ("/sku", "there is no such item"),
    "lot-rule": ("/lot", "an item stocked by lot is counted by lot, and no other is"),
    "unit-rule": ("/unit", "not exact in base units, or no unit of the item"),
    "by-serial": ("/sku", "its units have serials: stock.record says which of them were found"),
    "out-of-scope": ("", "the count is not about this"),
    "in-the-future": ("/counted_at", "must not lie in the future"),
    "not-after-opening": ("/counted_at", "must lie after the count was opened"),
    "twice": ("", "another line of the command is the same item and lot"),
    "counted-before": ("", "it was counted; to count it again a recount is asked for"),
    "too-many": ("", f"a count has at most {COUNT_LINES_MAX} lines"),
    "no-such-line": ("", "the count has no such line"),
    "posted": ("", "it is posted"),
    "not-counted": ("", "it is to be counted again, and was not yet"),
    "needs-approval": ("", "it is beyond the tolerance"),
    "corrected-since": ("", "the books were corrected after it was counted: count it again"),
    "committed": ("", "less would be on hand than is promised and held"),
    "out-of-bounds": ("", "the stock on hand must stay below one trillion"),
}
"""What lines of counts may break: the field at fault, and the rule in words."""


def refused(kind: Kind, faults: Faults, within: str = "lines") -> Rejected:
    """Refuse all faults of a command at once, those of one rule together: so many fit a message."""
    told: list[dict[str, Any]] = [
        {
            "rule": rule,
            "detail": said,
            "pointers": [f"/{within}/{at}{field}" for at in faults[rule]],
        }
        for rule, (field, said) in RULES.items()
        if rule in faults
    ]
    said = "; ".join(f"{_few(each['pointers'])}: {each['detail']}" for each in told)
    return Rejected(kind.status, problem(kind, said, faults=told))


def left(faults: Faults) -> list[dict[str, Any]]:
    """The lines that cannot be posted, by their numbers, those of one rule together."""
    return [
        {"rule": rule, "detail": said, "lines": faults[rule]}
        for rule, (_, said) in RULES.items()
        if rule in faults
    ]


def _few(places: list[str]) -> str:
    return places[0] if len(places) == 1 else f"{places[0]} and {len(places) - 1} more"


def attempts(book: Book, count: Count, sku: str, lot: str) -> list[CountLine]:
    """All attempts at one line, in their order; none if it was never counted."""
    found: list[CountLine] = []
    while True:
        key = (*count.key, sku, lot, str(len(found) + 1))
        line = book.count_lines.get(key)
        if line is None:
            return found
        found.append(line)


def last_attempts(book: Book, count: Count) -> dict[int, CountLine]:
    """The attempt that counts of each line, by the line's number; all lines must be loaded."""
    last: dict[int, CountLine] = {}
    for line in book.count_lines.values():
        if (line.tenant_id, line.count_id) == count.key:
            known = last.get(line.line)
            if known is None or known.attempt < line.attempt:
                last[line.line] = line
    return dict(sorted(last.items()))


def taken(
    command: RecordCount, count: Count, ask: Ask, book: Book
) -> tuple[list[CountLine], Faults]:
    """The lines as they are to be kept, and all that is wrong with any of them."""
    faults: Faults = {}
    lines: list[CountLine] = []
    seen: set[tuple[str, str]] = set()
    new = count.lines
    fits = _scope(count)
    opened = datetime.fromisoformat(count.created_at)
    for index, line in enumerate(command.lines):
        counted_at = line.counted_at or command.counted_at
        found = attempts(book, count, line.sku, line.lot or NO_LOT)
        wrong = [
            *_unfit(line, ask, book, fits),
            *_untimely(counted_at, opened, book.now),
            *_repeated((line.sku, line.lot or NO_LOT) in seen, found, new),
        ]
        for rule in wrong:
            faults.setdefault(rule, []).append(index)
        seen.add((line.sku, line.lot or NO_LOT))
        new += not found
        asked = found[-1] if found else _first(count, new, line)
        by = ask.actor_id
        counted = _in_base(line, ask, book)
        if counted is None:
            faults.setdefault("unit-rule", []).append(index)
        lines.append(asked._replace(counted=counted, counted_at=counted_at, counted_by=by))
    return lines, faults


def _repeated(twice: bool, found: list[CountLine], lines: int) -> Iterator[str]:  # noqa: FBT001  # said by its name
    """What is wrong with there being such a line; `lines` is how many there are by then."""
    if twice:
        yield "twice"
    elif found and found[-1].counted is not None:
        yield "counted-before"
    elif not found and lines >= COUNT_LINES_MAX:
        yield "too-many"


def _first(count: Count, number: int, line: CountedLine) -> CountLine:
    return CountLine(*count.key, number, 1, line.sku, line.lot or NO_LOT)


def _scope(count: Count) -> Callable[[CountedLine], bool]:
    """Whether a line is what the count is about."""
    if count.scope is None:
        return lambda _: True
    wanted = frozenset(count.scope)
    return lambda line: (line.sku, None) in wanted or (line.sku, line.lot) in wanted


def _unfit(
    line: CountedLine, ask: Ask, book: Book, fits: Callable[[CountedLine], bool]
) -> Iterator[str]:
    """What is wrong with the item and the lot."""
    item = book.items.get((ask.tenant_id, line.sku))
    if item is None:
        yield "unknown-item"
    elif (item.track_by == "batch") != (line.lot is not None):
        yield "lot-rule"
    elif item.track_by == "serial":
        yield "by-serial"
    elif not fits(line):
        yield "out-of-scope"


def _in_base(line: CountedLine, ask: Ask, book: Book) -> Decimal | None:
    """What was counted, in base units; None if it cannot be said so."""
    item = book.items.get((ask.tenant_id, line.sku))
    if item is None or (line.unit is None and not line.quantity % 1):
        return line.quantity
    based = in_base(item, line.quantity, line.unit, "")
    return None if isinstance(based, Rejected) else based


def _untimely(counted_at: datetime, opened: datetime, now: datetime) -> Iterator[str]:
    """What is wrong with the moment."""
    if counted_at > now:
        yield "in-the-future"
    elif counted_at <= opened:
        yield "not-after-opening"


def told(count: Count, lines: Sequence[CountLine]) -> Iterable[Event]:
    """Lines as events tell them, some hundreds at a time, each a subject of its own."""
    for start in range(0, len(lines), LINES_PER_EVENT):
        data = {
            "count_id": count.count_id,
            "location": count.location,
            "lines": [line_body(line) for line in lines[start : start + LINES_PER_EVENT]],
        }
        subject = f"count-lines/{count.count_id}/{count.version}.{start // LINES_PER_EVENT}"
        yield Event("count.lines.changed", subject, 1, data)


def line_body(line: CountLine) -> dict[str, Any]:
    """A line as events show it; what was expected of it stands there once it is posted."""
    counted, expected, variance = line.counted, line.expected, None
    if counted is not None and expected is not None:
        variance = shown(counted - expected)
    return {
        "line": line.line,
        "attempt": line.attempt,
        "sku": line.sku,
        "lot": line.lot or None,
        "counted": None if counted is None else shown(counted),
        "counted_at": None if line.counted_at is None else stamp(line.counted_at),
        "counted_by": line.counted_by,
        "expected": None if expected is None else shown(expected),
        "variance": variance,
        "level_version": line.level_version,
        "version": line.version,
    }
