"""The ledger's timelines: a number that rises whenever it is put back to an earlier moment."""

from alembic import op

revision = "0002"
down_revision = "0001"

TIMELINE = """
CREATE TABLE timeline (
    number bigint PRIMARY KEY CHECK (number >= 1),
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL
);
COMMENT ON TABLE timeline IS
    'One row for each time the ledger was put back to an earlier moment, and the first. Events tell it.';
INSERT INTO timeline (number, reason) VALUES (1, 'the beginning');
"""


def upgrade() -> None:
    """Make the table, with the first timeline in it."""
    op.execute(TIMELINE)
