"""Read tables bin and bin_level: places within a location, and what lies in each."""

from alembic import op

revision = "0012"
down_revision = "0011"

TABLES = """
CREATE TABLE bin (
    tenant_id text NOT NULL,
    location text NOT NULL,
    bin text NOT NULL,
    zone text,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, location, bin)
);
CREATE TABLE bin_level (
    tenant_id text NOT NULL,
    location text NOT NULL,
    bin text NOT NULL,
    sku text NOT NULL,
    lot text NOT NULL,
    on_hand numeric(18, 6) NOT NULL,
    held numeric(18, 6) NOT NULL,
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, location, bin, sku, lot)
);
CREATE INDEX bin_level_by_item ON bin_level (tenant_id, sku, location) WHERE on_hand > 0;
"""


def upgrade() -> None:
    """Make the tables, in the schema that the search path names first."""
    op.execute(TABLES)
