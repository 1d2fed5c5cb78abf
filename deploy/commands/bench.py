"""`stockyard bench`: our figures beside their references, in one run on this machine."""

import os
import platform
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.trouble import OperatorError


def bench(
    only: Annotated[list[str] | None, typer.Option(help="a case by name; repeatable")] = None,
    commands: Annotated[int, typer.Option(min=1000, help="per run")] = 200_000,
    rounds: Annotated[int, typer.Option(min=1, help="ours and the reference, in turn")] = 3,
    workers: Annotated[int, typer.Option(min=1, help="worker processes")] = 2,
    pgbench_seconds: Annotated[int, typer.Option(min=1, help="per client count")] = 6,
    data_dir: Annotated[Path | None, typer.Option(help="default: a temporary one")] = None,
) -> None:
    """Measure throughput, latency, cost and memory against pgbench and bare routes.

    Everything runs here, on embedded servers with fsync and synchronous_commit on. The report goes
    to standard output as Markdown.
    """
    from deploy.bench.cases import CASES, Size  # noqa: PLC0415 (slow to import)
    from deploy.bench.counting import count  # noqa: PLC0415 (slow to import)
    from deploy.bench.moving import receipts  # noqa: PLC0415 (slow to import)
    from deploy.bench.rest import REST  # noqa: PLC0415 (slow to import)
    from deploy.bench.revaluation import revaluation  # noqa: PLC0415 (slow to import)
    from deploy.bench.serials import serials  # noqa: PLC0415 (slow to import)
    from deploy.bench.stage import running  # noqa: PLC0415 (slow to import)

    depth = {
        "receipts": receipts,
        "count": count,
        "serials": serials,
        "revaluation": revaluation,
    }
    cases = {**CASES, **depth, **REST}
    if unknown := set(only or ()) - set(cases):
        raise OperatorError(f"no such case: {', '.join(unknown)}; there are {', '.join(cases)}")
    size = Size(commands, rounds, pgbench_seconds, workers)
    typer.echo(f"{os.cpu_count()} cores, Python {platform.python_version()}, {size}\n")
    typer.echo("| case | ours | reference | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="stockyard-bench-") as scratch:
        Path(scratch).chmod(0o755)  # the database's own user must get in
        with running(data_dir or Path(scratch)) as stage:
            for name in only or cases:
                for row in cases[name](stage, size):
                    typer.echo(f"| {row.case} | {row.ours} | {row.reference} | {row.ratio} |")
                    if row.detail:
                        typer.echo(f"| | {row.detail} | | |")
