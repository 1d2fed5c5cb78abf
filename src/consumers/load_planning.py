"""What replenishment needs: the policies of places, what was observed and stands there, and their stock."""

from consumers.decisions.registry import Needs
from ledger import balances, recommendations, replenishments
from ledger.book import Book
from ledger.connection import Transaction


def load_planning(tx: Transaction, needs: Needs, book: Book) -> None:
    """Lock policies and recommendations; name the items and locations of the places."""
    places = needs.replenishments | replenishments.within(tx, needs.scopes)
    if places:
        book.replenishments = replenishments.lock(tx, places)
        book.observations = replenishments.observed(tx, places)
    planned = places if needs.scopes else set()
    if planned or needs.recommendations:
        book.recommendations = recommendations.lock(tx, needs.recommendations, planned)
    needs.items.update(place[:2] for place in planned)
    needs.locations.update((tenant_id, location) for tenant_id, _, location in planned)


def load_planned(tx: Transaction, needs: Needs, book: Book) -> None:
    """The stock of the places that are decided, as it is now.

    It is not locked: nothing of a batch that plans changes stock, and a recommendation names the
    versions of the levels that it was reckoned from.
    """
    if needs.scopes:
        book.enter(balances.read(tx, book.replenishments.keys() | needs.replenishments))
