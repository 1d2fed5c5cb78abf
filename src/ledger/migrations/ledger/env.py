"""Alembic's way in to the history of the ledger."""

from alembic import context

from schemas.failpoints import reached

connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    version_table="ledger_version",
    transaction_per_migration=True,
    on_version_apply=lambda **_: reached("m.ledger"),
)
with context.begin_transaction():
    context.run_migrations()
