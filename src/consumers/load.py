"""Everything a batch needs, in a handful of queries, its rows locked in one order everywhere.

The order is: shards, genealogy, reservations, holds, transfers, counts, production orders, recipes,
receipts, cost methods, periods, replenishment, recommendations, catalog, lots, locations whose bins
are filled, balances, serials; within each, by key. What is locked out of this order (`load_bound`)
waits for nobody.
"""

from collections.abc import Collection
from datetime import datetime

from consumers.decisions.registry import Needs, needs_of
from consumers.load_bins import load_bins, load_shelves, note_put_away
from consumers.load_bound import load_bound
from consumers.load_counts import load_counted, load_counts
from consumers.load_planning import load_planned, load_planning
from consumers.parse import Asked
from ledger import (
    balances,
    catalog,
    costs,
    counts,
    genealogy,
    holds,
    items,
    lots,
    policies,
    productions,
    receipts,
    recipes,
    reservations,
    returns,
    serials,
    trace,
    transfers,
)
from ledger.book import Book
from ledger.connection import Transaction
from ledger.level import NO_LOT
from ledger.tracing import LotKey
from schemas.times import stamp


def load(tx: Transaction, asked: Collection[Asked], now: datetime, module: str) -> Book:
    """The book for these commands, as of now."""
    needs = needs_of((ask.command, ask.envelope.tenant_id) for ask in asked if ask.command)
    book = Book(now, stamp(now))
    if needs.recalls:
        genealogy.alone(tx)
    elif needs.genealogy:
        genealogy.share(tx)
    _load_promised(tx, needs, book)
    _load_returns(tx, needs, book)
    _load_held_and_sent(tx, needs, book)
    load_counts(tx, needs, book)
    book.frozen = counts.frozen(tx)
    _load_making(tx, needs, book)
    book.receipts = receipts.lock(tx, needs.receipts)
    book.cost_methods = costs.lock_methods(tx, needs.cost_methods)
    book.periods = costs.lock_periods(tx, needs.periods, change=module == "costing")
    load_planning(tx, needs, book)
    note_put_away(needs, book)
    _load_catalog(tx, needs, book, lock=module == "catalog")
    recalled = _trace(tx, needs, book)
    book.lots = lots.load(tx, needs.lots, lock=True)
    load_bins(tx, needs, book)
    needs.places |= balances.places(tx, needs.wherever)
    levels, inactive = balances.lock(tx, needs.places, needs.stocked, needs.levels)
    places = needs.everywhere()
    book.named_levels, book.in_part = needs.levels, places - needs.places
    book.enter(levels)
    load_shelves(tx, needs, book, levels)
    book.inactive |= inactive
    if needs.lots_wanted:
        load_bound(tx, asked, needs, book)
    book.passages = trace.passages(tx, recalled)
    needs.serials |= serials.at(tx, needs.serials_at) | serials.of_any_item(tx, needs.units)
    book.serials = serials.lock(tx, needs.serials)
    book.named = set(book.serials)
    _load_unstocked(tx, places, book)
    _load_policies(tx, needs, places, book)
    load_planned(tx, needs, book)
    if any(NO_LOT not in found for found in book.places.values()):
        _load_lots(tx, book)
    load_counted(tx, needs, book)
    return book


def _load_held_and_sent(tx: Transaction, needs: Needs, book: Book) -> None:
    """Holds and transfers, and the stock that they are about."""
    book.holds = holds.lock(tx, needs.holds)
    for (tenant_id, _), hold in book.holds.items():
        for line in hold.lines:
            needs.level(tenant_id, hold.sku, line.location, line.lot)
            if line.bin:
                needs.shelved.add((tenant_id, hold.sku, line.location))
    book.transfers = transfers.lock(tx, needs.transfers)
    for (tenant_id, _), sent in book.transfers.items():
        for part in sent.lines:
            needs.level(tenant_id, part.sku, sent.from_location, part.lot)
            needs.level(tenant_id, part.sku, sent.to_location, part.lot)
            needs.name(tenant_id, part.sku, part.serials)


def _load_promised(tx: Transaction, needs: Needs, book: Book) -> None:
    """Reservations, and the stock and units that they hold."""
    book.reservations = reservations.lock(tx, needs.reservations)
    book.stored = set(book.reservations)
    for tenant_id, named, number, lot in needs.lots_picked:
        known = book.reservations.get((tenant_id, named))
        for line in known.lines if known else ():
            if line.line == number:
                needs.level(tenant_id, line.sku, line.location, lot)
    for (tenant_id, _), found in book.reservations.items():
        for line in found.lines:
            needs.level(tenant_id, line.sku, line.location, line.lot)
            if line.serials:
                needs.name(tenant_id, line.sku, line.serials)


def _load_returns(tx: Transaction, needs: Needs, book: Book) -> None:
    """What came back of reservations before, and the stock where more of it is to go."""
    book.returns = returns.load(tx, needs.returns)
    for key in needs.returns:
        shipped = book.reservations.get(key)
        needs.items.update((key[0], line.sku) for line in (shipped.lines if shipped else ()))
    for tenant_id, named, location in needs.returned_to:
        found = book.reservations.get((tenant_id, named))
        for line in found.lines if found else ():
            needs.level(tenant_id, line.sku, location, line.lot)


def _trace(tx: Transaction, needs: Needs, book: Book) -> set[LotKey]:
    """All lots that recalls take up, which are to be locked with their stock."""
    book.traces = trace.forward(tx, needs.recalls)
    found = {
        (tenant_id, lot.sku, lot.lot)
        for (tenant_id, _, _), traced in book.traces.items()
        for lot in traced.taken_up
    }
    needs.lots |= found
    needs.places |= balances.places_of(tx, found)
    return found


def _load_making(tx: Transaction, needs: Needs, book: Book) -> None:
    """Production orders and recipes, and where the stock lies that goes into what they make."""
    book.productions = productions.lock(tx, needs.productions)
    for (tenant_id, _), order in book.productions.items():
        made_of = {order.sku, *(component.sku for component in order.components)}
        needs.items.update((tenant_id, sku) for sku in made_of)
        needs.places.update((tenant_id, sku, order.location) for sku in made_of)
        needs.locations.add((tenant_id, order.location))
    for tenant_id, named, lot in needs.made:
        known = book.productions.get((tenant_id, named))
        begun = {sku for of, sku, _ in needs.kits if of == tenant_id}  # perhaps in this very batch
        needs.lots.update((tenant_id, sku, lot) for sku in ({known.sku} if known else begun))
    if needs.recipes:
        recipes.lock(tx)
    book.recipes = recipes.load(tx, needs.recipes, below=True)
    made = {(tenant_id, sku) for tenant_id, sku, _ in needs.kits}
    book.recipes |= recipes.load(tx, made - book.recipes.keys(), below=False)
    for tenant_id, sku, location in needs.kits:
        recipe = book.recipes.get((tenant_id, sku))
        parts = {component.sku for component in recipe.components} if recipe else set()
        for part in parts | needs.stated.get((tenant_id, sku), set()):
            needs.items.add((tenant_id, part))
            needs.places.add((tenant_id, part, location))


def _load_lots(tx: Transaction, book: Book) -> None:
    """What is known of the lots at the places, and what day it is there."""
    here = {
        (tenant_id, sku, lot)
        for (tenant_id, sku, _), found in book.places.items()
        for lot in found
        if lot != NO_LOT
    }
    book.lots |= lots.load(tx, here - book.lots.keys(), lock=False)
    at = {
        (tenant_id, location)
        for (tenant_id, _, location), found in book.places.items()
        if NO_LOT not in found
    }
    book.locations |= catalog.locations(tx, at - book.locations.keys(), lock=False)


def _load_catalog(tx: Transaction, needs: Needs, book: Book, *, lock: bool) -> None:
    book.items = items.load(tx, needs.items, lock=lock)
    book.note_active(book.items.values())
    book.policies = policies.lock(tx, needs.policies_of)
    book.barcodes = items.claimed(tx, needs.barcodes)
    book.with_variants = items.with_variants(tx, needs.variants)
    book.locations = catalog.locations(tx, needs.locations, lock=lock)


def _load_policies(
    tx: Transaction, needs: Needs, places: set[tuple[str, str, str]], book: Book
) -> None:
    """What holds where a command asks for it, where lots are chosen, and where nothing is yet.

    Elsewhere all that matters of a policy stands in the balances.
    """
    asked = places - book.places.keys()
    asked |= {place for place, found in book.places.items() if NO_LOT not in found}
    if needs.policies:  # the rest of a line may come from other places of the item
        skus = {place[:2] for place in needs.policies}
        asked |= {place for place in places if place[:2] in skus}
    book.policies |= policies.at(tx, asked)


def _load_unstocked(tx: Transaction, places: set[tuple[str, str, str]], book: Book) -> None:
    """Where there is no balance, tell an item without stock from one that does not exist.

    Where there is one, its item and location exist: its foreign keys say so.
    """
    if len(book.places) == len(places):
        return
    bare = [place for place in places if place not in book.places]
    skus = {(tenant_id, sku) for tenant_id, sku, _ in bare} - book.items.keys()
    locations = {(tenant_id, code) for tenant_id, _, code in bare} - book.locations.keys()
    unstocked = items.load(tx, skus, lock=False)
    book.items |= unstocked
    book.note_active(unstocked.values())
    book.locations |= catalog.locations(tx, locations, lock=False)
