"""`stockyard deadletter`: the records that no command could be made of, seen and sent again."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from deploy.machine.addresses import DATA_DIR, adopt
from deploy.machine.says import say
from deploy.machine.trouble import OperatorError
from schemas.dead_letters import Reason
from schemas.times import stamp
from schemas.topics import MODULES, PARTITIONS_MAX, module_of, partition_of, shard_of

if TYPE_CHECKING:
    from ledger.dead_letters import Count, Filter, Letter, Place
    from schemas.settings import Settings

app = typer.Typer(help="List, show and redrive the records that no command could be made of.")
DataDir = Annotated[Path, typer.Option(help="used when the environment names no servers")]
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]
Module = Annotated[list[str] | None, typer.Option(help="of this module only; may be repeated")]
Why = Annotated[list[Reason] | None, typer.Option("--reason", help="likewise, of this reason")]
Since = Annotated[datetime | None, typer.Option(formats=FORMATS, help="failed then or later, UTC")]
Until = Annotated[datetime | None, typer.Option(formats=FORMATS, help="failed before that, UTC")]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[LETTER]...", help="as `list` names it")
]
LISTED = 50


@app.command("list")
def show_list(
    *,
    module: Module = None,
    reason: Why = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int, typer.Option("--max", min=0, help="letters, the youngest first")
    ] = LISTED,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object instead")] = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Count the dead letters by module and reason, and name the youngest."""
    from ledger import dead_letters  # noqa: PLC0415 (slow to import)
    from ledger.connection import connect  # noqa: PLC0415  # slow to import

    wanted = _filter(module, reason, since, until)
    known = adopt(data_dir, kafka=False)
    with _trouble_told(), connect(known.ledger_url, "stockyard deadletter") as tx:
        counts = _by_module(dead_letters.counts(tx, wanted, known.dead_letter_replays_max))
        letters = [_summary(each, known) for each in dead_letters.find(tx, wanted, limit)]
    if as_json:
        typer.echo(orjson.dumps({"counts": counts, "letters": letters}, option=orjson.OPT_INDENT_2))
        return
    for each in counts:
        typer.echo(
            f"{each['module']:14} {each['reason']:20} {each['letters']:7} letters: {each['waiting']}"
            f" waiting, {each['redriven']} redriven, {each['parked']} parked"
        )
    for each in letters:
        typer.echo(
            f"{each['letter']:14} {each['failed_at']}  {each['module']} [{each['partition']}] offset"
            f" {each['offset']}  {each['reason']}, {each['state']}, replays {each['replays']}"
        )
    if not counts:
        typer.echo("no dead letters")


@app.command("show")
def show(
    letter: Annotated[str, typer.Argument(help="as `list` names it")], data_dir: DataDir = DATA_DIR
) -> None:
    """Print one dead letter whole, as JSON; bytes that are no text as hex."""
    from ledger import dead_letters, journal  # noqa: PLC0415 (slow to import)
    from ledger.connection import connect  # noqa: PLC0415  # slow to import

    wanted = dead_letters.Filter(places=_places([letter]))
    known = adopt(data_dir, kafka=False)
    with _trouble_told(), connect(known.ledger_url, "stockyard deadletter") as tx:
        found = dead_letters.find(tx, wanted, 1)
        if not found:
            raise OperatorError(f"no letter {letter}: `stockyard deadletter list` names them")
        place = (found[0].tenant_id, *found[0].place)
        kept = orjson.loads(journal.at(tx, [place])[place])["letter"]
    whole = {**_summary(found[0], known), **_readable(kept)}
    typer.echo(orjson.dumps(whole, option=orjson.OPT_INDENT_2))


@app.command("redrive")
def redrive(  # noqa: PLR0913 (each an option of the verb)
    letters: Names = None,
    *,
    module: Module = None,
    reason: Why = None,
    since: Since = None,
    until: Until = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="send nothing, say what would be")
    ] = False,
    limit: Annotated[
        int, typer.Option("--max", min=1, help="letters; run it again for more")
    ] = 1000,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Send records again to the partitions they came from, in their order, each once.

    Interrupted, run it again: it finds out what was sent. A command whose key was applied meanwhile
    is answered as a repeat, not applied. A letter that waits behind an earlier one of its key goes
    only with it; one redriven too often, or older than half of the time for which keys are known,
    does not go.
    """
    from producers.redrive import redrive as run  # noqa: PLC0415 (slow to import)
    from producers.redrive_plan import Fate  # noqa: PLC0415  # slow to import

    wanted = _filter(module, reason, since, until, letters)
    with _trouble_told():
        tally = run(adopt(data_dir), wanted, limit, dry_run=dry_run, tell=say)
    for why in sorted({why for why, _ in tally}):
        fates = ", ".join(
            f"{tally[why, fate]} {_FATES[fate.name] if fate is not Fate.SEND or dry_run else 'sent'}"
            for fate in Fate
            if tally[why, fate]
        )
        typer.echo(f"{why:20} {fates}")
    if not tally:
        typer.echo("no such letter waits")


_FATES = {
    "SEND": "would be sent",
    "LATER": "left for the next time (--max)",
    "BEHIND": "held behind an earlier letter of their key",
    "PARKED": "parked: redriven too often",
    "AGED": "too old: their keys may be forgotten",
}


def _filter(
    modules: list[str] | None,
    reasons: list[Reason] | None,
    since: datetime | None,
    until: datetime | None,
    letters: list[str] | None = None,
) -> "Filter":
    from ledger.dead_letters import Filter  # noqa: PLC0415 (slow to import)

    unknown = set(modules or ()) - set(MODULES)
    if unknown:
        raise typer.BadParameter(f"no module {', '.join(unknown)}: there are {', '.join(MODULES)}")
    return Filter(
        [shard_of(module, number) for module in modules or () for number in range(PARTITIONS_MAX)],
        [str(reason) for reason in reasons or ()],
        _in_utc(since),
        _in_utc(until),
        _places(letters or []),
    )


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _places(names: list[str]) -> "list[Place]":
    from ledger.dead_letters import Place  # noqa: PLC0415 (slow to import)

    try:
        return [Place(*map(int, name.split(":"))) for name in names]
    except (TypeError, ValueError) as error:
        raise typer.BadParameter("a letter is named as `list` does, like 512:17") from error


def _by_module(counts: "list[Count]") -> list[dict[str, Any]]:
    """The counts of a module's partitions, added up."""
    summed: dict[tuple[str, str], Counter[str]] = {}
    for each in counts:
        summed.setdefault((module_of(each.shard), each.reason), Counter()).update(
            letters=each.letters,
            waiting=each.letters - each.redriven - each.parked,
            redriven=each.redriven,
            parked=each.parked,
        )
    return [
        {"module": module, "reason": reason, **numbers}
        for (module, reason), numbers in sorted(summed.items())
    ]


def _summary(letter: "Letter", known: "Settings") -> dict[str, Any]:
    state = "parked" if letter.replays >= known.dead_letter_replays_max else "waiting"
    return {
        "letter": str(letter.place),
        "module": module_of(letter.place.shard),
        "partition": partition_of(letter.place.shard),
        "offset": letter.offset,
        "reason": letter.reason,
        "state": "redriven" if letter.redriven_at else state,
        "replays": letter.replays,
        "first_failed_at": stamp(letter.first_failed_at),
        "failed_at": stamp(letter.failed_at),
        "redriven_at": letter.redriven_at and stamp(letter.redriven_at),
    }


def _readable(kept: dict[str, Any]) -> dict[str, Any]:
    """The record's own parts, as text where they are text."""
    return {
        "detail": kept["detail"],
        "attempts": kept["attempts"],
        "timestamp_ms": kept["timestamp"],
        "key": _text(kept["key"]),
        "headers": [[name, _text(value)] for name, value in kept["headers"]],
        "value": _text(kept["value"]),
    }


def _text(kept: str | None) -> Any:  # noqa: ANN401  # text, or an object that holds hex
    if kept is None:
        return None
    try:
        return bytes.fromhex(kept).decode()
    except UnicodeDecodeError:
        return {"hex": kept}


@contextmanager
def _trouble_told() -> Iterator[None]:
    """Tell what goes wrong with the servers in one line."""
    import psycopg  # noqa: PLC0415 (slow to import)
    from confluent_kafka import KafkaException  # noqa: PLC0415  # slow to import

    from producers.publisher import PublishError  # noqa: PLC0415  # slow to import
    from producers.redrive import BusyError  # noqa: PLC0415  # slow to import
    from producers.sent_again import SilentError  # noqa: PLC0415  # slow to import

    try:
        yield
    except psycopg.Error as error:
        raise OperatorError(f"the database: {str(error).partition(chr(10))[0]}") from error
    except KafkaException as error:
        raise OperatorError(f"the broker: {error.args[0].str()}") from error
    except (PublishError, SilentError) as error:
        raise OperatorError(f"{error}. Run it again: what was sent is not sent twice") from error
    except BusyError as error:
        raise OperatorError(str(error)) from error
