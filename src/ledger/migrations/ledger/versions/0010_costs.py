"""Receipts, what is said of costs, when movements took effect, and the values that follow from it all."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = """
ALTER TABLE movement ADD COLUMN effective_at timestamptz;
COMMENT ON COLUMN movement.effective_at IS 'When it took effect, if that was before it was moved.';

CREATE TABLE receipt (
    tenant_id text NOT NULL,
    receipt_id text NOT NULL,
    source text NOT NULL CHECK (source IN ('vendor', 'customer', 'production')),
    reference text,
    lines text NOT NULL,
    effective_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, receipt_id)
);
COMMENT ON COLUMN receipt.lines IS 'JSON: line, sku, location, lot, quantity, unit_cost of each.';

CREATE TABLE cost_method (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    method text NOT NULL CHECK (method IN ('average', 'fifo', 'standard')),
    standard_cost numeric(18, 6) CHECK ((standard_cost IS NOT NULL) = (method = 'standard')),
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, sku),
    FOREIGN KEY (tenant_id, sku) REFERENCES item
);

CREATE TABLE period (
    tenant_id text NOT NULL PRIMARY KEY,
    closed_until date,
    backdaters text NOT NULL,
    reason text NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL
);

CREATE TABLE cost_fact (
    tenant_id text NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    sku text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('charge', 'price', 'revalue', 'method')),
    from_account text NOT NULL,
    location text NOT NULL,
    unit_cost numeric(18, 6),
    amount numeric(18, 6),
    document text NOT NULL,
    line smallint NOT NULL,
    method text,
    effective_at timestamptz NOT NULL,
    actor_id text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, shard, sequence, entry)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON cost_fact
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What follows from movement and cost_fact, item by item; `stockyard valuation` keeps it.

CREATE TABLE value_progress (
    tenant_id text NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (tenant_id, shard)
);
COMMENT ON TABLE value_progress IS 'How far each journal has been taken into value_fact.';

CREATE TABLE value_fact (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    effective_at timestamptz NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    kind text NOT NULL,
    from_account text NOT NULL,
    to_account text NOT NULL,
    quantity numeric(18, 6),
    unit_cost numeric(18, 6),
    amount numeric(18, 6),
    document text NOT NULL,
    line smallint NOT NULL,
    method text,
    PRIMARY KEY (tenant_id, sku, effective_at, shard, sequence, entry)
);
COMMENT ON TABLE value_fact IS 'All that the values of an item follow from, in the order of time.';

CREATE TABLE value_item (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    reached_at timestamptz,
    reached_shard smallint,
    reached_sequence bigint,
    reached_entry smallint,
    facts bigint NOT NULL DEFAULT 0,
    state text NOT NULL,
    PRIMARY KEY (tenant_id, sku)
);
COMMENT ON COLUMN value_item.reached_at IS 'The last fact that is in the values; null before the first.';

CREATE TABLE value_wait (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    effective_at timestamptz NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    PRIMARY KEY (tenant_id, sku, effective_at, shard, sequence, entry)
);
COMMENT ON TABLE value_wait IS 'From which fact on the values of an item are to be made, or made anew.';

CREATE TABLE value_checkpoint (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    reached_at timestamptz NOT NULL,
    reached_shard smallint NOT NULL,
    reached_sequence bigint NOT NULL,
    reached_entry smallint NOT NULL,
    facts bigint NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (tenant_id, sku, reached_at, reached_shard, reached_sequence, reached_entry)
);
COMMENT ON TABLE value_checkpoint IS 'States behind earlier facts: where to begin again for what is dated back.';

CREATE TABLE value_source (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    document text NOT NULL,
    line smallint NOT NULL,
    quantity numeric(18, 6) NOT NULL,
    value numeric(26, 6) NOT NULL,
    effective_at timestamptz NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    PRIMARY KEY (tenant_id, sku, document, line)
);

CREATE TABLE value_application (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    document text NOT NULL,
    line smallint NOT NULL,
    effective_at timestamptz NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    part smallint NOT NULL,
    quantity numeric(18, 6) NOT NULL,
    account text NOT NULL,
    via_document text,
    via_line smallint,
    PRIMARY KEY (tenant_id, sku, document, line, effective_at, shard, sequence, entry, part)
);
COMMENT ON TABLE value_application IS 'Where the units of a source went when they left stock.';

CREATE TABLE value_entry (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    effective_at timestamptz NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    from_account text NOT NULL,
    to_account text NOT NULL,
    why text NOT NULL,
    revision integer NOT NULL,
    amount numeric(26, 6) NOT NULL,
    booked_on date NOT NULL,
    PRIMARY KEY (tenant_id, sku, effective_at, shard, sequence, entry, from_account, to_account, why,
        revision)
);
COMMENT ON TABLE value_entry IS
    'Amounts that left one account of value for another. Append only: what changes is a revision more.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON value_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Add them; workers of before know nothing of them, and go on."""
    op.execute(TABLES)
