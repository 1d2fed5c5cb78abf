"""Fetching pinned files: each named with its hash in a lock file, each fetched once a machine."""

import hashlib
import os
import ssl
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from deploy.machine.caches import cache_dir, for_every_user
from deploy.machine.locks import held
from deploy.machine.says import say
from deploy.machine.trouble import OperatorError

PARALLEL = 8
TRIES = 4
PAUSE_SECONDS = 1.0
SILENCE_SECONDS = 30.0
OTHERS_SECONDS = 900.0
CHUNK_BYTES = 1 << 16


class DownloadError(OperatorError):
    """A pinned file could not be had, or is not the file that was pinned."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of the artifact repository: its path there, its hash and its size."""

    path: str
    sha256: str
    size_bytes: int


def fetch(artifacts: Sequence[Artifact], *, name: str) -> list[Path]:
    """The files on this machine, each proved by its hash; only the missing ones are fetched.

    Safe to interrupt and to run twice at once: a file appears under its name only when it is whole.
    """
    store = cache_dir() / "maven"
    if missing_of(artifacts, store):
        with (
            for_every_user(),
            held(store / ".lock", within_seconds=OTHERS_SECONDS, why=f"fetching {name}"),
        ):
            _fetch_all(missing_of(artifacts, store), store, name)
    return [store / artifact.path for artifact in artifacts]


def missing_of(artifacts: Sequence[Artifact], store: Path) -> list[Artifact]:
    """Those not in the store, or there with other bytes than pinned."""
    return [artifact for artifact in artifacts if not _is_whole(artifact, store / artifact.path)]


def base_url() -> str:
    """The artifact repository: `ERP_MAVEN_URL`, else the public one, whose address jgo knows."""
    if mirror := os.environ.get("ERP_MAVEN_URL"):
        return mirror.rstrip("/")
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 (half a second, and rarely needed)

    return str(MAVEN_CENTRAL_URL).rstrip("/")


def _fetch_all(missing: Sequence[Artifact], store: Path, name: str) -> None:
    if not missing:
        return
    size = sum(artifact.size_bytes for artifact in missing)
    say(f"fetching {name}: {len(missing)} files, {size / 1e6:.0f} MB, once for this machine")
    base, trust = base_url(), _trust()
    with ThreadPoolExecutor(PARALLEL) as pool:
        waits = [pool.submit(_fetch_one, each, store / each.path, base, trust) for each in missing]
        try:
            for wait in waits:
                wait.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    say(f"fetched {name}")


def _fetch_one(artifact: Artifact, target: Path, base: str, trust: ssl.SSLContext) -> None:
    """Try a few times, since a mirror's passing hiccup should not end a first start."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, TRIES + 1):
        try:
            _save(f"{base}/{artifact.path}", target, artifact, trust)
        except (DownloadError, URLError, OSError) as error:
            if attempt == TRIES:
                raise DownloadError(
                    f"cannot fetch {artifact.path}: {error}. Behind a mirror, set ERP_MAVEN_URL."
                ) from error
            time.sleep(PAUSE_SECONDS * attempt)
        else:
            return


def _save(url: str, target: Path, artifact: Artifact, trust: ssl.SSLContext) -> None:
    """Write beside the target and rename, so that no half file is ever taken for a whole one."""
    part = target.with_name(target.name + ".part")
    digest, size = hashlib.sha256(), 0
    with (
        urllib.request.urlopen(url, timeout=SILENCE_SECONDS, context=trust) as answer,  # noqa: S310  # an address of ours
        part.open("wb") as file,
    ):
        while chunk := answer.read(CHUNK_BYTES):
            size += len(chunk)
            if size > artifact.size_bytes:
                break
            digest.update(chunk)
            file.write(chunk)
    if size != artifact.size_bytes or digest.hexdigest() != artifact.sha256:
        raise DownloadError(f"{artifact.path} is not the file that was pinned ({size} bytes)")
    part.replace(target)


def _is_whole(artifact: Artifact, file: Path) -> bool:
    try:
        if file.stat().st_size != artifact.size_bytes:
            return False
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == artifact.sha256
    except FileNotFoundError:
        return False


def _trust() -> ssl.SSLContext:
    """The system's certificates; on a bare machine without any, those that came with pip."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and "SSL_CERT_FILE" not in os.environ:
        import certifi  # noqa: PLC0415 (there only with the `embedded` extra)

        context.load_verify_locations(certifi.where())
    return context
