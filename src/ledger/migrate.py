"""Bring a database to its newest schema, once, however many processes ask at the same time."""

from importlib.resources import files
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import sqlalchemy
from alembic import command
from alembic.config import Config
from psycopg.errors import LockNotAvailable

from ledger.connection import sqlalchemy_url

_LOCK: Final = 7_150_201  # any number that nobody else of this database takes
TURN_MS: Final = 60_000
TABLE_LOCK_MS: Final = 1_000
"""A change that waits for its table makes everybody else wait behind it: so briefly, and again."""
PAUSE_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 120.0
READ_SCHEMA: Final = "stockyard_read"
ACCESS_SCHEMA: Final = "stockyard_access"
"""Beside the read tables, which a rebuild throws away: keys cannot be made anew from anything."""


class LockedError(RuntimeError):
    """A table stayed locked; what was done before stays done, and the next run goes on from there."""


def migrate_ledger(url: str) -> None:
    """Bring the ledger to its newest schema.

    Raises:
        LockedError: see `upgrade`.
    """
    upgrade(url, _history("ledger"))


def migrate_read(url: str, schema: str = READ_SCHEMA) -> None:
    """Bring the read tables to their newest schema, or make new ones in another place.

    Raises:
        LockedError: see `upgrade`.
    """
    upgrade(url, _history("read"), schema)
    if schema == READ_SCHEMA:
        upgrade(url, _history("access"), ACCESS_SCHEMA)


def _history(name: str) -> Path:
    return Path(str(files("ledger.migrations") / name))


def upgrade(url: str, history: Path, schema: str = "public") -> None:
    """Run what is missing of a history, each step in a transaction, while others who ask wait.

    Raises:
        LockedError: somebody held a table for as long as our patience.
    """
    config = Config()
    config.set_main_option("script_location", str(history))
    config.set_main_option("path_separator", "os")
    engine = sqlalchemy.create_engine(sqlalchemy_url(url), poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET lock_timeout = {TURN_MS}")
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
        connection.exec_driver_sql(f"SET lock_timeout = {TABLE_LOCK_MS}")
        connection.commit()
        try:
            config.attributes["connection"] = connection
            config.attributes["schema"] = schema
            _run(config, connection)
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
            connection.commit()
    engine.dispose()


def _run(config: Config, connection: sqlalchemy.Connection) -> None:
    """Upgrade, and again where a table was locked: the steps that were done are not repeated."""
    began = monotonic()
    while True:
        try:
            command.upgrade(config, "head")
        except sqlalchemy.exc.OperationalError as error:
            connection.rollback()
            if not isinstance(error.orig, LockNotAvailable):
                raise
            if monotonic() - began > PATIENCE_SECONDS:
                raise LockedError(f"a table stayed locked: {error.orig}") from error
            sleep(PAUSE_SECONDS)
        else:
            return
