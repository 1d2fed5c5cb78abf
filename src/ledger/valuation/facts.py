"""What the values of an item follow from, in the order of time: its movements, and what is said of costs."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from schemas.base import ZERO

Method = Literal["average", "fifo", "standard"]

# Accounts of value beside those that stock moves between (ledger.book).
CHARGES: Final = "@charges"
REVALUATION: Final = "@revaluation"
VARIANCE: Final = "@variance"
PASSED_THROUGH: Final = frozenset({"@transit", "@correction"})
"""Where stock of ours is between two places of ours, or two lots of one: its value goes along."""
RECEIPT: Final = "rcp-"
"""How the id of every receipt begins."""
SHIPMENT: Final = "rsv-"
"""How the id of every reservation begins: the document of what it ships, and of what comes back of that."""
MAKINGS: Final = ("kit-", "prd-", "rpk-")
"""How the ids of documents begin whose outputs are worth what went in."""
CUSTOMER: Final = "@customer"
PRODUCTION: Final = "@production"
VENDOR: Final = "@vendor"
DEEPEST: Final = 50
"""Through so many documents of making a late cost follows what is made of what; further, it varies."""


class Key(NamedTuple):
    """When something took effect, and its place in the ledger: the order of all that values follow from.

    `passed` is of a cost that others had first, which turned up there: through how many
    documents of making it has come since. So what is made of each other in a circle is in order too.
    """

    effective_at: datetime
    shard: int
    sequence: int
    entry: int
    passed: int = 0


FIRST: Final = Key(datetime(1, 1, 1, tzinfo=UTC), 0, 0, 0)
"""Before every fact."""
LAST: Final = Key(datetime.max.replace(tzinfo=UTC), 2**15 - 1, 2**63 - 1, 2**15 - 1, 2**15 - 1)
"""Behind every fact."""


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
    - `made`: `parts` of what went into documents of making belong to what came out of them. That alone
      is said by nobody: it follows from the values of other items (`ledger.valuation.making`).
    """

    key: Key
    kind: Literal["move", "charge", "price", "revalue", "method", "made"]
    from_account: str = ""
    to_account: str = ""
    quantity: Decimal | None = None
    unit_cost: Decimal | None = None
    amount: Decimal | None = None
    document: str = ""
    line: int = 0
    method: Method | None = None
    parts: tuple["Part", ...] = ()

    @property
    def source(self) -> Source:
        """What units that it brings are known by, or those that it is about.

        Charges name the line of a receipt. Other documents bring units more than once, so these
        are known by the place in the ledger that brought them.
        """
        if self.kind != "move" or (
            self.document.startswith(RECEIPT) and not holds_stock(self.from_account)
        ):
            return Source(self.document, self.line)
        return Source(f"{self.key.shard}:{self.key.sequence}", self.key.entry)

    @property
    def about(self) -> list[Source]:
        """The sources of which it says what they cost."""
        if self.kind == "made":
            return [part.source for part in self.parts]
        return [self.source] if self.kind in ("charge", "price") else []


class Part(NamedTuple):
    """What a source is worth more than was known (or less), and by that in all.

    That is its share of what went into the document that it came out of.
    """

    source: Source
    amount: Decimal
    cost: Decimal


class Work(NamedTuple):
    """What an item says of a document of making: so much went in, or came out, or costs more now.

    `amount` is the value that went in; of what came out, what so much of it costs otherwise.
    """

    document: str
    key: Key
    came_out: bool
    quantity: Decimal
    amount: Decimal


class Posting(NamedTuple):
    """An amount that leaves one account as it enters another; below zero, the other way round."""

    from_account: str
    to_account: str
    amount: Decimal
    why: str


class Application(NamedTuple):
    """Units of a source that are in stock no more: in a place, or in place of units that were owed.

    Of what was shipped `value` adds up to what it left for, as is known by then.
    """

    quantity: Decimal
    place: str
    via: Source | None = None
    value: Decimal = ZERO


def holds_stock(account: str) -> bool:
    """Whether what is in an account is still ours: at a location, or on its way to one."""
    return not account.startswith("@") or account in PASSED_THROUGH


_NAMED: Final = {PRODUCTION: MAKINGS, CUSTOMER: (SHIPMENT,)}


def place_of(account: str, document: str) -> str:
    """The place in an account where what a document moves is told apart, if it is; else the account."""
    apart = account in PASSED_THROUGH or document.startswith(_NAMED.get(account, ()))
    return f"{account}/{document}" if apart else account


def account_of(place: str) -> str:
    """The account of value that a place belongs to."""
    return place.partition("/")[0] if place.startswith("@") else place


def is_work(place: str) -> bool:
    """Whether a place is that of what went into a document of making."""
    return place.startswith(f"{PRODUCTION}/")


def is_shipped(place: str) -> bool:
    """Whether a place is that of what a reservation has shipped."""
    return place.startswith(f"{CUSTOMER}/")
