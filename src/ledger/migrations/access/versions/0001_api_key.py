"""Table api_key."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE api_key (
    key_hash bytea PRIMARY KEY CHECK (octet_length(key_hash) = 32),
    key_id text NOT NULL UNIQUE,
    tenant_id text NOT NULL,
    subject text NOT NULL,
    scopes text[] NOT NULL,
    locations text[],
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
)
"""


def upgrade() -> None:
    """Make the table, in the schema that the search path names first."""
    op.execute(TABLES)
