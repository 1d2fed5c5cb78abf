"""Lies told to the journal and to what is kept beside each of its rows."""

LIES = [
    (
        "UPDATE journal SET record = replace(record, '\"6\"', '\"7\"') WHERE shard = 513 AND sequence = 1",
        "hash chain",
        ("journal", "tenant default shard 513 sequence 1"),
    ),
    (
        "UPDATE journal SET hash = sha256(hash) WHERE shard = 513 AND sequence = 2",
        "hash chain",
        ("journal", "tenant default shard 513 sequence 2"),
    ),
    (
        "UPDATE journal SET recorded_at = recorded_at - interval '1 day' WHERE shard = 256",
        "hash chain",
        ("journal", "tenant default shard 256 sequence 1"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256 AND sequence = 2",
        "hash chain",
        ("journal", "tenant default shard 256 sequence 3"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256 AND sequence = 3",
        "hash chain",
        ("segment", "tenant default shard 256"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256",
        "hash chain",
        ("segment", "tenant default shard 256"),
    ),
    (
        "DELETE FROM segment WHERE shard = 256",
        "hash chain",
        ("segment", "tenant default shard 256"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256 AND sequence = 2",
        "sequences",
        ("journal", "tenant default shard 256 sequence 3"),
    ),
    (
        "UPDATE shard SET next_sequence = 99 WHERE shard = 256",
        "sequences",
        ("shard", "shard 256"),
    ),
    (
        "UPDATE shard SET next_offset = 2 WHERE shard = 256",
        "offsets",
        ("journal", "tenant default shard 256 sequence 3"),
    ),
    (
        "DELETE FROM idempotency WHERE shard = 256 AND sequence = 2",
        "idempotency",
        ("idempotency", "tenant default shard 256 sequence 2"),
    ),
    (
        "UPDATE dead_letter SET reason = 'too-large'",
        "dead letters",
        ("dead_letter", "tenant default shard 512 sequence 5"),
    ),
    (
        "DELETE FROM dead_letter",
        "dead letters",
        ("dead_letter", "tenant default shard 512 sequence 5"),
    ),
    (
        "UPDATE publication SET published_up_to = 99 WHERE shard = 256",
        "publication",
        ("publication", "shard 256"),
    ),
    (
        "UPDATE idempotency SET sequence = 77 WHERE shard = 256 AND sequence = 3",
        "idempotency",
        ("idempotency", "tenant default shard 256 sequence 3"),
    ),
    (
        "UPDATE idempotency SET identity = sha256('x') WHERE shard = 256 AND sequence = 2",
        "idempotency",
        ("idempotency", "tenant default shard 256 sequence 2"),
    ),
]
