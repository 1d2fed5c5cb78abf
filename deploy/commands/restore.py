"""`stockyard restore` and `restore-proof`: a backup made a server again, and shown to be the ledger."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.addresses import DATA_DIR, adopt
from deploy.machine.says import say

Source = Annotated[Path, typer.Argument(metavar="DIR", help="where `stockyard backup` wrote")]
Until = Annotated[str, typer.Option(help="an LSN, or a time with its zone; default: all there is")]


def restore(
    source: Source,
    *,
    to: Annotated[Path, typer.Option(help="a data directory without a Postgres")] = DATA_DIR,
    until: Until = "",
) -> None:
    """Restore a backup as the Postgres of a data directory, for `stockyard up` to run."""
    from deploy.postgres.recovery import restore as put_back  # noqa: PLC0415 (slow to import)

    done = put_back(source.absolute(), to.absolute() / "postgres", until=until)
    say(
        f"{done.data_dir}: {done.bytes / 1e6:,.1f} MB in {done.seconds:.1f} s, up to {done.lsn}, "
        f"last commit {done.last_commit_at or 'in the base backup'}"
    )
    say(f"database {done.database} begins timeline {done.timeline}")
    say("before anything else runs on it: docs/runbooks/restore.md")


def restore_proof(
    place: Annotated[Path, typer.Argument(metavar="DIR", help="new, or holding a backup")],
    *,
    data_dir: Annotated[
        Path, typer.Option(help="used when ERP_DATABASE_URL is not set")
    ] = DATA_DIR,
    until: Until = "",
    scratch: Annotated[
        Path | None, typer.Option(help="where the server is restored and removed; default: in DIR")
    ] = None,
) -> None:
    """Take a backup, restore it elsewhere, verify it, and compare it with the original.

    Writes DIR/proof.json, and prints it; exit code 1 if anything is wrong or differs.
    """
    from deploy.postgres import backup as backups  # noqa: PLC0415 (slow to import)
    from deploy.postgres.proof import prove  # noqa: PLC0415  # slow to import

    known = adopt(data_dir, kafka=False)
    place = place.absolute()
    checked = not (place / backups.DESCRIPTION).exists()
    if checked:
        backups.take(known.ledger_url, place)
    with tempfile.TemporaryDirectory(prefix="restored-", dir=scratch or place) as elsewhere:
        Path(elsewhere).chmod(0o711)
        proof = prove(known, place, Path(elsewhere) / "server", until=until, checked=checked)
    text = json.dumps(proof, indent=2)
    (place / "proof.json").write_text(text + "\n")
    typer.echo(text)
    for reason in proof["reasons"]:
        typer.echo(f"stockyard: {reason}", err=True)
    if not proof["passed"]:
        raise typer.Exit(1)
