"""What the values of an item follow from, in the order of time: its movements, and what is said of costs."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal, NamedTuple

Method = Literal["average", "fifo", "standard"]

# Accounts of value beside those that stock moves between (ledger.book).
CHARGES: Final = "@charges"
REVALUATION: Final = "@revaluation"
VARIANCE: Final = "@variance"
PASSED_THROUGH: Final = frozenset({"@transit", "@correction"})
"""Where stock of ours is between two places of ours, or two lots of one: its value goes along."""
RECEIPT: Final = "rcp-"
"""How the id of every receipt begins."""


class Key(NamedTuple):
    """When something took effect, and its place in the ledger: the order of all that values follow from."""

    effective_at: datetime
    shard: int
    sequence: int
    entry: int


FIRST: Final = Key(datetime(1, 1, 1, tzinfo=UTC), 0, 0, 0)
"""Before every fact."""


class Source(NamedTuple):
    """Where units came from: a line of a document, or an entry of a journal row."""

    document: str
    line: int


class Fact(NamedTuple):
    """One thing that values follow from.

    - `move`: a quantity left an account for another; `unit_cost` is of what comes from outside.
    - `charge`: an amount more (or less) for what a source brought, from the account of its kind.
    - `price`: what a source brought cost so much a unit; `amount` is what was said that it cost in all,
      if anything was.
    - `revalue`: what lies at a location is worth so much a unit from now on.
    - `method`: from now on values are kept by a method; `unit_cost` is the standard.
    """

    key: Key
    kind: Literal["move", "charge", "price", "revalue", "method"]
    from_account: str = ""
    to_account: str = ""
    quantity: Decimal | None = None
    unit_cost: Decimal | None = None
    amount: Decimal | None = None
    document: str = ""
    line: int = 0
    method: Method | None = None

    @property
    def source(self) -> Source:
        """What units that it brings are known by, or those that it is about.

        Charges name the line of a receipt. Other documents bring units more than once, so these
        are known by the place in the ledger that brought them.
        """
        if self.kind != "move" or self.document.startswith(RECEIPT):
            return Source(self.document, self.line)
        return Source(f"{self.key.shard}:{self.key.sequence}", self.key.entry)


class Posting(NamedTuple):
    """An amount that leaves one account as it enters another; below zero, the other way round."""

    from_account: str
    to_account: str
    amount: Decimal
    why: str


class Application(NamedTuple):
    """Units of a source that are in stock no more: in an account, or in place of units that were owed."""

    quantity: Decimal
    account: str
    via: Source | None = None


def holds_stock(account: str) -> bool:
    """Whether what is in an account is still ours: at a location, or on its way to one."""
    return not account.startswith("@") or account in PASSED_THROUGH
