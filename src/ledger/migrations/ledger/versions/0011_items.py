"""Items with units, barcodes and variants, active or not; and what was said in other units."""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = """
ALTER TABLE item
    ADD COLUMN active boolean NOT NULL DEFAULT true,
    ADD COLUMN rounding text NOT NULL DEFAULT 'exact'
        CHECK (rounding IN ('exact', 'whole', 'measured')),
    ADD COLUMN scale smallint CHECK (scale BETWEEN 0 AND 6),
    ADD COLUMN units text NOT NULL DEFAULT '[]',
    ADD COLUMN barcodes text NOT NULL DEFAULT '[]',
    ADD COLUMN variant_of text CHECK (variant_of <> sku),
    ADD COLUMN attributes text NOT NULL DEFAULT '{}',
    ADD CONSTRAINT scale_of_what_is_measured CHECK ((rounding = 'measured') = (scale IS NOT NULL)),
    ADD FOREIGN KEY (tenant_id, variant_of) REFERENCES item;
CREATE INDEX item_inactive ON item (tenant_id, sku) WHERE NOT active;
CREATE INDEX item_by_parent ON item (tenant_id, variant_of) WHERE variant_of IS NOT NULL;

CREATE TABLE barcode (
    tenant_id text NOT NULL,
    code text NOT NULL,
    sku text NOT NULL,
    unit text,
    symbology text NOT NULL CHECK (symbology IN ('gtin', 'other')),
    PRIMARY KEY (tenant_id, code),
    FOREIGN KEY (tenant_id, sku) REFERENCES item
);
CREATE INDEX barcode_by_item ON barcode (tenant_id, sku);
COMMENT ON TABLE barcode IS
    'Which item a code belongs to, so that it belongs to one. Proved from the items'' barcodes.';

ALTER TABLE reservation ADD COLUMN conversions text;
ALTER TABLE transfer ADD COLUMN conversions text;
COMMENT ON COLUMN reservation.conversions IS
    'JSON: what lines said in another unit, and what that is in the base unit; null where none did.';
COMMENT ON COLUMN transfer.conversions IS 'JSON, as of a reservation.';
"""


def upgrade() -> None:
    """Add them; workers of before know nothing of them, and go on."""
    op.execute(TABLES)
