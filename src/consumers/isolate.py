"""A batch that cannot be flushed: tried again for what passes, halved for what does not."""

from threading import Event
from typing import Final, Protocol

import psycopg
import structlog
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_attempt,
    stop_after_delay,
    stop_when_event_set,
    wait_random_exponential,
)

from consumers.apply import Batch, Flushed
from consumers.metrics import HALVED, RETRIES, cause
from consumers.parse import Asked, DeadLetter
from consumers.places import HaltError
from ledger.keyed import RacedError
from ledger.shards import FencedError, ResetError
from producers.publisher import PublishError
from schemas.dead_letters import Reason, Unreadable

log = structlog.get_logger()

PASSING_SECONDS_MAX: Final = 90
CONFLICTS_MAX: Final = 8
ATTEMPTS_BEFORE_HALVING: Final = 2

# Of SQLSTATE: connection, limits, cancelled or shut down, transaction rolled back, lock not
# available, wrong state (read-only standby, idle too long).
_PASSING_CLASSES: Final = ("08", "53", "57", "40", "55", "25")


def passes(error: BaseException) -> bool:
    """Whether trying again may help: the servers' trouble, not the data's."""
    if isinstance(error, psycopg.Error):
        state = error.sqlstate or ""
        return state[:2] in _PASSING_CLASSES or (
            not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        )
    return isinstance(error, PublishError)


def is_the_datas(error: BaseException) -> bool:
    """Whether cutting the batch finds the record that is guilty."""
    return not passes(error) and not isinstance(error, HaltError | ResetError)


def conflicts(error: BaseException) -> bool:
    """Whether another batch was faster: decided again, ours sees what that one did."""
    return isinstance(error, RacedError | FencedError | psycopg.errors.UniqueViolation)


class Attempt(Protocol):
    """Applies a batch once."""

    def __call__(self, batch: Batch, *, expire: bool, look_up: bool) -> Flushed:
        """See `consumers.apply.apply`."""


def apply_isolated(
    apply: Attempt, batch: Batch, module: str, *, look_up: bool, stopping: Event | None = None
) -> list[Flushed]:
    """Apply a batch; if it fails for a reason that belongs to its data, all but the guilty record.

    That one comes out as a dead letter. The system's own due commands ride along no more once
    something has failed, since it might be they. Patience ends when the process is `stopping`.

    Raises:
        HaltError: too many records are guilty.
        psycopg.Error, PublishError: the servers' trouble outlasted our patience.
        ResetError: the batch's records mean nothing any more.
    """
    patient = _patient(apply, module, stopping or Event())
    try:
        return [patient(batch, expire=True, look_up=look_up)]
    except Exception as error:
        if not batch or not is_the_datas(error):
            raise
        log.exception("a batch cannot be flushed", records=len(batch), module=module)
        return _halved(patient, batch, module, error)


def _patient(apply: Attempt, module: str, stopping: Event) -> Attempt:
    """The same, waiting for servers to come back and deciding again after a conflict."""

    def note(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        RETRIES.labels(module, *cause(error)).inc()
        log.warning("a batch is tried again", error=str(error), attempt=state.attempt_number)

    def patient(batch: Batch, *, expire: bool, look_up: bool) -> Flushed:
        looks_up = look_up

        def attempt() -> Flushed:
            nonlocal looks_up
            try:
                return apply(batch, expire=expire, look_up=looks_up)
            except psycopg.errors.UniqueViolation:
                looks_up = True
                raise

        passing = Retrying(
            retry=retry_if_exception(passes),
            stop=stop_after_delay(PASSING_SECONDS_MAX) | stop_when_event_set(stopping),
            wait=wait_random_exponential(multiplier=0.1, max=3),
            sleep=sleep_using_event(stopping),
            before_sleep=note,
            reraise=True,
        )
        conflicting = Retrying(
            retry=retry_if_exception(conflicts),
            stop=stop_after_attempt(CONFLICTS_MAX),
            wait=wait_random_exponential(multiplier=0.005, max=0.2),
            before_sleep=note,
            reraise=True,
        )
        flushed: Flushed = conflicting(passing, attempt)
        return flushed

    return patient


def _halved(patient: Attempt, batch: Batch, module: str, error: Exception) -> list[Flushed]:
    """Cut until the guilty record stands alone; a record's order within its shard is kept."""
    if len(batch) == 1:
        return [patient([_condemned(batch[0], error)], expire=False, look_up=True)]
    HALVED.labels(module).inc()
    middle = len(batch) // 2
    flushed: list[Flushed] = []
    for part in (batch[:middle], batch[middle:]):
        try:
            flushed.append(patient(part, expire=False, look_up=True))
        except Exception as still:
            if not is_the_datas(still):
                raise
            flushed += _halved(patient, part, module, still)
    return flushed


def _condemned(asked: Asked | DeadLetter, error: Exception) -> DeadLetter:
    """The record that fails alone and again. Its error's kind is told, its text may hold secrets."""
    if isinstance(asked, DeadLetter) or asked.record is None:
        raise error
    kind = type(error).__name__
    state = getattr(error, "sqlstate", None)
    why = Unreadable(Reason.UNPROCESSABLE, f"{kind} {state}" if state else kind)
    return DeadLetter(asked.record, why, ATTEMPTS_BEFORE_HALVING)
