"""The first read tables: stock, reservations, ledger entries, results, and how far each has got."""

from alembic import op

revision = "0001"
down_revision = None

PROGRESS = """
CREATE TABLE progress (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    shard smallint,
    sequence bigint NOT NULL DEFAULT 0,
    topic_id text,
    PRIMARY KEY (topic, partition)
);
COMMENT ON TABLE progress IS
    'How far each partition of events and results is folded; for events, up to which sequence of their shard.';
"""

TABLES = """
CREATE TABLE item (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    uom text NOT NULL,
    track_by text NOT NULL,
    barcode text,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, sku)
);
CREATE TABLE location (
    tenant_id text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, code)
);
CREATE TABLE level (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    lot text NOT NULL,
    on_hand numeric(18, 6) NOT NULL,
    reserved numeric(18, 6) NOT NULL,
    held numeric(18, 6) NOT NULL,
    incoming numeric(18, 6) NOT NULL,
    available numeric(18, 6) NOT NULL,
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, sku, location, lot)
) WITH (fillfactor = 70);
CREATE INDEX level_by_location ON level (tenant_id, location, sku, lot);
CREATE TABLE reservation (
    tenant_id text NOT NULL,
    reservation_id text NOT NULL,
    order_id text NOT NULL,
    status text NOT NULL,
    expires_at timestamptz,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, reservation_id)
);
CREATE INDEX reservation_due ON reservation (tenant_id, expires_at)
    WHERE status = 'active' AND expires_at IS NOT NULL;

-- What is still counted as reserved though its time is over: add it to a level's `available`. The
-- index above finds such reservations; they are few, since the worker gives them back within a
-- second of their time.
CREATE VIEW overdue_hold AS
SELECT r.tenant_id, line.sku, line.location, coalesce(line.lot, '') AS lot, r.reservation_id,
    line.reserved - line.released - line.consumed AS quantity
FROM reservation r CROSS JOIN LATERAL jsonb_to_recordset(r.body::jsonb -> 'lines') AS line(
    sku text, location text, lot text, reserved numeric, released numeric, consumed numeric)
WHERE r.status = 'active' AND r.expires_at <= now()
    AND line.reserved > line.released + line.consumed;
CREATE TABLE ledger_entry (
    tenant_id text NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    sku text NOT NULL,
    lot text NOT NULL,
    serial text NOT NULL,
    from_account text NOT NULL,
    to_account text NOT NULL,
    quantity numeric(18, 6) NOT NULL,
    unit_cost numeric(18, 6),
    reason text NOT NULL,
    document text NOT NULL,
    actor_id text NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, shard, sequence, entry)
);
CREATE INDEX ledger_entry_by_item
    ON ledger_entry (tenant_id, sku, moved_at, shard, sequence, entry);
CREATE TABLE command_result (
    tenant_id text NOT NULL,
    identity bytea NOT NULL,
    request_id text NOT NULL,
    command_type text NOT NULL,
    status text NOT NULL,
    position text NOT NULL,
    result text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, identity)
);
CREATE INDEX command_result_by_age ON command_result USING brin (recorded_at);
"""


def upgrade() -> None:
    """Make the tables, in the schema that the search path names first."""
    op.execute(PROGRESS)
    op.execute(TABLES)
