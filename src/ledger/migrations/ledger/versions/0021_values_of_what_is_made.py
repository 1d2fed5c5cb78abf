"""Values follow what is made of what, and what comes back: all of them are made anew from their facts."""

from alembic import op

revision = "0021"
down_revision = "0020"

TABLES = """
ALTER TABLE value_item ADD COLUMN reached_passed smallint;

ALTER TABLE value_wait DROP CONSTRAINT value_wait_pkey, ADD COLUMN passed smallint NOT NULL DEFAULT 0;
CREATE INDEX value_wait_by_item ON value_wait (tenant_id, sku);
COMMENT ON TABLE value_wait IS 'From which fact on the values of an item are to be made, or made anew.
Not unique: whoever lets an item wait should never wait for another who does.';

ALTER TABLE value_checkpoint DROP CONSTRAINT value_checkpoint_pkey,
    ADD COLUMN reached_passed smallint NOT NULL DEFAULT 0,
    ADD PRIMARY KEY (tenant_id, sku, reached_at, reached_shard, reached_sequence, reached_entry,
        reached_passed);

ALTER TABLE value_application RENAME COLUMN account TO place;
ALTER TABLE value_application DROP CONSTRAINT value_application_pkey,
    ADD COLUMN passed smallint NOT NULL DEFAULT 0,
    ADD COLUMN value numeric(26, 6) NOT NULL DEFAULT 0,
    ADD PRIMARY KEY (tenant_id, sku, document, line, effective_at, shard, sequence, entry, passed,
        part);
CREATE INDEX value_application_shipped ON value_application (tenant_id, sku, place)
    WHERE place LIKE '@customer/%';
COMMENT ON COLUMN value_application.value IS 'Of what was shipped: what it left for, or costs more.';

ALTER TABLE value_entry DROP CONSTRAINT value_entry_pkey,
    ADD COLUMN passed smallint NOT NULL DEFAULT 0,
    ADD PRIMARY KEY (tenant_id, sku, effective_at, shard, sequence, entry, passed, from_account,
        to_account, why, revision);

CREATE TABLE value_work (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    effective_at timestamptz NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    passed smallint NOT NULL,
    document text NOT NULL,
    came_out boolean NOT NULL,
    quantity numeric(18, 6) NOT NULL,
    amount numeric(26, 6) NOT NULL,
    PRIMARY KEY (tenant_id, sku, effective_at, shard, sequence, entry, passed, document, came_out)
);
CREATE INDEX value_work_by_document ON value_work (tenant_id, document);
COMMENT ON TABLE value_work IS 'What items say of documents of making: what went in, and what came out.';

CREATE TABLE value_made (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    effective_at timestamptz NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    passed smallint NOT NULL,
    source_document text NOT NULL,
    source_line smallint NOT NULL,
    amount numeric(26, 6) NOT NULL,
    cost numeric(26, 6) NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (tenant_id, sku, effective_at, shard, sequence, entry, passed, source_document,
        source_line)
);
CREATE INDEX value_made_by_document ON value_made (tenant_id, document);
COMMENT ON TABLE value_made IS
    'What came out of documents of making is worth more by so much, and so much in all.';

-- Entries stay: what comes out otherwise than before is told by one more.
INSERT INTO value_wait SELECT tenant_id, sku, '0001-01-01 00:00:00+00', 0, 0, 0, 0 FROM value_item;
"""


def upgrade() -> None:
    """Add what they need. Workers know nothing of it; stop the valuation of before."""
    op.execute(TABLES)
