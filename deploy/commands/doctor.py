"""`stockyard doctor`: what this machine has and lacks, each with what to do about it."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.addresses import DATA_DIR
from schemas.settings import Settings


def doctor(
    data_dir: Annotated[Path, typer.Option(help="the one `up` would use")] = DATA_DIR,
) -> None:
    """Look at the machine; exit code 1 if something that is needed is missing."""
    from deploy.machine.checks import Verdict, every_finding  # noqa: PLC0415 (not for each verb)

    lacking = False
    for found in every_finding(Settings(), data_dir.absolute()):
        typer.echo(f"{found.verdict:8} {found.subject}: {found.words}")
        lacking = lacking or found.verdict is Verdict.BAD
    if lacking:
        raise typer.Exit(1)
