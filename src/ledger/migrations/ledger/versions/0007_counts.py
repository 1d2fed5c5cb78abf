"""Counts, and each attempt at each of their lines."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
CREATE TABLE count (
    tenant_id text NOT NULL,
    count_id text NOT NULL,
    location text NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'posted', 'cancelled')),
    blind boolean NOT NULL,
    scope text,
    tolerance_percent numeric(18, 6) CHECK (tolerance_percent >= 0),
    tolerance_quantity numeric(18, 6) CHECK (tolerance_quantity >= 0),
    reference text,
    reason text,
    counted_by text NOT NULL,
    approved_by text,
    lines integer NOT NULL CHECK (lines >= 0),
    posted integer NOT NULL CHECK (posted BETWEEN 0 AND lines),
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, count_id),
    FOREIGN KEY (tenant_id, location) REFERENCES location,
    CONSTRAINT nobody_approves_their_own CHECK (NOT counted_by::jsonb ? approved_by)
);
COMMENT ON COLUMN count.scope IS
    'JSON: item and lot of each that it is about, null for all lots; null: whatever lies there.';
COMMENT ON COLUMN count.counted_by IS 'JSON: who has counted in it.';

CREATE TABLE count_line (
    tenant_id text NOT NULL,
    count_id text NOT NULL,
    line integer NOT NULL CHECK (line >= 1),
    attempt smallint NOT NULL CHECK (attempt >= 1),
    sku text NOT NULL,
    lot text NOT NULL,
    counted numeric(18, 6) CHECK (counted >= 0),
    counted_at timestamptz,
    counted_by text,
    expected numeric(18, 6),
    level_version bigint,
    version smallint NOT NULL,
    PRIMARY KEY (tenant_id, count_id, sku, lot, attempt),
    UNIQUE (tenant_id, count_id, line, attempt),
    FOREIGN KEY (tenant_id, count_id) REFERENCES count,
    CHECK (num_nulls(counted, counted_at, counted_by) IN (0, 3)),
    CHECK (num_nulls(expected, level_version) IN (0, 2)),
    CHECK (version = CASE WHEN expected IS NOT NULL THEN 3 WHEN counted IS NOT NULL THEN 2 ELSE 1 END)
) WITH (fillfactor = 70);  -- room for updates that touch no index (HOT)
COMMENT ON TABLE count_line IS
    'What each attempt counted; a line is asked for, counted, and in its last attempt posted.';
COMMENT ON COLUMN count_line.expected IS
    'On hand when it was counted, known once it is posted. Proved from the levels that were told.';
"""


def upgrade() -> None:
    """Add them; workers of before know nothing of them, and go on."""
    op.execute(TABLES)
