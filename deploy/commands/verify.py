"""`stockyard verify`: the proof of the ledger, and the first row that breaks it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.addresses import DATA_DIR, adopt

DataDir = Annotated[Path, typer.Option(help="used when ERP_DATABASE_URL is not set")]


def verify(
    *,
    data_dir: DataDir = DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="print the report as JSON")] = False,
) -> None:
    """Prove the ledger from its own history; exit code 1 if a row is wrong."""
    from ledger.verify import run  # noqa: PLC0415 (slow to import)

    known = adopt(data_dir, kafka=False)
    report = run(known.ledger_url, known.idempotency_retention)
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2))
    else:
        typer.echo("\n".join(report.lines()))
    if not report.passed:
        raise typer.Exit(1)
