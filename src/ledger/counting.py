"""Counts as the ledger keeps them, and what may not move while they go on. Pure."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Count(NamedTuple):
    """A count of what lies at a location. Its lines stand apart: they may be thousands."""

    tenant_id: str
    count_id: str
    location: str
    status: str  # open, posted or cancelled
    blind: bool
    scope: tuple[tuple[str, str | None], ...] | None  # items, each with a lot or all of its lots
    tolerance_percent: Decimal | None
    tolerance_quantity: Decimal | None
    reference: str | None
    reason: str | None  # of the last recount, approval or cancelling
    counted_by: tuple[str, ...]
    approved_by: str | None  # as it stands: whatever is counted later takes it back
    lines: int  # how many there are
    posted: int  # how many of them are posted
    created_at: str
    version: int
    frozen: bool | None = None  # whether its stock stays where it is until it ends

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and its id."""
        return self.tenant_id, self.count_id


class CountLine(NamedTuple):
    """One attempt at counting one lot of one item, from attempt 1; the last one counts."""

    tenant_id: str
    count_id: str
    line: int
    attempt: int
    sku: str
    lot: str
    counted: Decimal | None = None  # None: asked for, and not counted yet
    counted_at: datetime | None = None
    counted_by: str | None = None
    expected: Decimal | None = None  # on hand when it was counted; None: not posted
    level_version: int | None = None  # that the level had when the line was posted

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What it is known by: the count, item and lot, and which attempt it is."""
        return self.tenant_id, self.count_id, self.sku, self.lot, str(self.attempt)

    @property
    def version(self) -> int:
        """How far it has come: asked for (1), counted (2), posted (3)."""
        return 3 if self.expected is not None else 2 if self.counted is not None else 1


Frozen = dict[tuple[str, str], dict[str, frozenset[str] | None]]
"""By (tenant, location) the open counts that keep their stock in its place, and of which items; of
None all."""


def note(frozen: Frozen, count: Count) -> None:
    """Let a count that has begun, or ended, take effect on what may move."""
    counts = frozen.setdefault((count.tenant_id, count.location), {})
    counts.pop(count.count_id, None)
    if count.status == "open":
        scope = None if count.scope is None else frozenset(sku for sku, _ in count.scope)
        counts[count.count_id] = scope
    if not counts:
        del frozen[count.tenant_id, count.location]


def frozen_by(
    frozen: Frozen, tenant_id: str, moved: Iterable[tuple[str, str]]
) -> tuple[str, str, str] | None:
    """The first of (item, account) that may not move, and the count that keeps it there."""
    for sku, account in moved:
        for count_id, items in frozen.get((tenant_id, account), {}).items():
            if items is None or sku in items:
                return sku, account, count_id
    return None
