"""Which timeline of the ledger each partition of the read tables has been folded for."""

from alembic import op

revision = "0002"
down_revision = "0001"

TIMELINE = """
ALTER TABLE progress ADD COLUMN timeline bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN progress.timeline IS
    'Events of an earlier one are passed over; one of a later one halts: the tables must be made anew.';
"""


def upgrade() -> None:
    """Add the column."""
    op.execute(TIMELINE)
