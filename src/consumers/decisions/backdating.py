"""When something took effect: now, or before now, by whoever may say so, in a period that is open."""

from datetime import UTC, datetime

from consumers.decisions.registry import Ask, Needs
from ledger.book import Book
from ledger.outcome import Rejected
from schemas.problems import BACKDATING, IN_THE_FUTURE, PERIOD_CLOSED, problem
from schemas.times import stamp

AT = "/effective_at"


def needs_period(effective_at: datetime | None, tenant_id: str, needs: Needs) -> None:
    """Ask for the tenant's period where something is dated back."""
    if effective_at is not None:
        needs.periods.add((tenant_id,))


def effective(effective_at: datetime | None, ask: Ask, book: Book) -> str | Rejected | None:
    """The moment as the ledger keeps it; none for now. Refused where it may not be."""
    if effective_at is None:
        return None
    if effective_at > book.now:
        said = f"{AT}: lies in the future: here it is {book.at}"
        return Rejected(422, problem(IN_THE_FUTURE, said, pointer=AT))
    period = book.periods.get((ask.tenant_id,))
    if period is None or ask.actor_id not in period.backdaters:
        said = f"{AT}: {ask.actor_id} may not date anything back"
        return Rejected(403, problem(BACKDATING, said, pointer=AT))
    closed = period.closed_until
    if closed is not None and effective_at.astimezone(UTC).date() <= closed:
        said = f"{AT}: the books are closed until {closed.isoformat()}"
        members = {"pointer": AT, "closed_until": closed.isoformat()}
        return Rejected(409, problem(PERIOD_CLOSED, said, **members))
    return stamp(effective_at)
