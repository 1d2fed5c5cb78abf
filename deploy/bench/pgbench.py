"""The reference: pgbench doing one transaction per reservation, on our own tables and rows."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import psycopg

from deploy.machine.caches import cache_dir
from deploy.machine.trouble import OperatorError
from deploy.postgres.programs import install
from schemas.settings import Settings

CLIENTS: Final = (4, 8, 16, 32)

# The rows that a batch writes for each reservation: its idempotency key, the balance with the
# check of the stock, the reservation, the journal row from which result and event are made.
SCRIPT: Final = r"""
\set item random(1, :items)
\set n :n + 1
BEGIN;
INSERT INTO idempotency (tenant_id, identity, fingerprint, shard, sequence, actor_id, applied_at)
    VALUES ('default', decode(md5(:run || ':' || :client_id || ':' || :n), 'hex'),
        decode(md5('f' || :n), 'hex'), 512 + :client_id, :n, 'commerce', now());
UPDATE balance SET reserved = reserved + 1, version = version + 1
    WHERE tenant_id = 'default' AND sku = 'I' || :item AND location = 'MAIN' AND lot = ''
        AND on_hand - reserved - held >= 1;
INSERT INTO reservation (tenant_id, reservation_id, order_id, status, lines, shipments,
        created_at, version, actor_id)
    VALUES ('default', 'rsv-' || :run || '-' || :client_id || '-' || lpad(:n::text, 10, '0'),
        'SO-' || :n, 'active', '[[1,"I' || :item || '","MAIN","",null,"1","1","0","0"]]', '[]',
        now(), 1, 'commerce');
INSERT INTO journal (tenant_id, shard, sequence, recorded_at, record, hash)
    VALUES ('default', 512 + :client_id, :run::bigint * 1000000000 + :n, now(), :record,
        decode(md5('a' || :n) || md5('b' || :n), 'hex'));
COMMIT;
"""


def best(
    settings: Settings, items: int, seconds: int, scratch: Path, record_bytes: int
) -> tuple[float, int]:
    """Transactions a second at the client count that serves pgbench best, and that count."""
    rates = {
        count: rate(settings, items, count, seconds, scratch, record_bytes) for count in CLIENTS
    }
    clients = max(rates, key=lambda count: rates[count])
    return rates[clients], clients


def rate(  # what makes a case
    settings: Settings,
    items: int,
    clients: int,
    seconds: int,
    scratch: Path,
    record_bytes: int,
) -> float:
    """Transactions a second with that many clients."""
    script = scratch / "reservation.sql"
    script.write_text(SCRIPT)
    sizes = ["-c", str(clients), "-j", str(min(clients, os.cpu_count() or 1)), "-T", str(seconds)]
    values = {
        "items": str(items),
        "n": "0",
        "run": _next_run(scratch),
        "record": _record(record_bytes),
    }
    defines = [word for name, value in values.items() for word in ("-D", f"{name}={value}")]
    command = [program(), "-n", "-M", "prepared", *sizes, *defines, "-f", str(script)]
    done = subprocess.run(  # pgbench, with our own words
        [*command, settings.ledger_url],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode or not found or "number of failed transactions: 0" not in done.stdout:
        raise RuntimeError(f"pgbench failed: {done.stderr[-500:]}")
    return float(found[1])


def _next_run(scratch: Path) -> str:
    """A number that no earlier call with this directory had: keys must be new each time."""
    file = scratch / "pgbench.run"
    number = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(number))
    return str(number)


def _record(length: int) -> str:
    """A journal record of a length, so that both write as many bytes."""
    frame = '{"kind":"command","padding":""}'
    return frame.replace('""', f'"{"x" * (length - len(frame))}"')


_RECORD_BYTES: Final = """
SELECT sum(length(record)) / count(*) FILTER (WHERE record LIKE '{"kind":"command"%') FROM journal
"""


def record_bytes(settings: Settings) -> int:
    """How long the journal records of a database are for each command, levels included."""
    with psycopg.connect(settings.ledger_url) as connection:
        row = connection.execute(_RECORD_BYTES).fetchone()
    return int(row[0]) if row and row[0] else 0


def program() -> str:
    """The pgbench of this machine, or the one that a pinned wheel brings along.

    Raises:
        OperatorError: neither is to be had.
    """
    for folder in ["", *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]:
        found = shutil.which("pgbench", path=folder or None)
        if found:
            return found
    target = cache_dir() / "pgbench"
    if not (found := _inside(target)):
        install(target)
        found = _inside(target)
    if not found:
        raise OperatorError("no pgbench: install it, for instance: apt-get install postgresql-15")
    return found


def _inside(target: Path) -> str | None:
    return next(map(str, sorted(target.glob("**/bin/pgbench"))), None)
