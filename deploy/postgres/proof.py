"""The restore proof: a backup restored elsewhere is verified, and compared with its original."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from typing import Any, Final

import psycopg

from deploy.postgres import backup, recovery, server
from deploy.postgres.backup import Backup
from ledger import fingerprint, shards
from ledger.connection import Transaction, allow, connect, now
from ledger.fingerprint import Fingerprint
from ledger.verify import run as verify
from schemas.settings import Settings

COMPARE_MS: Final = 3_600_000


def prove(
    known: Settings, source: Path, elsewhere: Path, *, until: str = "", checked: bool = False
) -> dict[str, Any]:
    """The proof as a JSON object: `passed`, and the `reasons` if not.

    `elsewhere` is a new directory for the restored server, which runs as long as this takes.

    Raises:
        BackupError, RestoreError, ServerError: there is no server to look at.
    """
    taken = backup.read(source)
    restored = recovery.restore(source, elsewhere, until=until, put_back=False, checked=checked)
    running = server.start(elsewhere)
    try:
        return _prove(known, taken, restored, running.url(taken.database))
    finally:
        running.stop()


def _prove(known: Settings, taken: Backup, restored: recovery.Restored, url: str) -> dict[str, Any]:
    report = verify(url, known.idempotency_retention)
    began = monotonic()
    with _snapshot(url) as copy:
        found = fingerprint.here(copy)
        standing = shards.standing(copy)
        at = now(copy).isoformat()
        original, differs = _compared(known.ledger_url, copy, found)
    reasons = [f"verify: {finding}" for finding in report.wrong]
    if differs:
        reasons.append(differs)
    return {
        "passed": not reasons,
        "reasons": reasons,
        "ledger_hash": found.hash,
        "original_hash": original,
        "proved_at": at,
        "restored_to": {"lsn": restored.lsn, "last_commit_at": restored.last_commit_at},
        "journal_rows": found.at.rows,
        "balances": found.balances,
        "segments": [{**asdict(end), "head": end.head.hex()} for end in found.at.ends],
        "shards": standing,
        "seconds": {
            "backup": taken.seconds,
            "restore": restored.seconds,
            "verify": round(sum(check.seconds for check in report.checks), 3),
            "compare": round(monotonic() - began, 3),
        },
        "bytes": {"backup": taken.base_bytes, "restored": restored.bytes},
        "versions": {"stockyard": _version(), "restored_on": f"Postgres {recovery.MAJOR}"},
        "backup": asdict(taken),
        "verify": report.as_json(),
    }


def _compared(url: str, copy: Transaction, found: Fingerprint) -> tuple[str | None, str | None]:
    """The original's hash at the restored point, and the first thing that differs, in words."""
    try:
        with _snapshot(url) as original:
            theirs = fingerprint.once(original, found.at)
            if theirs.hash == found.hash:
                return theirs.hash, None
            return theirs.hash, fingerprint.difference(
                (found.at, fingerprint.balances(copy)),
                (theirs.at, fingerprint.balances_at(original, found.at)),
            )
    except psycopg.OperationalError as error:
        return None, f"the original does not answer, nothing was compared: {error}"


@contextmanager
def _snapshot(url: str) -> Iterator[Transaction]:
    with connect(url, "stockyard restore-proof") as session:
        allow(session, COMPARE_MS)
        session.execute("SET idle_in_transaction_session_timeout = 0")  # while the other is asked
        session.commit()
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.read_only = True
        with session.transaction(force_rollback=True):
            yield session


def _version() -> str:
    try:
        return version("stockyard")
    except PackageNotFoundError:  # run from its sources
        return "unknown"
