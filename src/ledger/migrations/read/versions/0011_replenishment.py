"""Read tables replenishment, observation, recommendation and lead_time."""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = """
CREATE TABLE replenishment (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    kind text NOT NULL,
    reorder_point numeric(18, 6),
    maximum numeric(18, 6),
    safety_stock numeric(18, 6),
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, sku, location)
);
CREATE TABLE observation (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    observed_at timestamptz NOT NULL,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, sku, location)
);
CREATE TABLE recommendation (
    tenant_id text NOT NULL,
    recommendation_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    status text NOT NULL,
    quantity numeric(18, 6) NOT NULL,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, recommendation_id)
);
CREATE INDEX recommendation_by_place ON recommendation (tenant_id, sku, location, created_at);
CREATE INDEX recommendation_standing ON recommendation (tenant_id, status, recommendation_id)
    WHERE status IN ('open', 'accepted');
CREATE TABLE lead_time (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    vendor_id text NOT NULL,
    receipt_id text NOT NULL,
    location text NOT NULL,
    ordered_at timestamptz NOT NULL,
    promised_at timestamptz,
    received_at timestamptz NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, sku, receipt_id, location)
);
COMMENT ON TABLE lead_time IS 'How long goods took: an item of a receipt that names its order.';
"""


def upgrade() -> None:
    """Make the tables, in the schema that the search path names first."""
    op.execute(TABLES)
