"""What a command carries between bins: what it asks for, and what must come out of them beside it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from ledger.bin_stock import LOOSE, BinHold, BinLevel, BinMove
from ledger.book import Book
from ledger.level import Level, LevelKey
from ledger.outcome import CORRECTION, Applied, Movement
from ledger.removal import removal
from schemas.base import ZERO


@dataclass(slots=True)
class Carrying:
    """Bins as a command leaves them, over the book that it is decided by."""

    tenant_id: str
    book: Book
    moves: list[BinMove] = field(default_factory=list)
    changed: dict[tuple[str, ...], BinLevel] = field(default_factory=dict)
    binned: dict[LevelKey, Decimal] = field(default_factory=dict)
    """How much more of each level lies in bins than before."""

    def at(self, key: LevelKey, code: str) -> BinLevel:
        """What lies of a level in a bin."""
        return self.changed.get((*key, code)) or self.book.shelves.at(key, code)

    def free(self, key: LevelKey, code: str) -> Decimal:
        """How much may leave a bin; of what is loose, all."""
        if code == LOOSE:
            return self.book.level(*key).loose - self.binned.get(key, ZERO)
        there = self.at(key, code)
        return there.on_hand - there.held

    def carry(self, move: BinMove) -> None:
        """Take a quantity out of one bin and put it into the other."""
        key = LevelKey(self.tenant_id, move.sku, move.location, move.lot)
        self.moves.append(move)
        for code, more in ((move.from_bin, -move.quantity), (move.to_bin, move.quantity)):
            if code == LOOSE:
                continue
            old = self.at(key, code)
            version = self.book.shelves.at(key, code).version + 1
            self.changed[*key, code] = old._replace(on_hand=old.on_hand + more, version=version)
            self.binned[key] = self.binned.get(key, ZERO) + more

    def hold(self, of: BinHold) -> None:
        """Hold so much more of what lies in a bin, or less."""
        key = LevelKey(self.tenant_id, of.sku, of.location, of.lot)
        old = self.at(key, of.bin)
        version = self.book.shelves.at(key, of.bin).version + 1
        self.changed[*key, of.bin] = old._replace(held=old.held + of.quantity, version=version)

    def pick(self, level: Level, quantity: Decimal, document: str) -> None:
        """Take a quantity of a level out of its bins: what is held there, only if nothing else is left."""
        key = level.key
        packs = _packs(self.book, key)
        for held_too in (False, True):
            there = {
                code: self.at(key, code).on_hand if held_too else self.free(key, code)
                for code in self._bins_of(key)
            }
            for code, take in removal(quantity, there, packs).items():
                self.carry(BinMove(key.sku, key.location, key.lot, code, LOOSE, take, document))
                quantity -= take
            if not quantity:
                return

    def _bins_of(self, key: LevelKey) -> set[str]:
        changed = {each.bin for each in self.changed.values() if each.level == key}
        return changed.union(self.book.shelves.levels.get(key, ()))


def _packs(book: Book, key: LevelKey) -> Iterable[Decimal]:
    item = book.items.get(key[:2])
    return [unit.factor for unit in (item.units if item else ()) if unit.level is not None]


def follow(applied: Applied, tenant_id: str, book: Book) -> None:
    """Let the bins follow what an applied command does to their stock.

    What leaves a level is taken from what is loose there; only what is missing comes out of bins.
    So no decision about stock needs to know of bins. What is put under another lot stays where it lies.
    """
    carrying = Carrying(tenant_id, book)
    for move in applied.bin_moves:
        carrying.carry(move)
    for hold in applied.bin_holds:
        carrying.hold(hold)
    for key, (more, document) in _moved(applied.movements, tenant_id).items():
        level = book.level(*key)
        over = level.binned + carrying.binned.get(key, ZERO) - max(level.on_hand + more, ZERO)
        if over > ZERO:
            before = len(carrying.moves)
            carrying.pick(level, over, document)
            _keep_relabelled(carrying, applied.movements, carrying.moves[before:])
    applied.bin_moves = tuple(carrying.moves)
    applied.bin_levels = tuple(carrying.changed.values())


def _keep_relabelled(
    carrying: Carrying, movements: Iterable[Movement], picked: Iterable[BinMove]
) -> None:
    """Put what only got another lot back into the bins that it never left."""
    for each in movements:
        if each.from_account == CORRECTION:
            for move in picked:
                carrying.carry(move._replace(lot=each.lot, from_bin=LOOSE, to_bin=move.from_bin))


def _moved(movements: Iterable[Movement], tenant_id: str) -> dict[LevelKey, tuple[Decimal, str]]:
    """By how much each level changes, and the document that it changes for."""
    moved: dict[LevelKey, tuple[Decimal, str]] = {}
    for each in movements:
        for account, more in (
            (each.from_account, -each.quantity),
            (each.to_account, each.quantity),
        ):
            if not account.startswith("@"):
                key = LevelKey(tenant_id, each.sku, account, each.lot)
                moved[key] = (moved.get(key, (ZERO, ""))[0] + more, each.document)
    return moved
