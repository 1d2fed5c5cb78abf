"""`stockyard reset-consumer`: lets a halted worker go on, once somebody says what may be lost."""

import getpass
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.machine.addresses import DATA_DIR, adopt
from deploy.machine.says import say
from deploy.machine.trouble import OperatorError
from schemas.topics import MODULES

if TYPE_CHECKING:
    from consumers.places import Kind

DataDir = Annotated[Path, typer.Option(help="whose servers to use when the environment names none")]


def reset_consumer(  # one argument an option
    module: Annotated[str, typer.Argument(help="whose worker has halted")],
    *,
    accept_new_topic: Annotated[
        bool, typer.Option(help="the topic was made anew: read it from its beginning")
    ] = False,
    accept_lost_end: Annotated[
        bool, typer.Option(help="the log has lost its end: read what is left of it again")
    ] = False,
    skip_missing: Annotated[
        bool, typer.Option(help="retention took records that were never applied: go on behind them")
    ] = False,
    partition: Annotated[
        list[int] | None, typer.Option(help="only this one; may be given more than once")
    ] = None,
    yes: Annotated[bool, typer.Option(help="do it; without it, say what would be done")] = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Say what a module's worker halts at; with an option that accepts it, let it go on."""
    if module not in MODULES:
        raise typer.BadParameter(f"no such module: {module}", param_hint="MODULE")
    from consumers.places import Kind  # noqa: PLC0415 (slow to import)

    accepted = {
        Kind.NEW_TOPIC: ("--accept-new-topic", accept_new_topic),
        Kind.LOST_END: ("--accept-lost-end", accept_lost_end),
        Kind.MISSING: ("--skip-missing", skip_missing),
    }
    with _trouble_told():
        _reset(data_dir, module, accepted, partition or [], yes=yes)


def _reset(
    data_dir: Path,
    module: str,
    accepted: "Mapping[Kind, tuple[str, bool]]",
    partitions: list[int],
    *,
    yes: bool,
) -> None:
    """Look, tell, and only then act.

    Raises:
        OperatorError: nothing was changed; its message says what is missing for it.
    """
    from consumers import reset  # noqa: PLC0415 (slow to import)

    settings = adopt(data_dir)
    found = [
        trouble
        for trouble in reset.troubles(settings, module)
        if not partitions or trouble.place.partition in partitions
    ]
    for trouble in found:
        typer.echo(f"{trouble.says}\n    {accepted[trouble.kind][0]}: {trouble.cost}")
    if not found:
        say(f"nothing to reset: the workers of {module} can go on")
        return
    wanted = {
        option for option, is_given in (accepted[each.kind] for each in found) if not is_given
    }
    if wanted:
        raise OperatorError(f"nothing was changed: accept it with {' '.join(sorted(wanted))}")
    if old := reset.too_old(settings, found):
        raise OperatorError(
            f"nothing was changed: {old} holds records older than keys are kept, which could be "
            "applied twice: shorten its retention.ms until they are gone"
        )
    if busy := reset.at_work(settings, module):
        raise OperatorError(
            f"nothing was changed: {module} is still read by {', '.join(busy)}: stop all of its "
            "workers and wait ten seconds"
        )
    if not yes:
        raise OperatorError("nothing was changed: say it again with --yes")
    for step in reset.reset(settings, found, f"{getpass.getuser()} on {socket.gethostname()}"):
        say(f"shard {step.shard} goes on at {step.to_offset}")


@contextmanager
def _trouble_told() -> Iterator[None]:
    """Tell in one line what keeps us from looking or acting."""
    import psycopg  # noqa: PLC0415 (slow to import)
    from confluent_kafka import KafkaException  # noqa: PLC0415  # slow to import

    from consumers.places import HaltError  # noqa: PLC0415  # slow to import
    from ledger.shards import FencedError  # noqa: PLC0415  # slow to import

    try:
        yield
    except KafkaException as error:
        raise OperatorError(f"the broker: {error.args[0].str()}") from error
    except psycopg.Error as error:
        raise OperatorError(f"the database: {error}") from error
    except (FencedError, HaltError, TimeoutError) as error:
        raise OperatorError(f"nothing was changed: {error}") from error
