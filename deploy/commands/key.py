"""`stockyard key`: API keys for programs, made, listed and revoked."""

from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from deploy.commands.grants import Locations, Scopes, Tenant, check_names
from deploy.machine.addresses import DATA_DIR, adopt
from deploy.machine.says import say
from deploy.machine.trouble import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.connection import Transaction
    from schemas.settings import Settings

DAYS = 90.0
DAYS_MAX = 366.0 * 5

app = typer.Typer(help="API keys for programs: shown once, scoped, and good until they end.")
DataDir = Annotated[Path, typer.Option(help="used when ERP_DATABASE_URL is not set")]


@app.command("create")
def create(
    subject: Annotated[str, typer.Argument(help="who acts with it: the program's name")],
    *,
    scope: Scopes = None,
    tenant: Tenant = None,
    location: Locations = None,
    days: Annotated[float, typer.Option(min=0, max=DAYS_MAX, help="how long it is good")] = DAYS,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Make a key and print it. It is not kept, so this is the only time that it is shown."""
    from ledger import api_keys  # noqa: PLC0415 (slow to import)

    if not scope:
        raise typer.BadParameter("a key lets its bearer do something: name a --scope")
    check_names(scope, [])
    with _session(data_dir) as (tx, known):
        grant = api_keys.Grant(tenant or known.default_tenant, subject, scope, location or None)
        key_id, key = api_keys.create(tx, grant, timedelta(days=days))
    say(f"{key_id}, good for {days:g} days; it is shown only now")
    typer.echo(key)


@app.command("list")
def show(data_dir: DataDir = DATA_DIR) -> None:
    """Print all keys as JSON, without the keys themselves, which nobody knows."""
    from ledger import api_keys  # noqa: PLC0415 (slow to import)

    with _session(data_dir) as (tx, _):
        found = [each._asdict() for each in api_keys.every(tx)]
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="as `list` names it")], data_dir: DataDir = DATA_DIR
) -> None:
    """End a key. Edges know within seconds."""
    from ledger import api_keys  # noqa: PLC0415 (slow to import)

    with _session(data_dir) as (tx, _):
        if not api_keys.revoke(tx, key_id):
            raise OperatorError(
                f"no key {key_id} that is not revoked yet: see `stockyard key list`"
            )
    say(f"{key_id} is revoked")


@contextmanager
def _session(data_dir: Path) -> "Iterator[tuple[Transaction, Settings]]":
    """A transaction beside the read tables."""
    from psycopg import Error  # noqa: PLC0415 (slow to import)

    from ledger.connection import connect  # noqa: PLC0415  # slow to import

    known = adopt(data_dir, kafka=False)
    try:
        with connect(known.read_url, "stockyard key") as tx:
            yield tx, known
    except Error as error:
        raise OperatorError(f"the keys' table: {error}") from error
