"""Which function decides which command, and what it must have loaded before it may."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from ledger.book import Book
from ledger.outcome import Outcome
from ledger.replenishing import Scope
from schemas.commands import Command

C = TypeVar("C", bound=Command)


class Ask(NamedTuple):
    """Who asks, in whose name, and the id that a resource made by this command will have."""

    tenant_id: str
    actor_id: str
    new_id: str


@dataclass(slots=True)
class Needs:
    """What a batch must load and lock before it decides; filled by each command's `needs`."""

    places: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, item, location) of which every lot is needed that ever was there."""
    stocked: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, item, location) of which only lots matter that have something left, as mostly."""
    levels: set[tuple[str, str, str, str]] = field(default_factory=set)
    """(tenant, item, location, lot) that are named, with or without something left."""
    items: set[tuple[str, str]] = field(default_factory=set)
    locations: set[tuple[str, str]] = field(default_factory=set)
    reservations: set[tuple[str, str]] = field(default_factory=set)
    barcodes: set[tuple[str, str]] = field(default_factory=set)
    """(tenant, code) of what an item claims, in the form in which it is looked up."""
    variants: set[tuple[str, str]] = field(default_factory=set)
    """(tenant, item): whether there are variants of it."""
    policies: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, item, location) whose policies are read; where there are lots they are anyway."""
    policies_of: set[tuple[str, str]] = field(default_factory=set)
    """(tenant, item) whose policies a command changes."""
    holds: set[tuple[str, str]] = field(default_factory=set)
    transfers: set[tuple[str, str]] = field(default_factory=set)
    counts: set[tuple[str, str]] = field(default_factory=set)
    counted: set[tuple[str, str, str, str, datetime]] = field(default_factory=set)
    """(tenant, count, item, lot, moment): lines that are being recorded."""
    whole_counts: set[tuple[str, str]] = field(default_factory=set)
    """The counts of which all lines are needed."""
    posted_counts: set[tuple[str, str]] = field(default_factory=set)
    """Those that are to be posted: what has moved since their lines were counted is needed."""
    productions: set[tuple[str, str]] = field(default_factory=set)
    made: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, production order, lot): the lots that orders make, whatever their item is."""
    recipes: set[tuple[str, str]] = field(default_factory=set)
    """(tenant, item): what it is made of, and what that is made of, down to the last."""
    stated: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """What commands of this batch say that an item is made of: those behind them rely on it."""
    kits: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, item, location): what it is made of, and the stock of its components there."""
    returns: set[tuple[str, str]] = field(default_factory=set)
    """(tenant, reservation): what of it came back before."""
    returned_to: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, reservation, location): where some of it is to go, if not where it came from."""
    recalls: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, item, lot): all that was made of it, and where that is."""
    genealogy: bool = False
    """Whether a command says what is made of what: recalls, and changes of recipes, wait for it."""
    receipts: set[tuple[str, str]] = field(default_factory=set)
    cost_methods: set[tuple[str, str]] = field(default_factory=set)
    periods: set[tuple[str]] = field(default_factory=set)
    """Of the tenants for whom somebody may date anything back."""
    replenishments: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, item, location): how it is replenished, and what was observed there."""
    scopes: set[Scope] = field(default_factory=set)
    """Of which places recommendations are to be generated."""
    recommendations: set[tuple[str, str]] = field(default_factory=set)
    lots: set[tuple[str, str, str]] = field(default_factory=set)
    """The lots that a command changes; those at its places are there to be read anyway."""
    lots_picked: set[tuple[str, str, int, str]] = field(default_factory=set)
    """(tenant, reservation, line, lot): what of a line is shipped by the lot's name."""
    lots_wanted: set[tuple[str, str, str, str]] = field(default_factory=set)
    """(tenant, item, location, lot) that are to be promised by name: who has them by chance may
    have to give way."""
    serials: set[tuple[str, str, str]] = field(default_factory=set)
    units: set[tuple[str, str]] = field(default_factory=set)
    """(tenant, serial): what a command names by its serial alone."""
    serials_at: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, item, location): all serials that are there."""
    bins: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, location, bin) that are described, or that something is put into."""
    bins_at: set[tuple[str, str]] = field(default_factory=set)
    """(tenant, location) of which any bin may be put into."""
    shelved: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, item, location) of which something is put into bins."""
    put_away: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant, receipt, location): what of it is still loose there."""
    wherever: set[tuple[str, str]] = field(default_factory=set)
    """(tenant, item): all places where there ever was any of it."""

    def level(self, tenant_id: str, sku: str, location: str, lot: str | None) -> None:
        """The one level of an item at a location that a command or a document is about."""
        if lot:
            self.levels.add((tenant_id, sku, location, lot))
        else:
            self.stocked.add((tenant_id, sku, location))

    def everywhere(self) -> set[tuple[str, str, str]]:
        """All places of which anything is needed."""
        return self.places | self.stocked | {level[:3] for level in self.levels}

    def shelve(self, place: tuple[str, str, str], into: str | None) -> None:
        """That an item is put into a bin of a (tenant, item, location) place, or taken out of one."""
        self.places.add(place)
        self.shelved.add(place)
        if into is not None:
            self.bins.add((place[0], place[2], into))

    def name(self, tenant_id: str, sku: str, serials: Iterable[str] | None) -> None:
        """Serials of an item that a command or a document names."""
        if serials:
            self.serials.update((tenant_id, sku, serial) for serial in serials)


class Decider(NamedTuple):
    """How one type of command is decided."""

    needs: Callable[[Any, str, Needs], None]
    decide: Callable[[Any, Ask, Book], Outcome]


DECIDERS: Final[dict[type[Command], Decider]] = {}


def decides(
    command: type[C], *, needs: Callable[[C, str, Needs], None]
) -> Callable[[Callable[[C, Ask, Book], Outcome]], Callable[[C, Ask, Book], Outcome]]:
    """Register the function that decides a command.

    `needs(command, tenant_id, needs)` says which rows it reads.
    """

    def register(decide: Callable[[C, Ask, Book], Outcome]) -> Callable[[C, Ask, Book], Outcome]:
        DECIDERS[command] = Decider(needs, decide)
        return decide

    return register


def needs_of(commands: Iterable[tuple[Command, str]]) -> Needs:
    """All that a batch of (command, tenant) must load."""
    needs = Needs()
    for command, tenant_id in commands:
        DECIDERS[type(command)].needs(command, tenant_id, needs)
    return needs
