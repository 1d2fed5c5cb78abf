"""Table `stockyard_access.api_key`: keys that programs show, kept as hashes. No key can be read back.

A key is 256 random bits, so its plain SHA-256 can neither be guessed nor looked up in a table, and
needs no salt and no slow hash; those are for what people think up.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_hex, token_urlsafe
from typing import Final, NamedTuple

from ledger.connection import Transaction

PREFIX: Final = "sy_"
"""What every key begins with, so that people and scanners for leaked secrets know one."""
KEY_BYTES: Final = 32


class Grant(NamedTuple):
    """Whom a key is for, and what it lets them do."""

    tenant_id: str
    subject: str
    scopes: Sequence[str]
    locations: Sequence[str] | None = None


class Kept(NamedTuple):
    """A key as it is kept."""

    key_id: str
    tenant_id: str
    subject: str
    scopes: list[str]
    locations: list[str] | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def hash_of(key: bytes) -> bytes:
    """What of a key is kept."""
    return sha256(key).digest()


_CREATE: Final = """
INSERT INTO stockyard_access.api_key
    (key_hash, key_id, tenant_id, subject, scopes, locations, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, now() + %s)
"""


def create(tx: Transaction, grant: Grant, lasts: timedelta) -> tuple[str, str]:
    """Make a key. Returns its id, and the key itself, which is nowhere else."""
    key_id, key = f"key-{token_hex(4)}", PREFIX + token_urlsafe(KEY_BYTES)
    locations = None if grant.locations is None else list(grant.locations)
    tx.execute(
        _CREATE,
        [
            hash_of(key.encode()),
            key_id,
            grant.tenant_id,
            grant.subject,
            list(grant.scopes),
            locations,
            lasts,
        ],
    )
    return key_id, key


_ALL: Final = """
SELECT key_id, tenant_id, subject, scopes, locations, created_at, expires_at, revoked_at
FROM stockyard_access.api_key
ORDER BY created_at, key_id
"""


def every(tx: Transaction) -> list[Kept]:
    """All keys, the ended ones among them."""
    return [Kept(*row) for row in tx.execute(_ALL)]


_REVOKE: Final = """
UPDATE stockyard_access.api_key SET revoked_at = now() WHERE key_id = %s AND revoked_at IS NULL
"""


def revoke(tx: Transaction, key_id: str) -> bool:
    """End a key for good; false if there is none of that id, or it was ended before."""
    return tx.execute(_REVOKE, [key_id]).rowcount == 1
