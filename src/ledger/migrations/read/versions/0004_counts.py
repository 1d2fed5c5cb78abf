"""Read tables count and count_line."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE TABLE count (
    tenant_id text NOT NULL,
    count_id text NOT NULL,
    location text NOT NULL,
    status text NOT NULL,
    blind boolean NOT NULL,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, count_id)
);
CREATE TABLE count_line (
    tenant_id text NOT NULL,
    count_id text NOT NULL,
    line integer NOT NULL,
    attempt smallint NOT NULL,
    location text NOT NULL,
    sku text NOT NULL,
    lot text NOT NULL,
    counted numeric(18, 6),
    counted_at timestamptz,
    counted_by text,
    expected numeric(18, 6),
    version smallint NOT NULL,
    PRIMARY KEY (tenant_id, count_id, line, attempt)
);
CREATE INDEX count_by_location ON count (tenant_id, location) WHERE status = 'open';
CREATE INDEX count_line_by_level ON count_line (tenant_id, location, sku, lot, counted_at)
    WHERE expected IS NOT NULL;
"""


def upgrade() -> None:
    """Make the tables, in the schema that the search path names first."""
    op.execute(TABLES)
