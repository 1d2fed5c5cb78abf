"""What the demo tells at its end: what was asked, how fast, what was refused, and what is proved."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from deploy.demo.proof import Proof, StoreItem
from deploy.demo.purchases import Counts
from deploy.demo.replay import UNDER_WAY_MAX, Phase, Sales

DEPARTMENTS_SHOWN = 8
MISMATCHES_SHOWN = 20


def percentile(latencies: Sequence[float], share: float) -> float:
    """The latency that this share of all stays within, in seconds; 0 if there are none."""
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def phase_lines(phases: Sequence[Phase]) -> Iterator[str]:
    """One line for each phase: commands, their rate until the last result, and their latency."""
    yield f"rates until the last result, with up to {UNDER_WAY_MAX:,} commands under way"
    for phase in phases:
        rate = phase.commands / phase.seconds if phase.seconds else 0.0
        yield (
            f"{phase.name:14}{phase.commands:>10,} commands  {rate:>8,.0f} a second  "
            f"p50 {percentile(phase.latencies, 0.5) * 1000:>6,.0f} ms  "
            f"p99 {percentile(phase.latencies, 0.99) * 1000:>6,.0f} ms"
        )


def both(sales: Sales) -> Phase:
    """Promises and shipments go through the same seconds side by side: their common rate."""
    together = Phase("orders")
    together.seconds = sales.promised.seconds
    together.commands = sales.promised.commands + sales.shipped.commands
    together.latencies.extend(sales.promised.latencies)
    together.latencies.extend(sales.shipped.latencies)
    return together


def sale_lines(sales: Sales, counts: Counts) -> Iterator[str]:
    """What became of the baskets."""
    rate = 2 * sales.lines / sales.promised.seconds if sales.promised.seconds else 0.0
    yield (
        f"baskets accepted {len(sales.accepted):,} of {counts.baskets:,}, of {sales.lines:,} lines: "
        f"{rate:,.0f} lines promised or shipped a second"
    )
    for reason, times in sales.promised.refused.most_common():
        yield f"baskets refused  {times:,}: {reason}"
    shipped = sales.shipped.commands - sales.shipped.refused.total()
    yield f"baskets shipped  {shipped:,}"
    for reason, times in sales.shipped.refused.most_common():
        yield f"shipments refused {times:,}: {reason}"


def department_lines(
    shipped: Mapping[StoreItem, Decimal], departments: Mapping[str, str]
) -> Iterator[str]:
    """Units shipped by department, the largest first, as the ledger has them."""
    units: Counter[str] = Counter()
    for (_, sku), quantity in shipped.items():
        units[departments[sku]] += int(quantity)
    for department, count in units.most_common(DEPARTMENTS_SHOWN):
        yield f"  {department:20}{count:>14,}"
    if others := units.most_common()[DEPARTMENTS_SHOWN:]:
        yield f"  {f'{len(others)} others':20}{sum(count for _, count in others):>14,}"


def proof_lines(proof: Proof) -> Iterator[str]:
    """The proof in numbers, and where it fails."""
    verdict = "EQUAL" if not proof.mismatches else "DIFFERENT"
    yield (
        f"{verdict}: {proof.compared:,} pairs of store and product, {proof.units:,} units bought in "
        f"accepted baskets, {len(proof.mismatches):,} mismatches"
    )
    for mismatch in proof.mismatches[:MISMATCHES_SHOWN]:
        location, sku, bought, shipped = mismatch
        yield f"  {location} {sku}: {bought} bought, {shipped} shipped in the ledger"
    if len(proof.mismatches) > MISMATCHES_SHOWN:
        yield f"  and {len(proof.mismatches) - MISMATCHES_SHOWN:,} more"
