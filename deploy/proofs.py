"""The ledger's proof as an operator has it: with a report kept, or as a job with metrics.

The job is a process of its own: a proof takes minutes of disk and of one core, which the relay's
leases and the workers' batches must not wait for.
"""

import json
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Final, NamedTuple

import psycopg
import structlog
from prometheus_client import Counter, Gauge

from ledger import verify
from ledger.verify import Report
from ledger.verify.progress import Tell
from producers.process import Process
from schemas.settings import Settings

log = structlog.get_logger()

AGAIN_SECONDS: Final = 30.0
"""After a proof that could not be made, since the database did not answer."""

SUCCEEDED = Gauge(
    "stockyard_verify_last_success_timestamp_seconds", "When nothing was wrong", ["kind"]
)
SECONDS = Gauge("stockyard_verify_last_seconds", "How long the last proof took", ["kind"])
ROWS = Gauge("stockyard_verify_last_rows", "Journal rows that the last proof looked at", ["kind"])
FINDINGS = Gauge("stockyard_verify_findings", "Checks of the last proof that failed", ["kind"])
RUNS = Counter("stockyard_verify_runs", "Proofs", ["kind", "outcome"])
# kind: full, incremental; outcome: passed, wrong, failed (no proof was made)


class Job(NamedTuple):
    """When to prove, and where the last report is written."""

    every: timedelta
    full_every: timedelta
    file: Path | None


class _StoppedError(Exception):
    """A signal came in the middle of a proof."""


def prove(settings: Settings, *, full: bool, file: Path | None, tell: Tell) -> Report:
    """Prove the ledger, note the point, and write the report to a file, whole or not at all.

    Raises:
        psycopg.Error: the database does not answer, or somebody else proves it in this moment.
    """
    report = verify.run(
        settings.ledger_url, settings.idempotency_retention, full=full, keep=True, tell=tell
    )
    if file is not None:
        part = file.with_name(file.name + ".part")
        part.write_text(json.dumps(report.as_json(), indent=2) + "\n")
        part.replace(file)
    return report


def run(settings: Settings, job: Job) -> int:
    """Prove again and again until a signal comes. Returns the exit code.

    A wrong row makes the process unready and does not end it: it says so until it is put right.
    """
    process = Process(settings, "ledger")
    # A proof moves as long as its statements end, and each of them has a bound.
    process.health.beat_seconds_max = job.every.total_seconds() + verify.STATEMENT_MS / 1000
    full_at = monotonic()
    pause = 0.0
    while not process.asked_to_stop(pause):
        began = monotonic()
        full = began >= full_at
        try:
            report = _prove(settings, process, job, full=full)
        except _StoppedError:
            break
        except psycopg.Error as error:
            RUNS.labels(_kind(full=full), "failed").inc()
            log.warning("no proof was made", why=str(error))
            process.health.set("ledger", "waits for the database")
            pause = AGAIN_SECONDS
            continue
        if report.full:
            full_at = began + job.full_every.total_seconds()
        pause = max(0.1, job.every.total_seconds() - (monotonic() - began))
        process.health.beat()
    process.close()
    return 0


def _prove(settings: Settings, process: Process, job: Job, *, full: bool) -> Report:
    def tell(line: str) -> None:
        if process.asked_to_stop():
            raise _StoppedError
        log.info(line)

    began = monotonic()
    report = prove(settings, full=full, file=job.file, tell=tell)
    _note(report, monotonic() - began)
    process.health.set("ledger", "ok" if report.passed else "a row is wrong: see the log")
    return report


def _note(report: Report, seconds: float) -> None:
    """The outcome, for whoever watches."""
    kind = _kind(full=report.full)
    rows = report.checks[0].rows
    SECONDS.labels(kind).set(seconds)
    ROWS.labels(kind).set(rows)
    FINDINGS.labels(kind).set(len(report.wrong))
    RUNS.labels(kind, "passed" if report.passed else "wrong").inc()
    if report.passed:
        SUCCEEDED.labels(kind).set_to_current_time()
    for wrong in report.wrong:
        log.error("wrong row", **wrong._asdict())
    log.info("proved", kind=kind, rows=rows, seconds=round(seconds, 3), digest=report.digest)


def _kind(*, full: bool) -> str:
    return "full" if full else "incremental"
