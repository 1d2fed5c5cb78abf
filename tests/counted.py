"""A shop that is being counted, and how its lines are recorded and posted: for tests without I/O."""

from datetime import timedelta
from decimal import Decimal

import paper
from asks import TENANT
from ledger.book import Since
from schemas.commands.counts import (
    OpenCount,
    PostCount,
    RecordCount,
)
from schemas.times import stamp

OPENED = paper.NOW - timedelta(hours=2)
AT = paper.NOW - timedelta(hours=1)
BOB = paper.ASK._replace(actor_id="bob")
COUNT = "cnt-1"


def shop(*levels, **fields):
    """A with 1000 at MAIN, 100 of them reserved, unless said otherwise; being counted since OPENED."""
    over = paper.book(*(levels or [("A", "", "1000", "100")]))
    paper.kept(OpenCount(location="MAIN", **fields), over, "1")
    key = (TENANT, COUNT)
    over.counts[key] = over.counts[key]._replace(created_at=stamp(OPENED))
    return over


def line(quantity, sku="A", **fields):
    return {"sku": sku, "quantity": quantity, **fields}


def record(*lines, at=AT):
    return RecordCount(count_id=COUNT, counted_at=at, lines=list(lines))


def post(**fields):
    return PostCount(count_id=COUNT, **fields)


def counted(over, *lines):
    return paper.kept(record(*lines), over, "2")


def moved(over, net, *, corrected=False, lot="", at=AT):
    """What has moved at A since it was counted, and is on hand by now."""
    sku = "B" if lot else "A"
    over.since[TENANT, sku, "MAIN", lot, at] = Since(Decimal(net), corrected)
    over.level(TENANT, sku, "MAIN", lot).on_hand += Decimal(net)


def posted_lines(outcome):
    lines = [each for event in outcome.events if event.type == "count.lines.changed"
             for each in event.data["lines"]]  # fmt: skip
    return [(each["line"], each["expected"], each["variance"]) for each in lines]


def rules(outcome):
    """The rules that were broken, and where."""
    return {
        each["rule"]: each.get("pointers") or each["lines"] for each in outcome.problem["faults"]
    }


# Counted, what has moved since, and then: expected, variance, on hand.
