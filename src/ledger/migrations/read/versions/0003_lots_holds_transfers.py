"""Read tables lot, hold, transfer and receipt, and the time zone in which a location's days fall."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
ALTER TABLE location ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC';
CREATE TABLE lot (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    lot text NOT NULL,
    status text NOT NULL,
    reason text,
    expires_on date,
    best_before_on date,
    remove_on date,
    alert_on date,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, sku, lot)
);
CREATE TABLE hold (
    tenant_id text NOT NULL,
    hold_id text NOT NULL,
    sku text NOT NULL,
    status text NOT NULL,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, hold_id)
);
CREATE TABLE transfer (
    tenant_id text NOT NULL,
    transfer_id text NOT NULL,
    from_location text NOT NULL,
    to_location text NOT NULL,
    status text NOT NULL,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, transfer_id)
);
CREATE TABLE receipt (
    tenant_id text NOT NULL,
    receipt_id text NOT NULL,
    source text NOT NULL,
    reference text,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, receipt_id)
);
CREATE INDEX receipt_by_reference ON receipt (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX hold_by_item ON hold (tenant_id, sku) WHERE status = 'active';
"""


def upgrade() -> None:
    """Make the tables, in the schema that the search path names first."""
    op.execute(TABLES)
