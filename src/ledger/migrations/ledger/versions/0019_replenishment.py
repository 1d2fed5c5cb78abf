"""How places are replenished, what was observed of them, and what is recommended; orders of receipts."""

from alembic import op

revision = "0019"
down_revision = "0018"

TABLES = """
CREATE TABLE replenishment (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    kind text NOT NULL,
    reorder_point numeric(18, 6) CHECK (reorder_point >= 0),
    maximum numeric(18, 6) CHECK (maximum > 0),
    quantity numeric(18, 6) CHECK (quantity > 0),
    order_multiple numeric(18, 6) CHECK (order_multiple > 0),
    order_min numeric(18, 6) CHECK (order_min > 0),
    order_max numeric(18, 6) CHECK (order_max > 0),
    safety_stock numeric(18, 6) CHECK (safety_stock >= 0),
    service_level numeric(18, 6) CHECK (service_level > 0 AND service_level < 100),
    demand_mean numeric(18, 6) CHECK (demand_mean >= 0),
    demand_sigma numeric(18, 6) CHECK (demand_sigma >= 0),
    lead_time_mean numeric(18, 6) CHECK (lead_time_mean >= 0),
    lead_time_sigma numeric(18, 6) CHECK (lead_time_sigma >= 0),
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, sku, location),
    FOREIGN KEY (tenant_id, sku) REFERENCES item,
    FOREIGN KEY (tenant_id, location) REFERENCES location
);
CREATE INDEX replenishment_in_order
    ON replenishment (tenant_id, sku COLLATE "C", location COLLATE "C");

CREATE TABLE observation (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    demand text,
    lead_time text,
    observed_at timestamptz NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, sku, location),
    FOREIGN KEY (tenant_id, sku, location) REFERENCES replenishment
);
COMMENT ON COLUMN observation.demand IS 'JSON: mean and sigma a day, over how many days.';
COMMENT ON COLUMN observation.lead_time IS 'JSON: mean and sigma in days, over how many receipts.';

CREATE TABLE recommendation (
    tenant_id text NOT NULL,
    recommendation_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    status text NOT NULL
        CHECK (status IN ('open', 'accepted', 'dismissed', 'settled', 'withdrawn')),
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    arithmetic text NOT NULL,
    reason text,
    reference text,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, recommendation_id),
    FOREIGN KEY (tenant_id, sku, location) REFERENCES replenishment,
    CHECK (status <> 'dismissed' OR reason IS NOT NULL)
);
CREATE UNIQUE INDEX one_open_recommendation ON recommendation (tenant_id, sku, location)
    WHERE status = 'open';
CREATE INDEX recommendation_standing ON recommendation (tenant_id, sku, location)
    WHERE status IN ('open', 'accepted');
COMMENT ON COLUMN recommendation.arithmetic IS
    'JSON: what was reckoned with, and what came of it. Reckoned again by the proof.';

ALTER TABLE receipt
    ADD COLUMN vendor_id text,
    ADD COLUMN ordered_at timestamptz,
    ADD COLUMN promised_at timestamptz;
"""


def upgrade() -> None:
    """Add them; workers of before know nothing of them, and go on."""
    op.execute(TABLES)
