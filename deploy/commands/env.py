"""`stockyard env`: the addresses of what runs on a data directory, as JSON for other programs."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.addresses import DATA_DIR, adopt, edge_url
from deploy.machine.issuer import public_file
from schemas.settings import Settings


def env(
    data_dir: Annotated[Path, typer.Option(help="the data directory of `stockyard up`")] = DATA_DIR,
) -> None:
    """Print addresses and URLs as JSON. They hold the database's password."""
    known = adopt(data_dir)
    answer = {
        "bootstrap_servers": known.kafka_bootstrap_servers,
        "topic_prefix": known.topic_prefix,
        "database_url": known.ledger_url,
        "read_database_url": known.read_url,
        "edge_url": edge_url(data_dir, known),
        "token_commands": token_commands(data_dir, known),
    }
    typer.echo(json.dumps(answer, indent=2))


def token_commands(data_dir: Path, known: Settings) -> list[str]:
    """A command that prints a token for everything, one to read, one to write.

    None where tokens come from an issuer elsewhere.
    """
    if known.auth_jwks_file != str(public_file(data_dir)):
        return []
    words = [sys.executable, "-m", "deploy.main", "token", "--data-dir", str(data_dir.absolute())]
    said = shlex.join(words)
    return [said, f"{said} --scope inventory:read", f"{said} --scope inventory:write"]
