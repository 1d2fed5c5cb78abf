"""Alembic's way in to the history of the read tables, in whichever schema they are to be made."""

from alembic import context

from schemas.failpoints import reached

connection = context.config.attributes["connection"]
schema = context.config.attributes["schema"]
connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
# Migrations name no schema: a rebuild makes the same tables beside those that serve.
connection.exec_driver_sql(f"SET search_path = {schema}")
connection.commit()
context.configure(
    connection=connection,
    version_table="read_version",
    version_table_schema=schema,
    transaction_per_migration=True,
    on_version_apply=lambda **_: reached("m.read"),
)
with context.begin_transaction():
    context.run_migrations()
