"""`stockyard openapi` and `stockyard asyncapi`: what the edge and the topics promise, as JSON."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from schemas.settings import settings

Out = Annotated[Path | None, typer.Option(help="the file to write; standard output otherwise")]


def openapi(out: Out = None) -> None:
    """Print the edge's OpenAPI document."""
    from api.app import create_app  # noqa: PLC0415 (slow to import)

    _write(create_app(settings()).openapi(), out)


def asyncapi(out: Out = None) -> None:
    """Print the topics' AsyncAPI document."""
    from api.asyncapi import document  # noqa: PLC0415 (slow to import)

    _write(document(settings()), out)


def _write(content: dict[str, Any], out: Path | None) -> None:
    text = orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
    if out is None:
        typer.echo(text)
    else:
        out.write_text(text + "\n")
