"""What count commands mean: stock is counted, perhaps again, and the books come to agree with it."""

from collections.abc import Iterable, Sequence
from typing import Any

from consumers.decisions.count_lines import (
    Faults,
    last_attempts,
    left,
    refused,
    taken,
    told,
)
from consumers.decisions.count_posting import posting
from consumers.decisions.known import unknown_location
from consumers.decisions.lots import lot_body
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Book
from ledger.counting import Count, CountLine
from ledger.documents import Lot
from ledger.outcome import Applied, Event, Movement, Outcome, Rejected
from schemas.base import shown
from schemas.commands.counts import (
    ApproveCount,
    CancelCount,
    OpenCount,
    PostCount,
    RecordCount,
    RecountLines,
)
from schemas.problems import (
    APPROVER_COUNTED,
    COUNT_ENDED,
    COUNT_LEFT,
    COUNT_LINES,
    UNKNOWN_COUNT,
    problem,
)

OnCount = RecordCount | RecountLines | ApproveCount | PostCount | CancelCount


def _scope(command: OpenCount, tenant_id: str, needs: Needs) -> None:
    needs.locations.add((tenant_id, command.location))
    needs.items.update((tenant_id, each.sku) for each in command.scope or ())


def _counted(command: RecordCount, tenant_id: str, needs: Needs) -> None:
    needs.counts.add((tenant_id, command.count_id))
    needs.items.update((tenant_id, line.sku) for line in command.lines)
    needs.counted.update(
        (
            tenant_id,
            command.count_id,
            line.sku,
            line.lot or "",
            line.counted_at or command.counted_at,
        )
        for line in command.lines
    )


def _count(command: OnCount, tenant_id: str, needs: Needs) -> None:
    needs.counts.add((tenant_id, command.count_id))


def _whole(command: RecountLines | PostCount, tenant_id: str, needs: Needs) -> None:
    needs.counts.add((tenant_id, command.count_id))
    needs.whole_counts.add((tenant_id, command.count_id))
    if isinstance(command, PostCount):
        needs.posted_counts.add((tenant_id, command.count_id))


@decides(OpenCount, needs=_scope)
def open_count(command: OpenCount, ask: Ask, book: Book) -> Outcome:
    """Begin a count. Stock may go on moving: a line is held against the moment it was counted."""
    unknown = unknown_location(book, ask.tenant_id, command.location, "")
    if unknown:
        return unknown
    faults = _unfit_scope(command, ask, book)
    if faults:
        return refused(COUNT_LINES, faults, "scope")
    scope = None if command.scope is None else tuple((e.sku, e.lot) for e in command.scope)
    count = Count(
        ask.tenant_id,
        f"cnt-{ask.new_id}",
        command.location,
        "open",
        command.blind,
        scope,
        command.tolerance_percent,
        command.tolerance_quantity,
        command.reference,
        None,
        (),
        None,
        0,
        0,
        book.at,
        1,
        command.frozen,
    )
    return _changed(201, "count.opened", count)


def _unfit_scope(command: OpenCount, ask: Ask, book: Book) -> Faults:
    faults: Faults = {}
    for index, each in enumerate(command.scope or ()):
        item = book.items.get((ask.tenant_id, each.sku))
        if item is None:
            faults.setdefault("unknown-item", []).append(index)
        elif each.lot is not None and item.track_by != "batch":
            faults.setdefault("lot-rule", []).append(index)
    return faults


@decides(RecordCount, needs=_counted)
def record_count(command: RecordCount, ask: Ask, book: Book) -> Outcome:
    """Keep what was counted; what the books say of it is nobody's business before it is posted.

    An approval is taken back: it was for what had been counted by then.
    """
    count = _open(command, ask, book)
    if isinstance(count, Rejected):
        return count
    lines, faults = taken(command, count, ask, book)
    if faults:
        return refused(COUNT_LINES, faults)
    changed = count._replace(
        counted_by=tuple(sorted({*count.counted_by, ask.actor_id})),
        approved_by=None,
        lines=max(count.lines, *(line.line for line in lines)),
        version=count.version + 1,
    )
    numbers = [line.line for line in lines]
    return _changed(200, "count.recorded", changed, lines, extra={"line_numbers": numbers})


@decides(RecountLines, needs=_whole)
def recount_lines(command: RecountLines, ask: Ask, book: Book) -> Outcome:
    """Ask for another attempt at lines; until it is made they cannot be posted."""
    count = _open(command, ask, book)
    if isinstance(count, Rejected):
        return count
    last = last_attempts(book, count)
    faults: Faults = {}
    for index, number in enumerate(command.lines):
        line = last.get(number)
        rule = "no-such-line" if line is None else _not_again(line)
        if rule:
            faults.setdefault(rule, []).append(index)
    if faults:
        return refused(COUNT_LINES, faults)
    lines = [_next_attempt(last[number]) for number in sorted(set(command.lines))]
    changed = count._replace(approved_by=None, reason=command.reason, version=count.version + 1)
    return _changed(200, "count.recount.asked", changed, lines)


def _not_again(line: CountLine) -> str | None:
    """Why a line cannot be counted again."""
    if line.expected is not None:
        return "posted"
    return "not-counted" if line.counted is None else None


def _next_attempt(line: CountLine) -> CountLine:
    return CountLine(line.tenant_id, line.count_id, line.line, line.attempt + 1, line.sku, line.lot)


@decides(ApproveCount, needs=_count)
def approve_count(command: ApproveCount, ask: Ask, book: Book) -> Outcome:
    """Let all that has been counted so far be posted, whatever its variance."""
    count = _open(command, ask, book)
    if isinstance(count, Rejected):
        return count
    if ask.actor_id in count.counted_by:
        said = f"{ask.actor_id} has counted in {count.count_id} and may not approve it"
        return Rejected(409, problem(APPROVER_COUNTED, said, counted_by=list(count.counted_by)))
    changed = count._replace(
        approved_by=ask.actor_id, reason=command.reason, version=count.version + 1
    )
    return _changed(200, "count.approved", changed)


@decides(PostCount, needs=_whole)
def post_count(command: PostCount, ask: Ask, book: Book) -> Outcome:
    """Move each line's variance to or from the account of loss; see `count_posting`.

    What cannot be posted is named by line and rule. It stays open where a part is allowed, and
    keeps everything from being posted where it is not.
    """
    count = _open(command, ask, book)
    if isinstance(count, Rejected):
        return count
    made = posting(count, last_attempts(book, count), book)
    if not made.lines or (made.left and not command.allow_partial):
        return _unpostable(count, left(made.left))
    posted = count.posted + len(made.lines)
    changed = count._replace(
        posted=posted,
        status="posted" if posted == count.lines else "open",
        version=count.version + 1,
    )
    extra = {
        "adjusted": len(made.movements),
        "agreed": len(made.lines) - len(made.movements),
        "left": left(made.left),
    }
    lots = made.found
    return _changed(200, "count.posted", changed, made.lines, lots, made.movements, extra)


def _unpostable(count: Count, faults: list[dict[str, Any]]) -> Rejected:
    said = "; ".join(f"{len(each['lines'])} lines: {each['detail']}" for each in faults)
    said = said or f"nothing of {count.count_id} was counted"
    return Rejected(409, problem(COUNT_LEFT, said, faults=faults))


@decides(CancelCount, needs=_count)
def cancel_count(command: CancelCount, ask: Ask, book: Book) -> Outcome:
    """End a count. What it has posted stays posted, and what was counted can still be read."""
    count = _open(command, ask, book)
    if isinstance(count, Rejected):
        return count
    changed = count._replace(status="cancelled", reason=command.reason, version=count.version + 1)
    return _changed(200, "count.cancelled", changed)


def _open(command: OnCount, ask: Ask, book: Book) -> Count | Rejected:
    """The count, if it is open."""
    found = book.counts.get((ask.tenant_id, command.count_id))
    if found is None:
        said = f"/count_id: there is no count {command.count_id}"
        return Rejected(404, problem(UNKNOWN_COUNT, said, pointer="/count_id"))
    if found.status != "open":
        said = f"count {found.count_id} is {found.status}"
        return Rejected(409, problem(COUNT_ENDED, said, count_status=found.status))
    return found


def _changed(
    code: int,
    event: str,
    count: Count,
    lines: Sequence[CountLine] = (),
    lots: Iterable[Lot] = (),
    movements: Sequence[Movement] = (),
    extra: dict[str, Any] | None = None,
) -> Applied:
    """The outcome that leaves a count, lines of it and lots as given; `extra` is for the asker."""
    named, body = count.count_id, count_body(count)
    return Applied(
        code,
        ("count", named),
        {**body, **(extra or {})},
        (
            Event(event, f"count/{named}", count.version, body),
            *told(count, lines),
            *(
                Event("lot.status.set", f"lot/{lot.sku}/{lot.lot}", lot.version, lot_body(lot))
                for lot in lots
            ),
        ),
        (count, *lines, *lots),
        tuple(movements),
    )


def count_body(count: Count) -> dict[str, Any]:
    """A count as results and events show it: nothing in it tells what is expected."""
    percent, quantity = count.tolerance_percent, count.tolerance_quantity
    scope = None if count.scope is None else [{"sku": s, "lot": lot} for s, lot in count.scope]
    return {
        "count_id": count.count_id,
        "location": count.location,
        "status": count.status,
        "blind": count.blind,
        "scope": scope,
        "tolerance_percent": None if percent is None else shown(percent),
        "tolerance_quantity": None if quantity is None else shown(quantity),
        "reference": count.reference,
        "reason": count.reason,
        "counted_by": list(count.counted_by),
        "approved_by": count.approved_by,
        "lines": count.lines,
        "posted": count.posted,
        "created_at": count.created_at,
        "version": count.version,
        "frozen": count.frozen,
    }
