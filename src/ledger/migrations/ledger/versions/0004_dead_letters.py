"""The dead letters of the journal by place, reason and age, and which of them were redriven."""

from alembic import op

revision = "0004"
down_revision = "0003"

DEAD_LETTERS = """
CREATE TABLE dead_letter (
    shard smallint NOT NULL,
    sequence bigint NOT NULL,
    tenant_id text NOT NULL,
    incarnation smallint NOT NULL,
    record_offset bigint NOT NULL,
    key_hash bytea,
    reason text NOT NULL,
    replays smallint NOT NULL,
    first_failed_at timestamptz NOT NULL,
    failed_at timestamptz NOT NULL,
    redrive_began_at timestamptz,
    redrive_from bigint,
    redriven_at timestamptz,
    PRIMARY KEY (shard, sequence)
);
CREATE INDEX dead_letter_place ON dead_letter (shard, incarnation, record_offset);
CREATE INDEX dead_letter_waits ON dead_letter (shard, sequence) WHERE redriven_at IS NULL;
COMMENT ON TABLE dead_letter IS
    'One row per dead letter of the journal, which holds the record itself.';
COMMENT ON COLUMN dead_letter.key_hash IS 'Letters with equal ones keep their order in a redrive.';
COMMENT ON COLUMN dead_letter.replays IS 'How often its record had been redriven when it failed.';
COMMENT ON COLUMN dead_letter.redrive_from IS
    'Where its partition ended before it was sent: a redrive cut off looks from there on for it.';
"""

# The prefix of a dead letter's record is what `consumers.record` writes first.
WRITTEN_BEFORE = """
INSERT INTO dead_letter (shard, sequence, tenant_id, incarnation, record_offset, key_hash, reason,
    replays, first_failed_at, failed_at)
SELECT j.shard, j.sequence, j.tenant_id,
    coalesce((j.record::jsonb ->> 'incarnation')::smallint, 0), (letter ->> 'offset')::bigint,
    substring(sha256(decode(letter ->> 'key', 'hex')) FOR 16), letter ->> 'reason',
    0, j.recorded_at, j.recorded_at
FROM journal j CROSS JOIN LATERAL (SELECT j.record::jsonb -> 'letter') AS l(letter)
WHERE j.record LIKE '{"kind":"dead_letter"%'
"""


def upgrade() -> None:
    """Make the table, and note the letters that the journal holds already."""
    op.execute(DEAD_LETTERS)
    op.execute(WRITTEN_BEFORE)
