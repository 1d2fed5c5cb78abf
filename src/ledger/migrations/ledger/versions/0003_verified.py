"""Up to where the ledger was proved: where the next proof may begin."""

from alembic import op

revision = "0003"
down_revision = "0002"

VERIFIED = """
CREATE TABLE verified_segment (
    tenant_id text NOT NULL,
    shard smallint NOT NULL,
    rows bigint NOT NULL,
    last_sequence bigint NOT NULL,
    head bytea NOT NULL,
    last_offset bigint,
    incarnation smallint NOT NULL,
    verified_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, shard)
);
COMMENT ON TABLE verified_segment IS
    'The end of each hash chain when `stockyard verify` last found nothing wrong.';
COMMENT ON COLUMN verified_segment.last_offset IS
    'The last that was read of the shard''s partition for this tenant, in `incarnation`.';

CREATE TABLE verified_level (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    lot text NOT NULL,
    on_hand numeric(18, 6) NOT NULL,
    reserved numeric(18, 6) NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, sku, location, lot)
) WITH (fillfactor = 70);
COMMENT ON TABLE verified_level IS
    'What all movements and promises up to the verified segments'' ends come to.';
"""


def upgrade() -> None:
    """Add both; nothing that runs reads them but the proof."""
    op.execute(VERIFIED)
