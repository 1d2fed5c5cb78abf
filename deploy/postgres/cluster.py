"""A Postgres cluster's first making: checksummed, UTF-8, closed to whoever has no password."""

import os
import shutil
import subprocess
from pathlib import Path

from deploy.machine.trouble import OperatorError
from deploy.postgres.owner import Owner

INITDB_SECONDS = 120.0


class ClusterError(OperatorError):
    """The cluster could not be made."""


def initialise(programs: Path, cluster: Path, owner: Owner, user: str, password: str) -> None:
    """Make the cluster unless it is there; a making that was interrupted is begun anew.

    The password is asked for on the local socket too: with root's servers all running as `nobody`,
    trusting a user's name would trust every other program that runs under it.
    """
    if cluster.exists():
        return
    part, secret = cluster.with_suffix(".part"), cluster.with_suffix(".password")
    shutil.rmtree(part, ignore_errors=True)
    secret.unlink(missing_ok=True)
    part.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password)
    owner.own(part)
    owner.own(secret)
    _initdb(programs, part, secret, owner, user)
    secret.unlink()
    part.replace(cluster)


def _initdb(programs: Path, cluster: Path, secret: Path, owner: Owner, user: str) -> None:
    program = [str(programs / "bin" / "initdb"), "-D", str(cluster), "-U", user]
    access = ["--auth=scram-sha-256", f"--pwfile={secret}"]
    # Built-in rules of order, so that no upgrade of the machine's locales can break an index.
    words = ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(
        [*owner.prefix, *program, *access, *words, "--data-checksums", "--no-instructions"],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C"},
        timeout=INITDB_SECONDS,
        user=owner.user,
        group=owner.group,
        extra_groups=[] if owner.user else None,
    )
    if done.returncode:
        raise ClusterError(f"initdb failed:\n{done.stdout.decode(errors='replace')}")
