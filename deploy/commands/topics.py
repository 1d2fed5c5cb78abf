"""`stockyard topics`: the declared topics, made and compared with the broker's."""

import json
from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.addresses import DATA_DIR, adopt
from deploy.machine.says import say

app = typer.Typer(help="Make the declared topics, or list those that are there.")
DataDir = Annotated[Path, typer.Option(help="used when ERP_KAFKA_BOOTSTRAP_SERVERS is not set")]


@app.command("apply")
def apply(
    data_dir: DataDir = DATA_DIR,
    copies: Annotated[
        int | None, typer.Option(min=1, help="of each partition; by default one a broker, up to 3")
    ] = None,
) -> None:
    """Make what is missing; fail if what is there has other partitions than declared."""
    from deploy.kafka.apply import apply_topics  # noqa: PLC0415 (slow to import)

    made = apply_topics(adopt(data_dir, database=False), copies=copies)
    say(f"{len(made)} topics made" if made else "every declared topic is there")


@app.command("list")
def show(data_dir: DataDir = DATA_DIR) -> None:
    """Print the topics under our prefix and their partitions, as JSON."""
    from deploy.kafka.apply import existing  # noqa: PLC0415 (slow to import)

    typer.echo(json.dumps(existing(adopt(data_dir, database=False)), indent=2))
