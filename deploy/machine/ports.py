"""The ports of a data directory: free when first chosen, the same at every later start."""

import json
import random
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path

from deploy.machine.trouble import OperatorError

HOST = "127.0.0.1"
CHOICES = range(15_000, 32_000)  # below the range the kernel takes outgoing connections from
TRIES = 200


def kept_ports(file: Path, names: Sequence[str]) -> dict[str, int]:
    """A port for each name: the stored one unless another process has taken it meanwhile."""
    stored = stored_ports(file)
    ports = dict(stored)
    for name in names:
        if name not in ports or not is_free(ports[name]):
            ports[name] = free_port(taken=ports.values())
    if ports != stored:
        part = file.with_suffix(".part")
        part.write_text(json.dumps(ports, indent=1))
        part.replace(file)
    return {name: ports[name] for name in names}


def stored_ports(file: Path) -> dict[str, int]:
    """The ports chosen so far; none before the first start."""
    return dict(json.loads(file.read_text())) if file.exists() else {}


def free_port(*, taken: Iterable[int] = ()) -> int:
    """A port nobody listens on now."""
    held = set(taken)
    for _ in range(TRIES):
        port = random.choice(CHOICES)  # noqa: S311  # no secret
        if port not in held and is_free(port):
            return port
    raise OperatorError(f"no free port found in {CHOICES} after {TRIES} tries")


def is_free(port: int) -> bool:
    """Whether a server could listen on it; a port still draining old connections is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def answers(port: int, *, within_seconds: float = 0.5) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((HOST, port), timeout=within_seconds).close()
    except OSError:
        return False
    return True
