"""Lots, holds and transfers, and the time zone in which a location's days fall."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
ALTER TABLE location ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC';
ALTER TABLE reservation ADD COLUMN choices text;
COMMENT ON COLUMN reservation.choices IS
    'JSON: how the lots of its lines were chosen; null where there were none to choose from.';
ALTER TABLE verified_level
    ADD COLUMN held numeric(18, 6) NOT NULL DEFAULT 0,
    ADD COLUMN incoming numeric(18, 6) NOT NULL DEFAULT 0;

CREATE TABLE lot (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    lot text NOT NULL CHECK (lot <> ''),
    status text NOT NULL CHECK (status IN ('active', 'quarantine', 'recalled')),
    reason text,
    expires_on date,
    best_before_on date,
    remove_on date,
    alert_on date,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, sku, lot),
    FOREIGN KEY (tenant_id, sku) REFERENCES item
);
COMMENT ON TABLE lot IS
    'What is known of a lot. One that nobody described has stock but no row: usable, without dates.';

CREATE TABLE hold (
    tenant_id text NOT NULL,
    hold_id text NOT NULL,
    sku text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'released')),
    reason text NOT NULL,
    lines text NOT NULL,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, hold_id)
);
COMMENT ON COLUMN hold.lines IS
    'JSON: location, lot, held, released of each. Proved from the journal''s commitments.';

CREATE TABLE transfer (
    tenant_id text NOT NULL,
    transfer_id text NOT NULL,
    from_location text NOT NULL,
    to_location text NOT NULL CHECK (to_location <> from_location),
    status text NOT NULL CHECK (status IN ('in_transit', 'received', 'closed')),
    reference text,
    reason text,
    lines text NOT NULL,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, transfer_id)
);
COMMENT ON COLUMN transfer.lines IS
    'JSON: line, sku, lot, shipped, received, lost, returned of each. Proved from the movements.';
"""


def upgrade() -> None:
    """Add them; workers of before know nothing of them, and go on."""
    op.execute(TABLES)
