"""`stockyard verify`: the proof of the ledger, and the first row that breaks it; once, or as a job."""

import json
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.addresses import DATA_DIR, adopt
from deploy.machine.says import say
from deploy.machine.trouble import OperatorError

DataDir = Annotated[Path, typer.Option(help="used when ERP_DATABASE_URL is not set")]
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def span(text: str) -> timedelta:
    """A length of time as people write it: 90s, 15m, 1h, 7d."""
    found = re.fullmatch(r"(\d+)([smhd])", text)
    length = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not length:
        raise typer.BadParameter(f"{text!r} is no length of time such as 90s, 15m, 1h or 7d")
    return length


def verify(
    *,
    data_dir: DataDir = DATA_DIR,
    full: Annotated[
        bool, typer.Option(help="look at all rows, not only behind the last verified point")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the report as JSON")] = False,
    report: Annotated[
        Path | None, typer.Option(help="write the report to this file too, as JSON")
    ] = None,
    every: Annotated[
        str | None, typer.Option(metavar="TIME", help="prove again and again: 15m, 1h, ...")
    ] = None,
    full_every: Annotated[
        str, typer.Option(metavar="TIME", help="with --every: all rows so often")
    ] = "1d",
) -> None:
    """Prove the ledger from its own history; exit code 1 if a row is wrong.

    What was proved before is not looked at again, except with --full. With --every it goes on
    until a signal comes, and tells its outcomes on /metrics and /readyz.
    """
    from psycopg import Error  # noqa: PLC0415 (slow to import)

    from deploy.proofs import Job, prove, run  # noqa: PLC0415  # slow to import

    job = Job(span(every), span(full_every), report) if every else None
    known = adopt(data_dir, kafka=False)
    if job is not None:
        sys.exit(run(known, job))
    try:
        found = prove(known, full=full, file=report, tell=say)
    except Error as error:
        raise OperatorError(f"the database: {error}") from error
    typer.echo(json.dumps(found.as_json(), indent=2) if as_json else "\n".join(found.lines()))
    if not found.passed:
        raise typer.Exit(1)
