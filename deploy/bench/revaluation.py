"""A cost that turns up late: 25,000 later movements are valued again, against a bare COPY of as many entries."""

import time
from collections.abc import Iterator
from itertools import takewhile
from statistics import median
from typing import Final

from deploy.bench.cases import Row, Size, spread
from deploy.bench.stage import Stage
from ledger.connection import Transaction, connect
from ledger.valuation.step import step

MOVEMENTS: Final = 25_000
# Straight into the tables, as all of a bench's past: one receipt at the far end, then issues.
_PAST: Final = """
INSERT INTO movement (tenant_id, shard, sequence, entry, sku, lot, serial, from_account, to_account,
    quantity, unit_cost, reason, document, actor_id, moved_at, effective_at)
SELECT %(tenant)s, 768, n, 1, 'I1', '', '',
    CASE WHEN n = 1 THEN '@vendor' ELSE 'MAIN' END, CASE WHEN n = 1 THEN 'MAIN' ELSE '@customer' END,
    CASE WHEN n = 1 THEN 100000 ELSE 1 END, CASE WHEN n = 1 THEN 7.5 END, 'bench', 'rcp-' || n,
    'bench', now(), now() - interval '100 days' + n * interval '1 minute'
FROM generate_series(1, %(rows)s) n;
"""
_LATE: Final = """
INSERT INTO movement (tenant_id, shard, sequence, entry, sku, lot, serial, from_account, to_account,
    quantity, unit_cost, reason, document, actor_id, moved_at, effective_at)
VALUES (%(tenant)s, 768, %(rows)s + 1, 1, 'I1', '', '', '@vendor', 'MAIN', 100000, 9.25, 'bench',
    'rcp-late', 'bench', now(), now() - interval '101 days');
"""
_SEGMENT: Final = """
INSERT INTO segment AS s (tenant_id, shard, rows, last_sequence, head)
VALUES (%(tenant)s, 768, %(rows)s, %(rows)s, '')
ON CONFLICT (tenant_id, shard) DO UPDATE SET last_sequence = s.last_sequence + 1
"""
_BARE: Final = "CREATE TABLE bare_entry (LIKE value_entry INCLUDING ALL)"
_RESTATED: Final = "SELECT * FROM value_entry WHERE tenant_id = %s AND revision > 0"


def revaluation(stage: Stage, size: Size) -> Iterator[Row]:
    """One receipt that is dated back before 25,000 issues, by average."""
    settings = stage.case("revaluation", 1)
    ours: list[float] = []
    bare: list[float] = []
    with connect(settings.ledger_url, "stockyard bench", batches=True) as tx:
        tx.autocommit = True
        tx.execute(_BARE)
        for number in range(size.rounds):
            told = {"tenant": f"t{number}", "rows": MOVEMENTS}
            for statement in (_PAST, _SEGMENT):
                tx.execute(statement, told)
            _value(tx)
            for statement in (_LATE, _SEGMENT):
                tx.execute(statement, told)
            began = time.monotonic()
            entries = _value(tx)
            ours.append(entries / (time.monotonic() - began))
            bare.append(_copy(tx, told["tenant"], entries))
    ratio = median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
    yield Row("25,000 movements valued again, a second", spread(ours), spread(bare), f"{ratio:.2f}")
    stage.drop(settings)


def _value(tx: Transaction) -> int:
    """Step until nothing waits; how many entries that made."""
    steps = takewhile(lambda done: not done.idle, iter(lambda: step(tx), None))
    return sum(done.entries for done in steps)


def _copy(tx: Transaction, tenant: object, expected: int) -> float:
    """Rows a second of a COPY of the same entries into a table like theirs, in one transaction."""
    rows = tx.execute(_RESTATED, [tenant]).fetchall()
    if abs(len(rows) - expected) > 2:  # the late receipt's own entry is new, and no revision
        raise RuntimeError(f"{expected} entries were made, {len(rows)} restate others")
    began = time.monotonic()
    with (
        tx.transaction(),
        tx.cursor() as cursor,
        cursor.copy("COPY bare_entry FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
    return len(rows) / (time.monotonic() - began)
