"""`stockyard feed`: a vendor's file of items and stock, sent once however often it is run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.streams import DATA_DIR, DataDir, trouble_told
from deploy.machine.addresses import adopt
from deploy.machine.says import say

if TYPE_CHECKING:
    from producers.feed_run import Summary
    from producers.rows import LineCommand

SHOWN_MAX = 50


def feed(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    *,
    vendor: Annotated[str, typer.Option(help="the vendor's name, visible characters")],
    column: Annotated[
        list[str] | None, typer.Option(help="OURS=THEIRS, for a column of another name")
    ] = None,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="hear what became of the stock too, and name refused lines"),
    ] = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Send a CSV or NDJSON file: items (sku, name), locations (location, location_name), stock.

    Columns: sku, name, uom, track_by, barcode, location, location_name, quantity, lot. A row with a
    name describes the item, one with a location_name the location, one with a quantity sets what is
    on hand. Interrupted, run it again: it goes on after the last line that is done, and nothing is
    applied twice. Rows that cannot be read go to FILE.rejected, with their line and the reason.
    """
    from producers.conversation import Conversation  # noqa: PLC0415 (slow to import)
    from producers.feed_run import FeedRun  # noqa: PLC0415  # slow to import
    from producers.vendor_feed import Feed, sender  # noqa: PLC0415  # slow to import

    with trouble_told():
        read = Feed(file, vendor, _columns(column or []))
        conversation: Conversation[LineCommand] = Conversation(
            adopt(data_dir, database=False), sender(vendor)
        )
        run = FeedRun(read, conversation, wait=wait, told=_progress)
        summary = run.run()
        conversation.close()
    _report(summary, run.rejected)
    if summary.bad_rows or summary.refused:
        raise typer.Exit(1)


def _columns(pairs: list[str]) -> dict[str, str]:
    columns = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if len(columns) < len(pairs):
        raise typer.BadParameter("--column is OURS=THEIRS, each of ours once")
    return columns


def _progress(summary: "Summary") -> None:
    say(f"{summary.rows + summary.skipped_rows} rows read, {summary.sent} commands sent")


def _report(summary: "Summary", rejected: Path) -> None:
    """The end of a feed, for the person who sent it."""
    for refusal in summary.refusals[:SHOWN_MAX]:
        typer.echo(f"line {refusal.line}: {refusal.command_type} refused: {refusal.detail}")
    if summary.refused > SHOWN_MAX:
        typer.echo(f"and {summary.refused - SHOWN_MAX} more refusals")
    if summary.skipped_rows:
        typer.echo(f"{summary.skipped_rows} rows were done by an earlier run")
    typer.echo(
        f"{summary.rows} rows: {summary.sent} commands sent, {summary.applied} heard applied, "
        f"{summary.replayed} answered as before, {summary.refused} refused"
    )
    if summary.bad_rows:
        typer.echo(f"{summary.bad_rows} rows could not be read: see {rejected}")
