"""`stockyard send`: commands of one type, from a file or standard input, one JSON body a line."""

import uuid
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from deploy.commands.streams import DATA_DIR, DataDir, Tenant, Wait, opened, send_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from producers.rows import BadRow, LineCommand
    from schemas.commands import Command


def send(  # noqa: PLR0913 (each an option of the verb)
    command_type: Annotated[str, typer.Argument(metavar="TYPE", help="as in reservation.create")],
    file: Annotated[str, typer.Option(help="a file, or - for standard input")] = "-",
    *,
    key: Annotated[str | None, typer.Option(help="ordering key; default: the next")] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="line n of several gets -n after it; default: a new one each")
    ] = None,
    source: Annotated[str, typer.Option(help="the source system")] = "erp",
    actor: Annotated[str, typer.Option(help="who sends")] = "stockyard-send",
    tenant: Tenant = None,
    wait: Wait = True,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Send commands of one TYPE; results go to standard output, one JSON object a line."""
    from producers.commands import Sender  # noqa: PLC0415 (slow to import)
    from schemas.commands import COMMANDS  # noqa: PLC0415  # slow to import

    kind = COMMANDS.get(command_type)
    if kind is None:
        raise typer.BadParameter(
            f"no command {command_type}: there are {', '.join(sorted(COMMANDS))}"
        )
    with opened(file) as stream:
        lines = _lines(stream, kind, key, idempotency_key or uuid.uuid4().hex)
        sender = Sender(actor, "user", source, tenant)
        send_lines(lines, sender, data_dir, wait=wait, alone=stream.isatty())


def _lines(
    stream: TextIO, kind: "type[Command]", key: str | None, named: str
) -> "Iterator[LineCommand | BadRow]":
    import orjson  # noqa: PLC0415 (slow to import)
    from pydantic import ValidationError  # noqa: PLC0415  # slow to import

    from producers.rows import BadRow, LineCommand, ndjson_rows, why  # noqa: PLC0415  # slow to import

    for row in ndjson_rows(stream):
        if isinstance(row, BadRow):
            yield row
            continue
        own = named if row.line == 1 else f"{named}-{row.line}"
        try:
            command = kind.model_validate_json(orjson.dumps(row.fields))
        except ValidationError as error:
            yield BadRow(row.line, why(error), row.fields)
        else:
            yield LineCommand(row.line, command, key or own, own)
