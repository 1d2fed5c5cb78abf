"""Alembic's way in to the history of the tables that say who may ask."""

from alembic import context

connection = context.config.attributes["connection"]
schema = context.config.attributes["schema"]
connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
connection.exec_driver_sql(f"SET search_path = {schema}")
connection.commit()
context.configure(
    connection=connection,
    version_table="access_version",
    version_table_schema=schema,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
