"""What a trace of a lot finds: the lots that it leads to, and where all of them came from and went. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

RECALLED_MAX: Final = 500
"""So many lots one recall takes at once: it is one message, and locks them all."""

LotKey = tuple[str, str, str]
"""Tenant, item and lot."""


class Reached(NamedTuple):
    """A lot that was reached, over so many makings at the least; and whether it is recalled."""

    sku: str
    lot: str
    depth: int
    recalled: bool = False


class Trace(NamedTuple):
    """All lots that were reached from one, itself first; and whether these are all."""

    lots: tuple[Reached, ...]
    complete: bool = True

    @property
    def taken_up(self) -> list[Reached]:
        """The lots that one recall takes: those not recalled yet first, and of them the nearest."""
        by_lot = [each for each in self.lots if each.lot]
        return sorted(by_lot, key=lambda each: (each.recalled, each.depth))[:RECALLED_MAX]

    @property
    def left_over(self) -> bool:
        """Whether there are more to recall than one recall takes."""
        return sum(1 for each in self.lots if each.lot and not each.recalled) > RECALLED_MAX


class Passage(NamedTuple):
    """How much of a lot went between a virtual place and ours, or two virtual ones, by a document."""

    sku: str
    lot: str
    from_account: str
    to_account: str
    document: str
    reason: str
    quantity: Decimal
    order_id: str | None = None  # of the reservation that shipped it
    open_order: bool = False  # whether the document is a production order that is still open


class Moved(Protocol):
    """What a movement says that a trace wants to know."""

    @property
    def sku(self) -> str:
        """The item."""

    @property
    def lot(self) -> str:
        """The lot."""

    @property
    def from_account(self) -> str:
        """The account that it left."""

    @property
    def to_account(self) -> str:
        """The account that it entered."""

    @property
    def quantity(self) -> Decimal:
        """How much."""

    @property
    def reason(self) -> str:
        """Why."""

    @property
    def document(self) -> str:
        """By which document."""


def note_passages(
    passages: dict[LotKey, list[Passage]], tenant_id: str, movements: Iterable[Moved]
) -> None:
    """Add what leaves or comes in the batch of a recall: it is found by the recall too."""
    for each in movements:
        ends = (each.from_account, each.to_account)
        if any(account.startswith("@") for account in ends):
            passage = Passage(each.sku, each.lot, *ends, each.document, each.reason, each.quantity)
            passages.setdefault((tenant_id, each.sku, each.lot), []).append(passage)
