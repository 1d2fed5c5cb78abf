"""Table session."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = """
CREATE TABLE session (
    session_hash bytea PRIMARY KEY CHECK (octet_length(session_hash) = 32),
    tenant_id text NOT NULL,
    subject text NOT NULL,
    permissions text[] NOT NULL,
    locations text[],
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_expires_at ON session (expires_at);
"""


def upgrade() -> None:
    """Make the table, in the schema that the search path names first."""
    op.execute(TABLES)
