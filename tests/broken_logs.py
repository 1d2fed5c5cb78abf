"""The log of a stopped broker, spoilt as a disk that forgets its last writes spoils it."""

import struct
from pathlib import Path

HEAD = struct.Struct(">qi")  # of a batch: its first offset, and how many bytes follow
SEGMENT = "00000000000000000000.log"
DERIVED = {".index", ".timeindex", ".snapshot"}
CHECKPOINTS = ("recovery-point-offset-checkpoint", "replication-offset-checkpoint")


def lose_end(broker: Path, topic: str, partition: int, from_offset: int) -> int:
    """Cut a partition's log before the batch that holds an offset; how many bytes that were."""
    logs = broker / "logs"
    segment = logs / f"{topic}-{partition}" / SEGMENT
    content = segment.read_bytes()
    end = 0
    while end < len(content):
        first, size = HEAD.unpack_from(content, end)
        if first >= from_offset:
            break
        end += HEAD.size + size
    with segment.open("r+b") as file:
        file.truncate(end)
    for each in segment.parent.iterdir():
        if each.suffix in DERIVED:
            each.unlink()
    for name in CHECKPOINTS:
        (logs / name).unlink(missing_ok=True)
    return len(content) - end
