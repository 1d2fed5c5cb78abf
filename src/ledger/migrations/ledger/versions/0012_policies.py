"""Policies of items: limits that balances keep beside their stock, shelf life, and buffers."""

from alembic import op

revision = "0012"
down_revision = "0011"

TABLES = """
CREATE TABLE policy (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    backorder_limit numeric(18, 6) CHECK (backorder_limit >= 0),
    negative_limit numeric(18, 6) CHECK (negative_limit >= 0),
    shelf_life_days integer CHECK (shelf_life_days >= 0),
    buffers text,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, sku, location),
    FOREIGN KEY (tenant_id, sku) REFERENCES item
);
COMMENT ON COLUMN policy.location IS 'Empty: holds wherever there is no policy of its own.';

ALTER TABLE balance
    ADD COLUMN negative_limit numeric(18, 6) NOT NULL DEFAULT 0 CHECK (negative_limit >= 0),
    DROP CONSTRAINT stock_is_not_negative,
    DROP CONSTRAINT no_oversell;
ALTER TABLE balance
    ADD CONSTRAINT stock_is_not_negative CHECK (on_hand >= -negative_limit),
    ADD CONSTRAINT no_oversell
        CHECK (greatest(on_hand, 0) - reserved - held >= -backorder_limit);
COMMENT ON COLUMN balance.negative_limit IS
    'How far below zero a dispatch may bring what is on hand: nothing else may.';
"""


def upgrade() -> None:
    """Add them; for stock without policies the constraints say what they said."""
    op.execute(TABLES)
