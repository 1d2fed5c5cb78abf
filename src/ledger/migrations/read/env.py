"""Alembic's way in to the history of the read tables."""

from alembic import context

connection = context.config.attributes["connection"]
connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS stockyard_read")
context.configure(
    connection=connection,
    version_table="read_version",
    version_table_schema="stockyard_read",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
