"""Places where a test may kill, freeze, slow or fail this process: `FAULT=<name>:<action>[:<nth>]`.

Actions: kill (SIGKILL), stop (SIGSTOP), raise, sleep (`FAULT_SECONDS`, five by default). Acts once,
when the place is reached for the nth time, or each time when nth is `*`. Nothing outside a test run
may set it.
"""

import os
import signal
from collections.abc import Callable, Mapping
from threading import get_ident
from time import sleep
from typing import Final, NamedTuple

SLEEP_SECONDS: Final = 5.0
ALWAYS: Final = 0


class FaultError(RuntimeError):
    """Raised where a test asked for it."""


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _stop() -> None:
    """To this very thread, so that it does nothing more before it stops."""
    signal.pthread_kill(get_ident(), signal.SIGSTOP)


def _fail() -> None:
    raise FaultError("a test asked for this")


def _sleep() -> None:
    sleep(float(os.environ.get("FAULT_SECONDS", SLEEP_SECONDS)))


ACTIONS: Final[dict[str, Callable[[], None]]] = {
    "kill": _kill,
    "stop": _stop,
    "raise": _fail,
    "sleep": _sleep,
}
PLACES: Final = frozenset(
    {
        "w.after_poll",
        "w.after_begin",
        "w.mid_apply",
        "w.before_commit",
        "w.after_commit",
        "w.after_publish",
        "w.after_kafka_commit",
        "r.after_claim",
        "r.after_send",
        "r.after_ack",
        "r.after_mark",
        "p.before_commit",
        "p.after_commit",
        "p.before_swap",
        "p.after_swap",
        "e.before_send",
        "e.after_send",
        "e.after_ack",
        "e.before_reply",
        "d.after_begin",
        "d.after_send",
        "d.after_ack",
        "d.after_mark",
        "m.ledger",
        "m.read",
    }
)
"""By process: w the worker, r whoever publishes from the journal, p the projector and what makes its
tables anew, e the edge, d the redrive of dead letters, m a migration, before the commit of each of
its steps."""


class _Fault(NamedTuple):
    place: str
    act: Callable[[], None]
    nth: int


def armed(environment: Mapping[str, str]) -> _Fault | None:
    """The fault that the environment asks for, if any.

    Raises:
        RuntimeError: it is no test's environment, or there is no such place or action.
    """
    asked = environment.get("FAULT")
    if not asked:
        return None
    place, action, nth = (*asked.split(":"), "1", "")[:3]
    if environment.get("ERP_TEST") != "1":
        raise RuntimeError("FAULT is set, but this is no test: unset it")
    if place not in PLACES or action not in ACTIONS:
        raise RuntimeError(f"FAULT={asked}: no such place or action")
    return _Fault(place, ACTIONS[action], ALWAYS if nth == "*" else int(nth))


_fault = armed(os.environ)
_times = 0


def _meet(place: str) -> None:
    """Act if this is the place, and the time."""
    global _times  # noqa: PLW0603  # how often it was reached belongs to the process
    if _fault is None or place != _fault.place:
        return
    _times += 1
    if _fault.nth in (_times, ALWAYS):
        _fault.act()


def _pass(_: str) -> None:
    """Nothing is armed."""


reached: Final = _meet if _fault else _pass
"""`reached(place)`: to be called where a fault may strike; costs nothing where none is armed."""
