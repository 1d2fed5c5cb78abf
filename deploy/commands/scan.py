"""`stockyard scan`: what scanners read, streamed as it happens."""

from typing import Annotated

import typer

from deploy.commands.streams import DATA_DIR, DataDir, Input, Wait, opened, send_lines


def scan(
    file: Input = "-",
    *,
    location: Annotated[str | None, typer.Option(help="of scans that name none")] = None,
    delta: Annotated[str, typer.Option(help="what a raw code changes: 1 came, -1 went")] = "1",
    ndjson: Annotated[bool, typer.Option(help="lines are JSON, not raw codes")] = False,
    device: Annotated[str, typer.Option(help="the scanner's name, visible characters")] = "scanner",
    wait: Wait = True,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Adjust or record stock by scans: one code a line, or with --ndjson one JSON object.

    As JSON: {"code": "A", "location": "MAIN", "delta": "-1"}, or "quantity" instead of "delta" for
    a count. An "id" makes a scan count once however often it is sent; without one, each line counts
    each time. A code must be the item's SKU: other barcodes are not looked up yet.
    """
    from producers.scanner import Session, sender  # noqa: PLC0415 (slow to import)

    session = Session(device, location, delta)
    with opened(file) as stream:
        lines = session.ndjson(stream) if ndjson else session.raw(stream)
        send_lines(lines, sender(device), data_dir, wait=wait, alone=stream.isatty())
