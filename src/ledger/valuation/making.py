"""How what went into a document of making is shared by what came out of it, to the last cent. Pure.

What came out shares all that went in up to then. What goes in later, or costs more later, and what comes
out later, is shared anew by all: so the first loaves of an order have the value of its flour until there
are more, and in the end each loaf has as much.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from ledger.valuation.facts import Key, Part, Source, Work
from ledger.valuation.money import part_of, split
from schemas.base import ZERO


class Share(NamedTuple):
    """A part of what went in that belongs to an item which came out, from a moment on."""

    sku: str
    key: Key
    part: Part


@dataclass(slots=True)
class _Output:
    """What came out at once of one item: how much, what it costs otherwise, and what it has so far."""

    sku: str
    source: Source
    quantity: Decimal
    weight: Decimal
    value: Decimal = ZERO


@dataclass(slots=True)
class _Making:
    """What went in so far, by item: quantity and value; and what came out."""

    decimals: int
    went_in: defaultdict[str, list[Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: [ZERO, ZERO])
    )
    outputs: list[_Output] = field(default_factory=list)

    def take(self, sku: str, work: Work) -> None:
        if work.came_out:
            source = Source(f"{work.key.shard}:{work.key.sequence}", work.key.entry)
            self.outputs.append(_Output(sku, source, work.quantity, work.amount))
        else:
            self.went_in[sku][0] += work.quantity
            self.went_in[sku][1] += work.amount

    def values(self) -> Iterator[tuple[_Output, Decimal]]:
        """What each output is worth now.

        What went in as it came out (of an order that was cancelled, under another lot) takes what it
        went in for. All else is of one item, and goes by quantity; or of several, and goes by what
        they cost otherwise, or by quantity if that is not known of each.
        """
        made: list[_Output] = []
        back: defaultdict[str, list[_Output]] = defaultdict(list)
        for output in self.outputs:
            (back[output.sku] if output.sku in self.went_in else made).append(output)
        left = sum((value for _, value in self.went_in.values()), ZERO)
        for sku, outputs in back.items():
            quantity, value = self.went_in[sku]
            came = sum((each.quantity for each in outputs), ZERO)
            share = part_of(value, min(came, quantity), quantity, self.decimals)
            left -= share
            yield from self._split(share, outputs, [each.quantity for each in outputs])
        if made:
            yield from self._split(left, made, _weights(made))

    def _split(
        self, value: Decimal, outputs: Sequence[_Output], weights: Sequence[Decimal]
    ) -> Iterator[tuple[_Output, Decimal]]:
        return zip(outputs, split(value, weights, self.decimals), strict=True)


def _weights(outputs: Sequence[_Output]) -> list[Decimal]:
    alone = len({each.sku for each in outputs}) == 1
    if alone or not all(each.weight > ZERO for each in outputs):
        return [each.quantity for each in outputs]
    return [each.weight for each in outputs]


def shares(works: Iterable[tuple[str, Work]], decimals: int) -> Iterator[Share]:
    """What came out of one document has of what went in, as its items say; each share as it changed.

    A share takes effect behind all that it follows from: behind what moved in the same outcome, and,
    of a cost that came by other documents, one document further.
    """
    making = _Making(decimals)
    for place, outcome in groupby(sorted(works, key=_in_order), key=_outcome):
        entry = 0
        for passed, told in groupby(outcome, key=lambda each: each[1].key.passed):
            for sku, work in told:
                making.take(sku, work)
                entry = max(entry, work.key.entry)
            for output, value in making.values():
                if value != output.value:
                    part = Part(output.source, value - output.value, value)
                    yield Share(output.sku, place._replace(entry=entry, passed=passed + 1), part)
                    output.value = value


def _outcome(each: tuple[str, Work]) -> Key:
    return each[1].key._replace(entry=0, passed=0)


def _in_order(each: tuple[str, Work]) -> tuple[object, ...]:
    sku, work = each
    at, shard, sequence, entry, passed = work.key
    return at, shard, sequence, passed, entry, work.came_out, sku
