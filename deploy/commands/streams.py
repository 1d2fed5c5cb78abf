"""What the verbs that send commands share: their options, their input, their answers, their end."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import orjson
import typer

from deploy.machine.addresses import DATA_DIR, adopt
from deploy.machine.says import say
from deploy.machine.trouble import OperatorError

if TYPE_CHECKING:
    from producers.commands import Sender
    from producers.conversation import Answer
    from producers.rows import BadRow, LineCommand

DataDir = Annotated[Path, typer.Option(help="used when ERP_KAFKA_BOOTSTRAP_SERVERS is not set")]
Wait = Annotated[bool, typer.Option(help="hear and print what became of each command")]
Input = Annotated[str, typer.Argument(help="a file, or - for standard input")]
Tenant = Annotated[str | None, typer.Option(help="default: the configured one")]

__all__ = ["DATA_DIR", "DataDir", "Input", "Tenant", "Wait", "opened", "send_lines", "trouble_told"]


@contextmanager
def opened(name: str) -> Iterator[TextIO]:
    """The named file, or standard input; bytes that are not UTF-8 spoil their own line only."""
    if name == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]  # a real one has it
        yield sys.stdin
        return
    try:
        stream = Path(name).open(encoding="utf-8", errors="surrogateescape")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise OperatorError(f"cannot read {name}: {error.strerror}") from error
    with stream:
        yield stream


@contextmanager
def trouble_told() -> Iterator[None]:
    """Tell what goes wrong with broker, topics or workers in one line."""
    from confluent_kafka import KafkaException  # noqa: PLC0415 (slow to import)

    from producers.conversation import NoResultError  # noqa: PLC0415  # slow to import
    from producers.publisher import PublishError  # noqa: PLC0415  # slow to import
    from producers.results import NoResultsTopicError  # noqa: PLC0415  # slow to import

    try:
        yield
    except KafkaException as error:
        raise OperatorError(f"the broker: {error.args[0].str()}") from error
    except (NoResultError, NoResultsTopicError, PublishError, ValueError) as error:
        raise OperatorError(str(error)) from error


def send_lines(
    lines: "Iterable[LineCommand | BadRow]",
    sender: "Sender",
    data_dir: Path,
    *,
    wait: bool,
    alone: bool,
) -> None:
    """Send each line's command, print results as JSON lines, and exit: 1 if any line failed.

    `alone`: hear each command's result before the next is read, as a person at a terminal expects.
    """
    from producers.conversation import UNDER_WAY_MAX, Conversation  # noqa: PLC0415 (slow to import)
    from producers.streaming import stream  # noqa: PLC0415  # slow to import

    with trouble_told():
        conversation: Conversation[LineCommand] = Conversation(
            adopt(data_dir, database=False), sender, under_way_max=1 if alone else UNDER_WAY_MAX
        )
        streamed = stream(conversation, lines, _tell, wait=wait)
        conversation.close()
    said = f"{streamed.sent} sent, {streamed.bad} lines not understood"
    if wait:
        said += (
            f", {streamed.applied} applied, {streamed.replayed} answered as before,"
            f" {streamed.refused} refused"
        )
    say(said)
    if not streamed.is_clean:
        raise typer.Exit(1)


def _tell(news: "BadRow | Answer[LineCommand]") -> None:
    """A result goes to standard output, a line that is no command to standard error."""
    from producers.rows import BadRow  # noqa: PLC0415  # slow to import

    if isinstance(news, BadRow):
        say(f"line {news.line}: {news.reason}")
        return
    typer.echo(orjson.dumps({"line": news.about.line, **news.result.model_dump()}))
