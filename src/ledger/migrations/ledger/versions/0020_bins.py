"""Bins: places within a location, what lies in them, and all that was carried between them."""

from alembic import op

revision = "0020"
down_revision = "0019"

TABLES = """
ALTER TABLE balance
    ADD COLUMN binned numeric(18, 6) NOT NULL DEFAULT 0,
    ADD CONSTRAINT binned_is_on_hand CHECK (binned >= 0 AND binned <= greatest(on_hand, 0));
COMMENT ON COLUMN balance.binned IS
    'How much of what is on hand lies in bins (bin_level); the rest is loose, in none.';

CREATE TABLE bin (
    tenant_id text NOT NULL,
    location text NOT NULL,
    bin text NOT NULL CHECK (bin <> ''),
    zone text,
    priority integer NOT NULL CHECK (priority >= 1),
    capacity numeric(18, 6) CHECK (capacity > 0),
    takes text,
    blocked boolean NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, location, bin),
    FOREIGN KEY (tenant_id, location) REFERENCES location
);
COMMENT ON COLUMN bin.capacity IS 'Of all that lies in it, in base units; null: no end to it.';
COMMENT ON COLUMN bin.takes IS 'Rules as JSON: items or attributes, priority, capacity. Null: anything.';

CREATE TABLE bin_level (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    lot text NOT NULL,
    bin text NOT NULL,
    on_hand numeric(18, 6) NOT NULL CHECK (on_hand >= 0),
    held numeric(18, 6) NOT NULL CHECK (held >= 0),
    version bigint NOT NULL CHECK (version >= 1),
    PRIMARY KEY (tenant_id, sku, location, lot, bin),
    FOREIGN KEY (tenant_id, location, bin) REFERENCES bin
);
COMMENT ON TABLE bin_level IS
    'What lies in a bin of one lot of an item. Changes only under the lock of its balance.';
-- Led by the bin: for the stock of an item at a location only the primary key must do.
CREATE INDEX bin_level_by_bin ON bin_level (bin, location, tenant_id) WHERE on_hand > 0;

CREATE TABLE bin_movement (
    tenant_id text NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    lot text NOT NULL,
    from_bin text NOT NULL,
    to_bin text NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    document text NOT NULL,
    actor_id text NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, shard, sequence, entry),
    CONSTRAINT goes_somewhere CHECK (from_bin <> to_bin)
);
COMMENT ON TABLE bin_movement IS
    'What was carried within a location; an empty bin is stock that lies in none.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON bin_movement
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Add them; stock that is there lies in no bin."""
    op.execute(TABLES)
