"""Promises of any lot, to be found by the lots that they have for now."""

from alembic import op

revision = "0018"
down_revision = "0017"

INDEX = """
CREATE INDEX CONCURRENTLY reservation_by_lot ON reservation
    USING gin ((choices::jsonb) jsonb_path_ops) WHERE status = 'active' AND choices IS NOT NULL
"""


def upgrade() -> None:
    """Add it, without keeping anybody from promising meanwhile."""
    with op.get_context().autocommit_block():
        op.execute(INDEX)
