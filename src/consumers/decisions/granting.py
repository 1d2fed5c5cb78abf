"""How a promise finds its stock: lot by lot, what the lines before it have taken left out."""

from decimal import Decimal
from typing import Any

from ledger.book import ZERO, Level, LevelKey, ReservationLine
from schemas.base import shown
from schemas.commands.reservations import WantedLine


def grant(
    number: int,
    wanted: WantedLine,
    levels: dict[str, Level],
    taken: dict[LevelKey, Decimal],
    lines: list[ReservationLine],
) -> Decimal:
    """Take what a line wants, lot by lot, into `lines` and `taken`; return what is missing."""
    left = wanted.quantity
    for lot in (wanted.lot,) if wanted.lot is not None else sorted(levels):
        level = levels.get(lot)
        if level is None:
            continue
        before = taken.get(level.key, ZERO)
        take = min(level.available - before, left)
        if take <= ZERO:
            continue
        taken[level.key] = before + take
        lines.append(
            ReservationLine(
                number, wanted.sku, wanted.location, lot, wanted.channel, wanted.quantity, take
            )
        )
        left -= take
        if not left:
            return ZERO
    if left == wanted.quantity:
        lines.append(
            ReservationLine(
                number,
                wanted.sku,
                wanted.location,
                wanted.lot or "",
                wanted.channel,
                wanted.quantity,
                ZERO,
            )
        )
    return left


def short_line(number: int, wanted: WantedLine, available: Decimal) -> dict[str, Any]:
    """One line of an `insufficient-stock` problem."""
    return {
        "line": number,
        "sku": wanted.sku,
        "location": wanted.location,
        "lot": wanted.lot,
        "requested": shown(wanted.quantity),
        "available": shown(available),
    }
