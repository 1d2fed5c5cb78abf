"""Table timeline: which history of the ledger this is, after it was put back to an earlier moment.

What was told to the world between that moment and the restore is no longer so, while other things
are told under the same journal sequences. The number stands on everything that is told under a
later timeline, so that readers can tell the two apart.
"""

from typing import Final

from ledger.connection import Transaction

FIRST_TIMELINE: Final = 1

_CURRENT: Final = "SELECT max(number) FROM timeline"


def current(tx: Transaction) -> int:
    """The number of the timeline that is being written."""
    row = tx.execute(_CURRENT).fetchone()
    return int(row[0]) if row else FIRST_TIMELINE


_BEGIN: Final = """
INSERT INTO timeline (number, reason)
SELECT greatest(max(number) + 1, extract(epoch FROM clock_timestamp())::bigint), %s FROM timeline
RETURNING number
"""


def begin(tx: Transaction, reason: str) -> int:
    """Begin a new one, after the ledger was put back; its number.

    It is a time in seconds, since two restores of one backup must not get the same.
    """
    row = tx.execute(_BEGIN, [reason]).fetchone()
    if row is None:
        raise RuntimeError("the table timeline is empty")
    return int(row[0])
