"""Read tables recipe, production and genealogy."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
CREATE TABLE recipe (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    kind text NOT NULL,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, sku)
);
CREATE TABLE production (
    tenant_id text NOT NULL,
    production_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    status text NOT NULL,
    version bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant_id, production_id)
);
CREATE INDEX production_by_item ON production (tenant_id, sku) WHERE status = 'open';
CREATE TABLE genealogy (
    tenant_id text NOT NULL,
    document text NOT NULL,
    parent_sku text NOT NULL,
    parent_lot text NOT NULL,
    child_sku text NOT NULL,
    child_lot text NOT NULL,
    PRIMARY KEY (tenant_id, parent_sku, parent_lot, child_sku, child_lot, document)
);
CREATE INDEX genealogy_by_child ON genealogy (tenant_id, child_sku, child_lot);
"""


def upgrade() -> None:
    """Make the tables, in the schema that the search path names first."""
    op.execute(TABLES)
