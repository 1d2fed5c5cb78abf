"""When a movement took effect, in the read table of movements."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add it."""
    op.execute("ALTER TABLE ledger_entry ADD COLUMN effective_at timestamptz")
