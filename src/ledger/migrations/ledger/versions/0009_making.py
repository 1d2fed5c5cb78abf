"""Recipes, production orders, and what was made of what."""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
CREATE TABLE recipe (
    tenant_id text NOT NULL,
    sku text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('kit', 'production')),
    makes numeric(18, 6) NOT NULL CHECK (makes > 0),
    components text NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, sku),
    FOREIGN KEY (tenant_id, sku) REFERENCES item
);
COMMENT ON TABLE recipe IS
    'What an item is made of. Orders keep the recipe that they began with; its history is the journal.';

CREATE TABLE production (
    tenant_id text NOT NULL,
    production_id text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'completed', 'cancelled')),
    planned numeric(18, 6) NOT NULL CHECK (planned > 0),
    makes numeric(18, 6) NOT NULL CHECK (makes > 0),
    components text NOT NULL,
    recipe_version bigint NOT NULL,
    inputs text NOT NULL,
    outputs text NOT NULL,
    reference text,
    reason text,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, production_id)
);
COMMENT ON COLUMN production.inputs IS
    'JSON, as events have it. Proved from the journal''s commitments and from the movements.';

CREATE TABLE genealogy (
    tenant_id text NOT NULL,
    document text NOT NULL,
    parent_sku text NOT NULL,
    parent_lot text NOT NULL,
    child_sku text NOT NULL,
    child_lot text NOT NULL,
    PRIMARY KEY (tenant_id, parent_sku, parent_lot, child_sku, child_lot, document),
    CHECK ((parent_sku, parent_lot) <> (child_sku, child_lot))
);
CREATE INDEX genealogy_by_child ON genealogy (tenant_id, child_sku, child_lot);
COMMENT ON TABLE genealogy IS
    'Which lot was made of which. How much of it, the movements of the document say.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON genealogy
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Add them; workers of before know nothing of them, and go on."""
    op.execute(TABLES)
