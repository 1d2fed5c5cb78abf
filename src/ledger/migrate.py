"""Bring a database to the newest schema, once, however many processes ask at the same time."""

from importlib.resources import files
from typing import Final

import sqlalchemy
from alembic import command
from alembic.config import Config

from ledger.connection import sqlalchemy_url

_LOCK: Final = 7_150_201  # any number that nobody else of this database takes
LOCK_TIMEOUT_MS: Final = 60_000
READ_SCHEMA: Final = "stockyard_read"


def migrate_ledger(url: str) -> None:
    """Bring the ledger to its newest schema."""
    _upgrade(url, "ledger")


def migrate_read(url: str, schema: str = READ_SCHEMA) -> None:
    """Bring the read tables to their newest schema, or make new ones in another place."""
    _upgrade(url, "read", schema)


def _upgrade(url: str, history: str, schema: str = "public") -> None:
    """Run what is missing of a history, while others who ask wait their turn."""
    config = Config()
    config.set_main_option("script_location", str(files("ledger.migrations") / history))
    config.set_main_option("path_separator", "os")
    engine = sqlalchemy.create_engine(sqlalchemy_url(url), poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
        connection.commit()
        try:
            config.attributes["connection"] = connection
            config.attributes["schema"] = schema
            command.upgrade(config, "head")
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
            connection.commit()
    engine.dispose()
