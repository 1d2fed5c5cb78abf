"""Where an operator told a halted worker to go on; and the leader epoch of what was applied last."""

from alembic import op

revision = "0005"
down_revision = "0004"

RESETS = """
CREATE TABLE consumer_reset (
    shard smallint NOT NULL REFERENCES shard,
    number int NOT NULL,
    reset_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    accepted text NOT NULL CHECK (accepted IN ('new topic', 'lost end', 'missing records')),
    says text NOT NULL,
    from_offset bigint NOT NULL,
    to_offset bigint NOT NULL,
    from_topic_id text,
    to_topic_id text NOT NULL,
    from_incarnation smallint NOT NULL,
    to_incarnation smallint NOT NULL,
    actor text NOT NULL,
    PRIMARY KEY (shard, number)
);
COMMENT ON TABLE consumer_reset IS
    'Each time somebody said where a halted worker goes on, and what was accepted by that.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON consumer_reset
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

LEADER_EPOCH = """
ALTER TABLE shard ADD COLUMN leader_epoch int;
COMMENT ON COLUMN shard.leader_epoch IS
    'Of the last record that was applied: by it the broker tells whether its log still has it.';
"""


def upgrade() -> None:
    """Add both."""
    op.execute(RESETS)
    op.execute(LEADER_EPOCH)
