"""A past for a database: millions of keys and ledger rows that stand there before it is measured."""

from typing import Final

import psycopg

from schemas.settings import Settings

KEYS: Final = 5_000_000
LEDGER_ROWS: Final = 10_000_000
CHUNK: Final = 500_000
HISTORY: Final = f"{KEYS:,} idempotency keys, {LEDGER_ROWS:,} journal rows and as many movements"

_KEYS: Final = """
INSERT INTO idempotency
SELECT 'default', decode(md5('old' || n), 'hex'), decode(md5('f' || n), 'hex'), 512, n, 'bench',
    now() - interval '1 day'
FROM generate_series(%s::bigint, %s::bigint) n
"""
# Their own shard: chains and sequences of the measured shards stay as a worker expects them.
_JOURNAL: Final = """
INSERT INTO journal
SELECT 'default', 1023, n, now() - interval '1 day', '{"kind":"old"}', decode('00', 'hex')
FROM generate_series(%s::bigint, %s::bigint) n
"""
_MOVEMENTS: Final = """
INSERT INTO movement
SELECT 'default', 1023, n, 1, 'I' || (n %% 10000 + 1), '', '', '@vendor', 'MAIN', 1, NULL,
    'history', 'old', 'bench', now() - interval '1 day'
FROM generate_series(%s::bigint, %s::bigint) n
"""


def grow(settings: Settings) -> None:
    """Fill the tables; a few minutes."""
    with psycopg.connect(settings.ledger_url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for statement, rows in (
            (_KEYS, KEYS),
            (_JOURNAL, LEDGER_ROWS),
            (_MOVEMENTS, LEDGER_ROWS),
        ):
            for start in range(1, rows + 1, CHUNK):
                connection.execute(statement, [start, min(start + CHUNK - 1, rows)])
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
