"""The currency of a tenant's books, and by which one its values are kept."""

from alembic import op

revision = "0022"
down_revision = "0021"

TABLES = """
ALTER TABLE period ADD COLUMN currency text;
COMMENT ON COLUMN period.currency IS 'By ISO 4217; null until it is stated: one with two decimals.';
CREATE TABLE value_currency (
    tenant_id text NOT NULL PRIMARY KEY,
    currency text
);
COMMENT ON TABLE value_currency IS 'By which currency values are kept: of those who stated one.';
"""


def upgrade() -> None:
    """Add them; none is stated yet."""
    op.execute(TABLES)
