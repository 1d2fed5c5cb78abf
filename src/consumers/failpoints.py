"""Places where a test may kill, freeze or fail this process: `FAULT=<name>:<action>[:<nth>]`.

Actions: kill (SIGKILL), stop (SIGSTOP), raise, sleep (five seconds). Acts once, when the place is
reached for the nth time. Nothing outside a test run may set it.
"""

import os
import signal
from collections.abc import Callable, Mapping
from threading import get_ident
from time import sleep
from typing import Final, NamedTuple

SLEEP_SECONDS: Final = 5.0


class FaultError(RuntimeError):
    """Raised where a test asked for it."""


def _fail() -> None:
    raise FaultError("a test asked for this")


ACTIONS: Final[dict[str, Callable[[], None]]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    # To this very thread, so that it does nothing more before it stops.
    "stop": lambda: signal.pthread_kill(get_ident(), signal.SIGSTOP),
    "raise": _fail,
    "sleep": lambda: sleep(SLEEP_SECONDS),
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
        "p.before_commit",
        "p.after_commit",
    }
)


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
    return _Fault(place, ACTIONS[action], int(nth))


_fault = armed(os.environ)
_times = 0


def _meet(place: str) -> None:
    """Act if this is the place, and the time."""
    global _times  # noqa: PLW0603  # how often it was reached belongs to the process
    if _fault is None or place != _fault.place:
        return
    _times += 1
    if _times == _fault.nth:
        _fault.act()


def _pass(_: str) -> None:
    """Nothing is armed."""


reached: Final = _meet if _fault else _pass
"""`reached(place)`: to be called where a fault may strike; costs nothing where none is armed."""
