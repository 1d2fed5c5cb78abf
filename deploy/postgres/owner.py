"""Whom the embedded Postgres runs as: it refuses root, so root lends it another name."""

import os
import pwd
import secrets
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.machine.caches import cache_dir, for_every_user
from deploy.machine.says import say

NOBODY = "nobody"
PROBE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Owner:
    """A user for the server's processes, or a command that lends them a user's name."""

    user: str | None = None
    prefix: tuple[str, ...] = ()

    @property
    def group(self) -> int | None:
        """The group that goes with the user."""
        return pwd.getpwnam(self.user).pw_gid if self.user else None

    def own(self, path: Path) -> None:
        """Give a file or directory to whom the server runs as."""
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(path, entry.pw_uid, entry.pw_gid)


def place(data_dir: Path, programs: Path) -> tuple[Path, Owner]:
    """Where the data really lie, and who owns them.

    For anyone but root: here, and oneself. For root: `nobody`, if `nobody` may walk here; else
    root under a borrowed name, where the kernel lends one; else a directory of the machine, which
    a file in `data_dir` then names.
    """
    if os.geteuid() != 0:
        return data_dir, Owner()
    moved = data_dir / "moved-to"
    if moved.exists():
        return Path(moved.read_text()), Owner(user=NOBODY)
    cluster = data_dir / "cluster"
    owned_by_root = cluster.exists() and cluster.stat().st_uid == 0
    if not owned_by_root and _others_may_walk(data_dir) and _others_may_walk(programs):
        return data_dir, Owner(user=NOBODY)
    lent = _lent_name()
    if lent:
        return data_dir, Owner(prefix=lent)
    return _move(moved), Owner(user=NOBODY)


def explained(place: Path) -> str:
    """In words, for someone who looks at the machine first: what `place` would come to here."""
    if os.geteuid() != 0:
        return f"your own (uid {os.geteuid()})"
    if _others_may_walk(place):
        return f"{NOBODY}, since Postgres refuses to run as root"
    if _lent_name():
        return f"root under the borrowed name {NOBODY}, who may not enter {place}"
    return f"{NOBODY}, who may not enter {place}: the data will be kept below {cache_dir()}"


def _others_may_walk(path: Path) -> bool:
    return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.parents))


def _lent_name() -> tuple[str, ...]:
    """A user namespace in which root's files look like nobody's; containers often forbid it."""
    unshare, nobody = shutil.which("unshare"), pwd.getpwnam(NOBODY)
    if unshare is None:
        return ()
    names = (f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
    prefix = (unshare, "-U", *names, "--")
    probe = subprocess.run(
        [*prefix, "true"], check=False, capture_output=True, timeout=PROBE_SECONDS
    )
    return prefix if probe.returncode == 0 else ()


def _move(pointer: Path) -> Path:
    target = cache_dir() / "data" / secrets.token_hex(8)
    with for_every_user():
        target.mkdir(parents=True)
    say(f"Postgres, which may not run as root, cannot enter {pointer.parent}; its data: {target}")
    pointer.write_text(str(target))
    return target
