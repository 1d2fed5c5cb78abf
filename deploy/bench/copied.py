"""The reference of what a command has written: a bare COPY of the very rows into empty tables like theirs."""

import time
from collections.abc import Mapping

import psycopg

from schemas.settings import Settings


def copied(settings: Settings, rows: Mapping[str, str]) -> float:
    """Seconds until the rows of all tables, one SELECT a table, are committed again.

    The copies have the indexes, checks and defaults of their tables; they are gone afterwards.
    """
    with psycopg.connect(settings.ledger_url) as session, session.cursor() as cursor:
        kept: dict[str, list[bytes]] = {}
        for table, select in rows.items():
            with cursor.copy(f"COPY ({select}) TO STDOUT".encode()) as copy:
                kept[table] = [bytes(chunk) for chunk in copy]
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)".encode())
        session.commit()
        began = time.monotonic()
        for table, chunks in kept.items():
            with cursor.copy(f"COPY bare_{table} FROM STDIN".encode()) as copy:
                for chunk in chunks:
                    copy.write(chunk)
        session.commit()
        took = time.monotonic() - began
        for table in kept:
            cursor.execute(f"DROP TABLE bare_{table}".encode())
    return took
