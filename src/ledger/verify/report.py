"""What a proof of the ledger came to: each check, and the first row that fails it."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from ledger.connection import Transaction
from schemas.times import stamp


class Finding(NamedTuple):
    """A row that is wrong: where it stands, what should stand there, and what does."""

    table: str
    key: str
    expected: str
    found: str


class Checked(NamedTuple):
    """One check: how many rows it looked at, how long that took, and the first wrong row."""

    name: str
    rows: int
    seconds: float
    wrong: Finding | None


class Report(NamedTuple):
    """All checks of one run, over one snapshot."""

    checks: tuple[Checked, ...]
    full: bool
    since: datetime | None
    """When the point was proved behind which an incremental run looked."""
    digest: str
    """One hash of the whole journal: to be kept where nobody who may write to it can reach it."""

    @property
    def passed(self) -> bool:
        """Whether no check found a wrong row."""
        return not self.wrong

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The first wrong row of each check that found one."""
        return tuple(check.wrong for check in self.checks if check.wrong)

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "passed": self.passed,
            "full": self.full,
            "since": stamp(self.since) if self.since else None,
            "digest": self.digest,
            "checks": [
                {
                    "name": check.name,
                    "rows": check.rows,
                    "seconds": round(check.seconds, 3),
                    "wrong": check.wrong._asdict() if check.wrong else None,
                }
                for check in self.checks
            ],
        }

    def lines(self) -> list[str]:
        """The report for a person, a line or a few for each check."""
        said = [line for check in self.checks for line in _lines(check)]
        what = "the whole ledger"
        if self.since:
            what = f"what came behind the point proved at {stamp(self.since)}; --full looks at all"
        return [*said, f"looked at: {what}", f"the journal's digest: {self.digest}"]


def _lines(check: Checked) -> list[str]:
    verdict = "WRONG" if check.wrong else "ok"
    said = [f"{verdict:6}{check.name:15}{check.rows:>12,} rows  {check.seconds:8.2f} s"]
    if check.wrong:
        table, key, expected, found = check.wrong
        said += [
            f"      table {table}, {key}",
            f"      expected {expected}",
            f"      found    {found}",
        ]
    return said


NOTHING: Final = "no row"


def first(
    tx: Transaction, table: str, statement: str, values: dict[str, object] | None = None
) -> Finding | None:
    """The finding of a statement that selects (key, expected, found) of the first wrong row."""
    row = tx.execute(statement.encode(), values).fetchone()
    if row is None:
        return None
    key, expected, found = row
    return Finding(table, key, expected or NOTHING, found or NOTHING)


def count(tx: Transaction, table: str) -> int:
    """How many rows a table has in this snapshot."""
    row = tx.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608  # a name of ours
    return int(row[0]) if row else 0
