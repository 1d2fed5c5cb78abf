"""The newest movements are found by their time: what has moved since something was counted."""

from alembic import op

from ledger.migrate import TABLE_LOCK_MS

revision = "0008"
down_revision = "0007"

# Ranges, since any other index would cost whoever writes movements; they come in their order.
INDEX = """
CREATE INDEX CONCURRENTLY movement_by_time ON movement
    USING brin (moved_at) WITH (pages_per_range = 32, autosummarize = on)
"""


def upgrade() -> None:
    """Make it while others write; what a try before this one left unfinished goes first.

    It waits for every older transaction, a proof's too, which takes minutes; nobody waits for it.
    """
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '15min'")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS movement_by_time")
        op.execute(INDEX)
        op.execute(f"SET lock_timeout = {TABLE_LOCK_MS}")
