"""Where a machine keeps what was fetched once and serves every data directory."""

import os
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
