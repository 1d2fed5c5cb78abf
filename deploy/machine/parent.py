"""A child's own care not to outlive its parent, should its clean end take too long."""

import os
import threading
import time

VARIABLE = "STOCKYARD_PARENT"
GRACE_SECONDS = 20.0
POLL_SECONDS = 1.0


def leave_with_parent() -> None:
    """Watch for the parent that started us under `stockyard up`; without one, do nothing.

    The kernel sends us SIGTERM when it dies, which asks us to finish what is in hand. Who has not
    finished after the grace is ended here: every commit stands and no other work is lost.
    """
    if parent := os.environ.get(VARIABLE):
        threading.Thread(target=_watch, args=(int(parent),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
