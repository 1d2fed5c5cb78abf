"""Which lots may be used, and which of them goes first: first expired, first out."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

from ledger.book import Book
from ledger.documents import Lot
from ledger.level import NO_LOT, Level, LevelKey
from schemas.base import ZERO


class Wish(Protocol):
    """What somebody wants of one item at one place; of a lot only if they say so."""

    @property
    def sku(self) -> str:
        """The item."""

    @property
    def location(self) -> str:
        """The place."""

    @property
    def quantity(self) -> Decimal:
        """How much."""

    @property
    def lot(self) -> str | None:
        """The one lot that will do, or none in particular."""

    @property
    def shelf_life_days(self) -> int | None:
        """For how many days from today a lot must last."""


class Choice(NamedTuple):
    """The lots that may be used, those that go first, first; and those that may not, and why."""

    order: tuple[str, ...]
    passed: tuple[tuple[str, str], ...] = ()
    by_lot: bool = True
    """Whether there were lots to choose from."""

    def shown(self, line: int) -> dict[str, Any]:
        """As results and events show it."""
        passed = [{"lot": lot, "because": because} for lot, because in self.passed]
        return {"line": line, "order": list(self.order), "passed": passed}


WITHOUT_LOTS: Final = Choice((NO_LOT,), by_lot=False)


def choose(
    wish: Wish,
    tenant_id: str,
    levels: Mapping[str, Level],
    taken: Mapping[LevelKey, Decimal],
    book: Book,
    *,
    unusable_too: bool = False,
) -> Choice:
    """The lots for a wish; `levels` are those at its place, `taken` what earlier wishes took.

    A lot that was asked for is the only one. The others go by their day of removal, those without
    one last; of the same day the smallest goes first, since that empties a place, and then the one
    whose code comes first. `unusable_too` lets one that was asked for go whether it may be used or not.
    """
    if unusable_too and wish.lot is not None:
        return Choice((wish.lot,), by_lot=NO_LOT not in levels)
    if NO_LOT in levels or not any(level.on_hand for level in levels.values()):
        return WITHOUT_LOTS if wish.lot is None else Choice((), by_lot=False)
    today = book.today(tenant_id, wish.location)
    passed: list[tuple[str, str]] = []
    usable: list[tuple[date, Decimal, str]] = []
    for lot in sorted(levels) if wish.lot is None else (wish.lot,):
        level = levels.get(lot)
        if level is None or not level.on_hand:
            continue
        known = book.lots.get((tenant_id, wish.sku, lot))
        because = unusable(known, today, wish.shelf_life_days or 0)
        if because:
            passed.append((lot, because))
        else:
            free = level.available - taken.get(level.key, ZERO)
            usable.append((_goes_on(known), free, lot))
    return Choice(tuple(lot for _, _, lot in sorted(usable)), tuple(passed))


def unusable(lot: Lot | None, today: date, shelf_life_days: int = 0) -> str | None:
    """Why a lot may not be used today; one that nobody described may.

    It may on its very last day. `shelf_life_days` is how long from today it must last.
    """
    if lot is None:
        return None
    if lot.status != "active":
        return lot.status
    if lot.expires_on is None:
        return None
    if lot.expires_on < today:
        return "expired"
    return "shelf-life" if lot.expires_on - today < timedelta(days=shelf_life_days) else None


def _goes_on(lot: Lot | None) -> date:
    day = (lot.remove_on or lot.expires_on) if lot else None
    return day or date.max
