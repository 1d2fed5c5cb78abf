"""One step of the valuation: some items' next facts become values, in one transaction.

Whatever ends a step, the next begins where the last one that committed had come to. Readers and
workers wait for none of it: it writes tables of its own.
"""

from typing import Final, NamedTuple

from ledger.connection import Transaction
from ledger.valuation import entries, intake, items, sources, work
from ledger.valuation.facts import LAST
from ledger.valuation.fold import Fold
from ledger.valuation.intake import ItemKey
from ledger.valuation.items import Standing

SEQUENCES: Final = 20_000
SEGMENTS: Final = 16
ITEMS: Final = 500
FACTS: Final = 5_000
FACTS_EACH: Final = 100
"""A step values so many facts, or so many of each item where there are many."""
CHECKPOINT_FACTS: Final = 1_000


class Stepped(NamedTuple):
    """What a step did: segments taken in, items, facts and new entries."""

    segments: int = 0
    items: int = 0
    facts: int = 0
    entries: int = 0

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do."""
        return not self.segments and not self.items


def step(tx: Transaction) -> Stepped:
    """Take in what the journals tell, then value what waits. The connection commits by itself.

    Raises:
        psycopg.Error: nothing of the half under way was kept.
    """
    with tx.transaction():
        taken = intake.take_in(tx, SEQUENCES, SEGMENTS)
    with tx.transaction():
        standing = items.lock_waiting(tx, ITEMS)
        return _value(tx, standing)._replace(segments=taken) if standing else Stepped(taken)


def _value(tx: Transaction, standing: dict[ItemKey, Standing]) -> Stepped:
    waits = intake.take_waits(tx, standing.keys())
    back = {item: key for item, key in waits.items() if key <= standing[item].reached}
    if back:
        standing |= items.rewind(tx, back)
    behind = {item: each.reached for item, each in standing.items()}
    limit = max(FACTS // len(standing), FACTS_EACH)
    facts = intake.behind(tx, behind, limit + 1)
    rest = {item: each[limit].key for item, each in facts.items() if len(each) > limit}
    intake.wait(tx, rest)
    facts = {item: each[:limit] for item, each in facts.items()}
    folds = {item: Fold(each.state) for item, each in standing.items()}
    states = {item: each.state for item, each in standing.items()}
    sources.load(tx, folds, sources.asked_for(states, facts))
    sources.load_shipped(tx, folds, facts)

    wanted: entries.Amounts = {}
    checkpoints: list[items.Written] = []
    for item, each in facts.items():
        at = standing[item]
        for fact in each:
            wanted |= entries.amounts(item, fact.key, folds[item].take(fact))
            at.reached, at.facts = fact.key, at.facts + 1
            if at.facts % CHECKPOINT_FACTS == 0:
                checkpoints.append(items.written(item, at))
    # Behind the last fact too there may be what followed from a share that is none any more.
    until = {item: each.reached if item in rest else LAST for item, each in standing.items()}
    before = entries.told(tx, behind, until)
    made = entries.save(tx, wanted, before, entries.closed(tx))
    sources.save(tx, list(folds.items()))
    items.keep(tx, checkpoints)
    items.save(tx, [items.written(item, each) for item, each in standing.items()])
    intake.wait(tx, work.share(tx, work.save(tx, folds, behind, until)))
    return Stepped(0, len(standing), sum(map(len, facts.values())), made)
