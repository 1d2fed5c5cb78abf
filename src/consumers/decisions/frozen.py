"""What keeps stock in its place while it is counted: one look at whatever a command would move."""

from itertools import chain

from consumers.decisions.registry import Ask
from ledger.book import Book
from ledger.counting import frozen_by
from ledger.outcome import Applied, Rejected
from schemas.commands import Command
from schemas.commands.counts import PostCount
from schemas.problems import STOCK_FROZEN, problem


def stays(command: Command, outcome: Applied, ask: Ask, book: Book) -> Rejected | None:
    """Refuse an outcome that moves what is frozen; counts post what they have found nevertheless."""
    if isinstance(command, PostCount):
        return None
    moved = (
        (movement.sku, account)
        for movement in outcome.movements
        for account in (movement.from_account, movement.to_account)
    )
    carried = ((move.sku, move.location) for move in outcome.bin_moves)
    kept = frozen_by(book.frozen, ask.tenant_id, chain(moved, carried))
    if kept is None:
        return None
    sku, location, count_id = kept
    said = f"{sku} at {location} is being counted ({count_id}) and stays until that has ended"
    return Rejected(409, problem(STOCK_FROZEN, said, sku=sku, location=location, count_id=count_id))
