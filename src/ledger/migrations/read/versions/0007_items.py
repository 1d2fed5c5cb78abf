"""Read table item: units, barcodes and variants, active or not; and the look-up by a barcode."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
ALTER TABLE item
    ADD COLUMN active boolean NOT NULL DEFAULT true,
    ADD COLUMN rounding text NOT NULL DEFAULT 'exact',
    ADD COLUMN scale smallint,
    ADD COLUMN units text NOT NULL DEFAULT '[]',
    ADD COLUMN barcodes text NOT NULL DEFAULT '[]',
    ADD COLUMN codes text[] NOT NULL DEFAULT '{}',
    ADD COLUMN variant_of text,
    ADD COLUMN attributes text NOT NULL DEFAULT '{}';
COMMENT ON COLUMN item.codes IS 'The codes of its barcodes, as they are looked up.';
CREATE INDEX item_by_code ON item USING gin (codes);
CREATE INDEX item_by_parent ON item (tenant_id, variant_of) WHERE variant_of IS NOT NULL;
"""


def upgrade() -> None:
    """Change the table, in the schema that the search path names first."""
    op.execute(TABLES)
