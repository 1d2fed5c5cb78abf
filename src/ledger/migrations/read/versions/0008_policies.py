"""Read table policy, and the reservations of an order, whose own promise is no competition."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
CREATE TABLE policy (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    backorder_limit numeric(18, 6),
    negative_limit numeric(18, 6),
    shelf_life_days integer,
    buffers text,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, sku, location)
);
CREATE INDEX reservation_by_order ON reservation (tenant_id, order_id) WHERE status = 'active';
"""


def upgrade() -> None:
    """Make them, in the schema that the search path names first."""
    op.execute(TABLES)
