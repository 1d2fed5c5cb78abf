"""A stream of lines sent as it comes, and what became of each line told as it is heard."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from producers.conversation import Answer, Conversation
from producers.rows import BadRow, LineCommand
from schemas.results import Result


@dataclass(slots=True)
class Streamed:
    """How the lines of a stream have fared."""

    bad: int = 0
    sent: int = 0
    applied: int = 0
    replayed: int = 0
    refused: int = 0

    def count(self, result: Result) -> None:
        """Take note of a result; a refusal given again counts as both."""
        applied = result.status == "applied"
        self.replayed += result.replayed
        self.applied += applied and not result.replayed
        self.refused += not applied

    @property
    def is_clean(self) -> bool:
        """Whether every line was sent, and none that was waited for is refused."""
        return not self.bad and not self.refused


def stream(
    conversation: Conversation[LineCommand],
    some: Iterable[LineCommand | BadRow],
    tell: Callable[[BadRow | Answer[LineCommand]], None],
    *,
    wait: bool = True,
) -> Streamed:
    """Send every line; `tell` hears of each bad line and, if asked to `wait`, of each result.

    Raises:
        NoResultError: answers are due and none comes.
        PublishError: the broker takes nothing, or has refused a command.
    """
    streamed = Streamed()

    def hear(answers: Iterable[Answer[LineCommand]]) -> None:
        for answer in answers:
            streamed.count(answer.result)
            tell(answer)

    for each in some:
        if isinstance(each, BadRow):
            streamed.bad += 1
            tell(each)
            continue
        streamed.sent += 1
        if not wait:
            conversation.tell(each.command, each.idempotency_key, key=each.key)
            continue
        conversation.ask(each.command, each.idempotency_key, each, key=each.key)
        hear(conversation.answers(0))
        while conversation.room <= 0:
            hear(conversation.answers())
    hear(conversation.rest())
    conversation.settle()
    return streamed
