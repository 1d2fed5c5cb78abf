"""Read tables serial and serial_entry: each unit as it is, and the ledger entries that moved it."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = """
CREATE TABLE serial (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    serial text NOT NULL,
    status text NOT NULL,
    location text,
    document text NOT NULL,
    reservation_id text,
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, serial, sku)
);
CREATE INDEX serial_by_location ON serial (tenant_id, location, sku) WHERE location IS NOT NULL;
CREATE TABLE serial_entry (
    tenant_id text NOT NULL,
    serial text NOT NULL,
    sku text NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    PRIMARY KEY (tenant_id, serial, sku, shard, sequence, entry)
);
"""


def upgrade() -> None:
    """Make the tables, in the schema that the search path names first."""
    op.execute(TABLES)
