"""Serials: each unit of the items tracked by serial, unique over its whole life."""

from alembic import op

revision = "0015"
down_revision = "0014"

# Stock that was taken in before each unit had its name could never be proved.
REFUSE_UNNAMED = """
DO $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(format('%s %s at %s', b.tenant_id, b.sku, b.location), '; ') INTO found
    FROM (SELECT b.* FROM balance b JOIN item i USING (tenant_id, sku)
        WHERE i.track_by = 'serial' AND (b.on_hand <> 0 OR b.incoming <> 0) LIMIT 20) b;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'items tracked by serial have stock without serials: %', found
            USING HINT = 'Adjust it to none with the version before, then migrate and receive it anew.';
    END IF;
END $$;
"""
TABLES = """
ALTER TABLE balance ADD COLUMN by_serial boolean NOT NULL DEFAULT false;
UPDATE balance b SET by_serial = true FROM item i
WHERE i.tenant_id = b.tenant_id AND i.sku = b.sku AND i.track_by = 'serial';
ALTER TABLE balance ADD CONSTRAINT serials_are_whole CHECK (
    NOT by_serial OR (lot = '' AND on_hand = trunc(on_hand) AND reserved = trunc(reserved)
        AND held = trunc(held) AND incoming = trunc(incoming)));
COMMENT ON COLUMN balance.by_serial IS
    'Whether each unit is a row of table serial: so is the item tracked, from its first description on.';

CREATE TABLE serial (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    serial text NOT NULL CHECK (serial <> ''),
    account text NOT NULL,
    document text NOT NULL,
    reservation_id text,
    version bigint NOT NULL CHECK (version >= 1),
    PRIMARY KEY (tenant_id, serial, sku),
    FOREIGN KEY (tenant_id, sku) REFERENCES item,
    CONSTRAINT promised_in_stock CHECK (reservation_id IS NULL OR account NOT LIKE '@%')
);
COMMENT ON TABLE serial IS
    'Every unit that ever came in, wherever it is now. One that comes back is the same row.';
COMMENT ON COLUMN serial.account IS
    'One of our locations, or a virtual place: where its last movement brought it.';
COMMENT ON COLUMN serial.reservation_id IS
    'What it is promised to by name: one column, so never two promises.';
CREATE INDEX serial_by_account ON serial (tenant_id, sku, account);

CREATE TABLE serial_movement (
    tenant_id text NOT NULL,
    serial text NOT NULL,
    sku text NOT NULL,
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    entry smallint NOT NULL,
    PRIMARY KEY (tenant_id, serial, sku, shard, sequence, entry)
);
COMMENT ON TABLE serial_movement IS
    'Which units a row of table movement moved: as many as its quantity. A serial''s rows are its history.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON serial_movement
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Add them, unless there is stock that they could not name."""
    op.execute(REFUSE_UNNAMED)
    op.execute(TABLES)
