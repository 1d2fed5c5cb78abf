"""`stockyard demo`: real purchases replayed from the first order to the proof of the last unit."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.streams import trouble_told
from deploy.machine.addresses import DATA_DIR, edge_url
from deploy.machine.says import say
from deploy.machine.supervisor import AskedToStop

if TYPE_CHECKING:
    from deploy.machine.supervisor import Supervisor
    from schemas.settings import Settings

WEEKS = "4"
WATCH_SECONDS = 0.2
INTERRUPTED = 130


def demo(
    *,
    weeks: Annotated[str, typer.Option(help="how many of the year's 53, or `all`")] = WEEKS,
    keep: Annotated[
        bool, typer.Option("--keep", help="with edge and projector; stay up afterwards")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="worker processes")] = 1,
    data_dir: Annotated[
        Path, typer.Option(help="a directory of its own; emptied at the start")
    ] = DATA_DIR / "demo",
) -> None:
    """Replay a grocery chain's baskets as orders, ship them, and prove the ledger to the unit.

    Fresh embedded servers are started for it. Exit code 1 if anything does not add up.
    """
    from deploy.demo.play import play  # noqa: PLC0415 (slow to import)
    from deploy.demo.purchases import Purchases  # noqa: PLC0415  # slow to import
    from deploy.demo.stage import running  # noqa: PLC0415  # slow to import

    purchases = Purchases(_weeks(weeks))
    try:
        with running(data_dir, workers=workers, whole=keep) as (known, supervisor):

            def tell(line: str) -> None:
                say(line)
                supervisor.turn()

            with trouble_told():
                played = play(known, purchases, tell)
            typer.echo("\n".join(played.lines()))
            for failure in played.failures:
                typer.echo(f"FAILED: {failure}")
            if keep:
                _stay(known, supervisor, data_dir)
    except AskedToStop:
        raise typer.Exit(INTERRUPTED) from None
    if played.failures:
        raise typer.Exit(1)


def _weeks(said: str) -> int:
    from deploy.demo.purchases import WEEKS_MAX  # noqa: PLC0415 (slow to import)

    if said == "all":
        return WEEKS_MAX
    if not said.isdecimal() or not 1 <= int(said) <= WEEKS_MAX:
        raise typer.BadParameter(f"--weeks is 1 to {WEEKS_MAX}, or all")
    return int(said)


def _stay(known: "Settings", supervisor: "Supervisor", data_dir: Path) -> None:
    """Keep everything running until a signal comes, and tell where to look."""
    typer.echo(f"stock over HTTP: {edge_url(data_dir, known)}/api/v1/inventory/availability")
    typer.echo(f"a token for it:  stockyard token --data-dir {data_dir}")
    typer.echo(f"all addresses:   stockyard env --data-dir {data_dir}")
    typer.echo(f"more orders:     stockyard commerce - --data-dir {data_dir}")
    typer.echo("stays up until Ctrl-C")
    try:
        while True:
            supervisor.turn()
            time.sleep(WATCH_SECONDS)
    except AskedToStop:
        say("asked to stop")
