"""What was asked for a day, from what moved: over the days on which there was something to have. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from ledger.replenishing import Demand
from schemas.base import ZERO

MICRO: Final = Decimal("0.000001")


class Moved(NamedTuple):
    """What moved at a place on one day: how much more it had at its end, and how much was asked for."""

    net: Decimal
    asked: Decimal  # what left for customers and production
    came_in: bool


NOTHING: Final = Moved(ZERO, ZERO, came_in=False)


def demand_of(
    on_hand: Decimal, moved: Mapping[date, Moved], today: date, window: int
) -> Demand | None:
    """The demand of the `window` days before today; None where there was nothing on any of them.

    `on_hand` is what is there now, and `moved` has all days since the window began, today too:
    from both follows what was there on each of them. A day that began with nothing, and on which
    nothing came in and nothing left, is a stock-out: that nobody took anything on it says nothing.
    So are the days before the item came to the place. The deviation is that of a sample.
    """
    each = [day for day in _backwards(on_hand, moved, today, window) if day is not None]
    if not each:
        return None
    mean = sum(each, ZERO) / len(each)
    squares = sum(((asked - mean) ** 2 for asked in each), ZERO)
    sigma = (squares / (len(each) - 1)).sqrt() if len(each) > 1 else ZERO
    return Demand(_micro(mean), _micro(sigma), len(each), window - len(each))


def _backwards(
    on_hand: Decimal, moved: Mapping[date, Moved], today: date, window: int
) -> Iterator[Decimal | None]:
    """What was asked for on each day of the window, the last one first; None on a stock-out."""
    ended = on_hand - moved.get(today, NOTHING).net
    for ago in range(1, window + 1):
        net, asked, came_in = moved.get(today - timedelta(days=ago), NOTHING)
        began = ended - net
        yield asked if began > ZERO or came_in or asked else None
        ended = began


def _micro(value: Decimal) -> Decimal:
    return value.quantize(MICRO, ROUND_HALF_UP)
