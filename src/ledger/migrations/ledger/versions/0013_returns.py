"""What came back, and kits promised by their components."""

from alembic import op

revision = "0013"
down_revision = "0012"

TABLES = """
CREATE TABLE customer_return (
    tenant_id text NOT NULL,
    reservation_id text NOT NULL,
    lines text NOT NULL,
    version bigint NOT NULL,
    actor_id text NOT NULL,
    PRIMARY KEY (tenant_id, reservation_id),
    FOREIGN KEY (tenant_id, reservation_id) REFERENCES reservation
);
COMMENT ON COLUMN customer_return.lines IS
    'JSON, as results have it: how much of each line and lot is back. Proved from the movements.';

ALTER TABLE reservation ADD COLUMN kits text;
COMMENT ON COLUMN reservation.kits IS
    'JSON: the lines that asked for kits, and the lines of their components; null without any.';
"""


def upgrade() -> None:
    """Add them; workers of before know nothing of them, and go on."""
    op.execute(TABLES)
