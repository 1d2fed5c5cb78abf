"""Counts that keep what they count in its place until they end."""

from alembic import op

revision = "0017"
down_revision = "0016"

FROZEN = """
ALTER TABLE count ADD COLUMN frozen boolean;
CREATE INDEX count_frozen ON count (tenant_id, location) WHERE frozen AND status = 'open';
"""


def upgrade() -> None:
    """Add them: few rows at a time, so that every batch may ask for all of them."""
    op.execute(FROZEN)
