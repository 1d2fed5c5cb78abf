"""`stockyard migrate`: the databases brought to their newest schema."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.addresses import DATA_DIR, adopt
from deploy.machine.says import say
from deploy.machine.trouble import OperatorError


def migrate(
    data_dir: Annotated[
        Path, typer.Option(help="used when ERP_DATABASE_URL is not set")
    ] = DATA_DIR,
) -> None:
    """Bring the ledger and the read tables to their newest schema; safe to run twice at once."""
    from ledger.migrate import (  # noqa: PLC0415 (slow to import)
        LockedError,
        migrate_ledger,
        migrate_read,
    )

    known = adopt(data_dir, kafka=False)
    try:
        migrate_ledger(known.ledger_url)
        migrate_read(known.read_url)
    except LockedError as error:
        raise OperatorError(f"{error}; end what holds it, and run this again") from error
    say("ledger and read tables are at their newest schema")
