"""Asking and hearing the answer: commands under way, bounded in number, matched to their results."""

from collections.abc import Iterator
from time import monotonic
from typing import Final, Generic, NamedTuple, TypeVar

from producers.commands import CommandProducer, Sender
from producers.results import ResultReader
from schemas.commands import Command
from schemas.results import Result
from schemas.settings import Settings

SILENCE_SECONDS: Final = 60.0
"""How long without any result before the wait is given up."""
TURN_SECONDS: Final = 0.1
UNDER_WAY_MAX: Final = 4_000

T = TypeVar("T")


class NoResultError(RuntimeError):
    """Commands were sent, and nobody has answered them."""


class Answer(NamedTuple, Generic[T]):
    """A command's result, with what its sender calls it and how long it took."""

    about: T
    result: Result
    seconds: float


class Conversation(Generic[T]):
    """Sends commands in one sender's name and hears their results. Not for several threads."""

    def __init__(
        self,
        settings: Settings,
        sender: Sender,
        *,
        under_way_max: int = UNDER_WAY_MAX,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._sender = sender
        self._under_way_max = under_way_max
        self._silence_seconds = silence_seconds
        # A list: one key may be asked for again before it is answered.
        self._under_way: dict[str, list[tuple[T, float]]] = {}
        self.waiting = 0
        """How many commands are not answered yet."""
        self._heard_at = monotonic()
        self._reader = ResultReader(settings, sender.source_system, sender.tenant_id)
        self._producer = CommandProducer(settings)

    @property
    def room(self) -> int:
        """How many more commands may be sent before answers must be heard."""
        return self._under_way_max - self.waiting

    def ask(
        self, command: Command, idempotency_key: str, about: T, *, key: str | None = None
    ) -> None:
        """Send a command; its result comes out of `answers`, beside `about`.

        Raises:
            ValueError: a header that the worker would refuse.
            PublishError: the broker takes nothing.
        """
        now = monotonic()
        if not self.waiting:
            self._heard_at = now
        self.tell(command, idempotency_key, key=key)
        self._under_way.setdefault(idempotency_key, []).append((about, now))
        self.waiting += 1

    def tell(self, command: Command, idempotency_key: str, *, key: str | None = None) -> None:
        """Send a command whose result nobody waits for; raises what `ask` raises."""
        self._producer.send(
            command,
            request_id=idempotency_key,
            idempotency_key=idempotency_key,
            key=key,
            **self._sender._asdict(),
        )

    def answers(self, within_seconds: float = TURN_SECONDS) -> list[Answer[T]]:
        """The answers at hand, waiting only for the first, and not at all if none is due.

        Raises:
            NoResultError: none came for longer than the bound, though some are due.
            PublishError: the broker has refused a command.
        """
        if not self.waiting:
            return []
        results = self._reader.poll(within_seconds)
        now = monotonic()
        heard = []
        for result in results:
            asked = self._under_way.get(result.idempotency_key)
            if asked is None:
                continue  # somebody else's, under the same source system
            about, since = asked.pop(0)
            if not asked:
                del self._under_way[result.idempotency_key]
            heard.append(Answer(about, result, now - since))
        self.waiting -= len(heard)
        if heard:
            self._heard_at = now
        elif now - self._heard_at > self._silence_seconds:
            self._give_up()
        return heard

    def _give_up(self) -> None:
        """Say what is the matter: not delivered, or delivered and not answered."""
        self._producer.settle()
        raise NoResultError(
            f"{self.waiting} commands have no result after {self._silence_seconds:.0f} s; "
            f"the first of them is {next(iter(self._under_way))}. Does a worker run?"
        )

    def rest(self) -> Iterator[Answer[T]]:
        """All answers that are still due, as they come; raises what `answers` raises."""
        while self.waiting:
            yield from self.answers()

    def settle(self) -> None:
        """Wait until the broker has acknowledged all that was sent; see `CommandProducer`."""
        self._producer.settle()

    def close(self) -> None:
        """Stop sending and hearing."""
        self._producer.close()
        self._reader.close()
