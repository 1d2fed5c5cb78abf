"""`stockyard env`: the addresses of what runs on a data directory, as JSON for other programs."""

import json
from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.addresses import DATA_DIR, adopt, edge_url


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
        "token_commands": [],
    }
    typer.echo(json.dumps(answer, indent=2))
