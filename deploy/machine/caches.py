"""Where a machine keeps what was fetched once and serves every data directory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT_CACHE = Path("/var/lib/stockyard")


def cache_dir() -> Path:
    """`ERP_CACHE_DIR`, else a directory of the machine for root and of the user for others.

    Root's lies outside `/root`, since the embedded Postgres runs as a user who may not enter there.
    """
    if chosen := os.environ.get("ERP_CACHE_DIR"):
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return ROOT_CACHE
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "stockyard"


@contextmanager
def for_every_user() -> Iterator[None]:
    """Let the files made in a block be readable by others, whatever the shell's umask.

    What root fetches, the embedded Postgres runs as another user.
    """
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)
