"""What a starting machine tells the person who waits: short lines on standard error."""

import sys
import time

_BEGAN = time.monotonic()


def say(line: str) -> None:
    """One line of progress, with the seconds since this process began.

    Standard output stays free for answers, so that `stockyard env | jq` works.
    """
    print(f"{time.monotonic() - _BEGAN:6.1f}s  {line}", file=sys.stderr, flush=True)  # noqa: T201  # its very purpose
