"""Read table customer_return, and where lots went."""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
CREATE TABLE customer_return (
    tenant_id text NOT NULL,
    return_id text NOT NULL,
    reservation_id text NOT NULL,
    order_id text NOT NULL,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, return_id)
);
CREATE INDEX customer_return_by_reservation ON customer_return (tenant_id, reservation_id);
CREATE INDEX ledger_entry_by_lot ON ledger_entry (tenant_id, sku, lot) WHERE lot <> '';
"""


def upgrade() -> None:
    """Make the table, in the schema that the search path names first."""
    op.execute(TABLES)
