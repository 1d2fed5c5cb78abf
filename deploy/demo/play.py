"""The demo from the first command to the proof, on a system that runs."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from time import monotonic
from typing import Final, NamedTuple

from deploy.demo import proof, summary
from deploy.demo.names import sku
from deploy.demo.proof import Proof
from deploy.demo.purchases import SHORTFALL, Counts, Purchases
from deploy.demo.replay import Phase, Replay, Sales
from ledger import verify
from ledger.verify import Report
from schemas.settings import Settings

TELL_SECONDS: Final = 2.0


class Played(NamedTuple):
    """How a demo went."""

    counts: Counts
    prepared: tuple[Phase, Phase]
    sales: Sales
    departments: list[str]
    report: Report
    proof: Proof

    @property
    def failures(self) -> list[str]:
        """What must not have happened; empty when all is well."""
        said = [
            f"{phase.name}: {phase.refused.total():,} refused"
            for phase in (*self.prepared, self.sales.shipped)
            if phase.refused
        ]
        if not self.sales.accepted:
            said.append("no basket was accepted")
        if not self.report.passed:
            said.append("the ledger's verification failed")
        if self.proof.mismatches:
            said.append(f"{len(self.proof.mismatches):,} sums differ")
        return said

    def lines(self) -> Iterator[str]:
        """The summary for the person who watched."""
        yield from summary.phase_lines([*self.prepared, summary.both(self.sales)])
        yield ""
        yield from summary.sale_lines(self.sales, self.counts)
        yield ""
        yield "units shipped, by department (as the data counts them)"
        yield from self.departments
        yield ""
        verdict = "passed" if self.report.passed else "FAILED"
        rows = sum(check.rows for check in self.report.checks)
        yield f"verify {verdict}: {len(self.report.checks)} checks over {rows:,} rows"
        yield from summary.proof_lines(self.proof)


def play(settings: Settings, purchases: Purchases, tell: Callable[[str], None]) -> Played:
    """Replay the purchases and prove the outcome; `tell` hears of every step.

    Raises:
        NoResultError: nobody answers.
        PublishError: the broker takes nothing.
        psycopg.Error: the database does not answer.
    """
    counts = purchases.counts()
    for line in announced(counts):
        tell(line)
    replay = Replay(settings, purchases, tell)
    catalog = replay.catalog(counts.stores + counts.products)
    stock = replay.opening_stock(counts.levels)
    sales = replay.baskets(counts.baskets)
    report = _verified(settings, tell)
    tell("comparing every store and product with the receipts")
    shipped = proof.shipped(settings.ledger_url, settings.default_tenant)
    bought = proof.bought(purchases.folder / "transactions.parquet", sales.accepted)
    names = {sku(product): department for product, _, department in purchases.products()}
    departments = list(summary.department_lines(shipped, names))
    return Played(
        counts, (catalog, stock), sales, departments, report, proof.prove(bought, shipped)
    )


def _verified(settings: Settings, tell: Callable[[str], None]) -> Report:
    """The ledger's proof of itself, which takes seconds a million rows: told while it runs."""
    tell("verifying the ledger from its own history")
    began = monotonic()
    beside = ThreadPoolExecutor(1)
    proving = beside.submit(verify.run, settings.ledger_url, settings.idempotency_retention)
    beside.shutdown(wait=False)  # who is asked to stop meanwhile must not wait for it
    while not wait([proving], TELL_SECONDS).done:
        tell(f"verifying for {monotonic() - began:.0f} s")
    return proving.result()


def announced(counts: Counts) -> Iterator[str]:
    """What will be replayed, and what is left out."""
    yield (
        f"{counts.baskets:,} baskets of {counts.lines:,} lines from {counts.stores:,} stores, "
        f"{counts.products:,} products in {counts.levels:,} pairs with a store"
    )
    yield f"opening stock: {SHORTFALL}"
    yield (
        f"left out: {counts.lines_without_units:,} lines of quantity 0, and with them "
        f"{counts.baskets_without_units:,} baskets that held nothing else"
    )
