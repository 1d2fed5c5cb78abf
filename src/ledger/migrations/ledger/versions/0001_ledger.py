"""The ledger's first tables: shards and their journal, catalog, balances, movements, promises."""

from alembic import op

revision = "0001"
down_revision = None

SHARDS = """
CREATE TABLE shard (
    shard smallint PRIMARY KEY,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    next_sequence bigint NOT NULL CHECK (next_sequence >= 1),
    topic_id text,
    incarnation smallint NOT NULL DEFAULT 0 CHECK (incarnation BETWEEN 0 AND 255)
);
COMMENT ON COLUMN shard.incarnation IS
    'Raised when the topic is made anew and its offsets begin again: part of the ids made from them.';
COMMENT ON TABLE shard IS
    'One row per (module, partition): how far its commands are applied. Whoever moves it owns the batch.';

CREATE TABLE publication (
    shard smallint PRIMARY KEY REFERENCES shard,
    published_up_to bigint NOT NULL DEFAULT 0,
    lease_owner text NOT NULL DEFAULT '',
    lease_epoch bigint NOT NULL DEFAULT 0,
    lease_until timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON TABLE publication IS
    'How far a shard''s journal is acknowledged by the broker, and who may publish it now.';
"""

JOURNAL = """
CREATE TABLE journal (
    tenant_id text NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    record text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, shard, sequence)
) WITH (toast_tuple_target = 8160);  -- compressing what one page holds costs more than it saves
COMMENT ON COLUMN journal.record IS
    'JSON, kept as the very bytes that were hashed. The outcome from which results and events are made.';
COMMENT ON COLUMN journal.hash IS 'sha256(hash of the row before it in (tenant, shard), record)';

CREATE TABLE segment (
    tenant_id text NOT NULL,
    shard smallint NOT NULL,
    rows bigint NOT NULL,
    last_sequence bigint NOT NULL,
    head bytea NOT NULL,
    PRIMARY KEY (tenant_id, shard)
);
COMMENT ON TABLE segment IS 'The end of each hash chain: so a missing last row is missed too.';

CREATE TABLE idempotency (
    tenant_id text NOT NULL,
    identity bytea NOT NULL,
    fingerprint bytea NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    actor_id text NOT NULL,
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, identity)
);
COMMENT ON TABLE idempotency IS
    'Which command (tenant, source system, key) was applied, and where its result stands.';
"""

STOCK = """
CREATE TABLE item (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    uom text NOT NULL,
    track_by text NOT NULL CHECK (track_by IN ('none', 'batch', 'serial')),
    barcode text,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, sku)
);

CREATE TABLE location (
    tenant_id text NOT NULL,
    code text NOT NULL CHECK (code NOT LIKE '@%'),
    name text NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, code)
);

CREATE TABLE balance (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    lot text NOT NULL,
    on_hand numeric(18, 6) NOT NULL,
    reserved numeric(18, 6) NOT NULL,
    held numeric(18, 6) NOT NULL,
    incoming numeric(18, 6) NOT NULL,
    backorder_limit numeric(18, 6) NOT NULL DEFAULT 0 CHECK (backorder_limit >= 0),
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, sku, location, lot),
    FOREIGN KEY (tenant_id, sku) REFERENCES item,
    FOREIGN KEY (tenant_id, location) REFERENCES location,
    CONSTRAINT stock_is_not_negative CHECK (on_hand >= 0),
    CONSTRAINT commitments_are_not_negative CHECK (reserved >= 0 AND held >= 0 AND incoming >= 0),
    CONSTRAINT no_oversell CHECK (on_hand - reserved - held >= -backorder_limit)
) WITH (fillfactor = 70);  -- room for updates that touch no index (HOT)

CREATE TABLE movement (
    tenant_id text NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    sku text NOT NULL,
    lot text NOT NULL,
    serial text NOT NULL,
    from_account text NOT NULL,
    to_account text NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    unit_cost numeric(18, 6) CHECK (unit_cost >= 0),
    reason text NOT NULL,
    document text NOT NULL,
    actor_id text NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, shard, sequence, entry),
    CHECK (from_account <> to_account)
);

CREATE TABLE reservation (
    tenant_id text NOT NULL,
    reservation_id text NOT NULL,
    order_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'consumed', 'released', 'expired')),
    expires_at timestamptz,
    lines text NOT NULL,
    shipments text NOT NULL,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, reservation_id)
) WITH (toast_tuple_target = 8160);
COMMENT ON COLUMN reservation.lines IS
    'JSON: what each line promised and what is left of it. Proved from the journal''s commitments.';
CREATE INDEX reservation_due ON reservation (expires_at)
    WHERE status = 'active' AND expires_at IS NOT NULL;
"""

# The ledger's history takes no change: what is wrong is put right by a new row.
APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON movement
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make the tables."""
    for part in (SHARDS, JOURNAL, STOCK, APPEND_ONLY):
        op.execute(part)
