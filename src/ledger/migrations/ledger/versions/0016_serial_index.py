"""Serials by place under an index that cannot serve where a serial is looked up by its name."""

from alembic import op

revision = "0016"
down_revision = "0015"

# Led by (tenant_id, sku), it was as good as the primary key in the planner's eyes while a table was
# too young to have statistics, and each of 10,000 serials then read all serials of its item.
INDEX = """
DROP INDEX serial_by_account;
CREATE INDEX serial_by_account ON serial (account, sku, tenant_id);
"""


def upgrade() -> None:
    """Turn it around."""
    op.execute(INDEX)
