"""A base backup checked against its manifest, as pg_verifybackup does it.

That program is used where there is one that runs; the wheel's does not. The manifest holds the size
and SHA-256 of every file, and its own; the WAL that the backup needs is read through by pg_waldump.
"""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from deploy.machine.trouble import OperatorError

MANIFEST: Final = "backup_manifest"
VERIFY_SECONDS: Final = 6 * 3600
VERSION_SECONDS: Final = 20
NAMED_MAX: Final = 5
# Not in the manifest: itself, the WAL, and what an operator may write before a restore.
OTHERS: Final = {MANIFEST, "postgresql.auto.conf", "recovery.signal", "standby.signal"}


class DamagedError(OperatorError):
    """A backup's files are not those that were written."""


def verify(base: Path, programs: Path) -> None:
    """Check every file of a base backup, and that its WAL can be read.

    Raises:
        DamagedError: names the first files that differ.
    """
    program = programs / "pg_verifybackup"
    if _runs(program):
        _run([str(program), "--quiet", str(base)])
        return
    manifest = read(base)
    wrong = [line for line, _ in zip(_differing(base, manifest), range(NAMED_MAX), strict=False)]
    if wrong:
        raise DamagedError(f"{base} is damaged:\n" + "\n".join(wrong))
    for part in manifest["WAL-Ranges"]:
        words = ["--quiet", f"--path={base / 'pg_wal'}", f"--timeline={part['Timeline']}"]
        bounds = [f"--start={part['Start-LSN']}", f"--end={part['End-LSN']}"]
        _run([str(programs / "pg_waldump"), *words, *bounds])


def read(base: Path) -> dict[str, Any]:
    """The manifest of a base backup.

    Raises:
        DamagedError: it has none, or it is not as it was written.
    """
    try:
        text = (base / MANIFEST).read_bytes()
        manifest: dict[str, Any] = json.loads(text)
        body = text[: text.rindex(b'"Manifest-Checksum"')]
        said = manifest["Manifest-Checksum"]
    except (OSError, ValueError, KeyError) as error:
        raise DamagedError(f"{base} has no readable manifest: {error}") from error
    if hashlib.sha256(body).hexdigest() != said:
        raise DamagedError(f"{base / MANIFEST} is damaged: its checksum is another")
    return manifest


def _differing(base: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """A line for each file that is not as the manifest has it, is missing, or is too many."""
    listed = set()
    for entry in manifest["Files"]:
        name = entry.get("Path") or bytes.fromhex(entry["Encoded-Path"]).decode()
        listed.add(name)
        file = base / name
        if name in OTHERS:
            continue
        if not file.is_file():
            yield f"{name} is missing"
        elif file.stat().st_size != entry["Size"]:
            yield f"{name} has {file.stat().st_size} bytes, the manifest says {entry['Size']}"
        elif _sha256(file) != entry["Checksum"]:
            yield f"{name} has another checksum than the manifest"
    for file in base.rglob("*"):
        name = str(file.relative_to(base))
        if file.is_file() and not name.startswith("pg_wal/") and name not in listed | OTHERS:
            yield f"{name} is not in the manifest"


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _runs(program: Path) -> bool:
    if not program.exists():
        return False
    asked = [str(program), "--version"]
    done = subprocess.run(asked, check=False, capture_output=True, timeout=VERSION_SECONDS)
    return done.returncode == 0


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=VERIFY_SECONDS
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-1000:]
        raise DamagedError(f"{Path(command[0]).name} ({done.returncode}): {said}")
