"""Sending a vendor's feed: chunk by chunk, with a note of the last line that is done.

Beside the feed stand `<file>.progress`, removed at its end, and `<file>.rejected`, the rows that
nothing could be made of, one JSON object a line.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from producers.conversation import Conversation
from producers.rows import BadRow, LineCommand
from producers.vendor_feed import Feed, RowCommands, chunks
from schemas.results import Result

CHUNK_ROWS: Final = 2_000
"""A row describes an item and a location at most: a chunk's questions stay within what a
conversation may have under way."""
REPORTED_MAX: Final = 1_000
"""Refusals kept to be shown; more are only counted."""


class Refusal(NamedTuple):
    """A row that was sent, and what the system said to it."""

    line: int
    command_type: str
    detail: str


@dataclass(slots=True)
class Summary:
    """What became of a feed."""

    rows: int = 0
    bad_rows: int = 0
    skipped_rows: int = 0
    """Done by an earlier run on the same file."""
    sent: int = 0
    applied: int = 0
    replayed: int = 0
    """Answered as an earlier run was; a refusal given again counts as both."""
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)


class Done(NamedTuple):
    """How far a feed has come: its last line, and how long the file of rejected rows was then."""

    digest: str
    line: int
    rejected_bytes: int


class FeedRun:
    """One run over one feed."""

    def __init__(
        self,
        feed: Feed,
        conversation: Conversation[LineCommand],
        *,
        wait: bool,
        told: Callable[[Summary], None] = lambda _: None,
    ) -> None:
        """`wait`: hear what became of the stock too; the catalog's answers are always awaited."""
        self._feed = feed
        self._conversation = conversation
        self._wait = wait
        self._told = told
        self._progress = feed.file.with_name(f"{feed.file.name}.progress")
        self.rejected = feed.file.with_name(f"{feed.file.name}.rejected")
        self.summary = Summary()

    def run(self) -> Summary:
        """Send what no earlier run on this very content has done.

        Raises:
            ValueError: the file has no usable header.
            NoResultError: answers are due and none comes.
            PublishError: the broker takes nothing, or has refused a command.
        """
        done = self._resume()
        for chunk in chunks(self._feed.rows(), CHUNK_ROWS):
            fresh = [row for row in chunk if row.line > done.line]
            self.summary.skipped_rows += len(chunk) - len(fresh)
            if fresh:
                self._send(fresh)
                done = Done(self._feed.digest, chunk[-1].line, self._keep_apart(fresh))
                _note(self._progress, done)
            self._told(self.summary)
        self._progress.unlink(missing_ok=True)
        return self.summary

    def _resume(self) -> Done:
        """Where the last run on this content stopped; what it wrote beyond that is cut off."""
        done = _noted(self._progress)
        if done is None or done.digest != self._feed.digest:
            self.rejected.unlink(missing_ok=True)
            return Done(self._feed.digest, 0, 0)
        if self.rejected.exists():
            os.truncate(self.rejected, min(done.rejected_bytes, self.rejected.stat().st_size))
        return done

    def _send(self, chunk: Sequence[RowCommands | BadRow]) -> None:
        """The catalog's commands, their answers, then the stock that builds on them."""
        rows = [row for row in chunk if isinstance(row, RowCommands)]
        self.summary.rows += len(chunk)
        self._ask([fed for row in rows for fed in row.catalog])
        stock = [fed for row in rows for fed in row.stock]
        if self._wait:
            self._ask(stock)
            return
        for fed in stock:
            self._conversation.tell(fed.command, fed.idempotency_key, key=fed.key)
        self._conversation.settle()
        self.summary.sent += len(stock)

    def _ask(self, some: Sequence[LineCommand]) -> None:
        for fed in some:
            self._conversation.ask(fed.command, fed.idempotency_key, fed, key=fed.key)
        self.summary.sent += len(some)
        for answer in self._conversation.rest():
            self._hear(answer.about, answer.result)

    def _hear(self, fed: LineCommand, result: Result) -> None:
        summary = self.summary
        applied = result.status == "applied"
        summary.replayed += result.replayed
        summary.applied += applied and not result.replayed
        if applied:
            return
        summary.refused += 1
        if len(summary.refusals) < REPORTED_MAX:
            detail = str((result.problem or {}).get("detail"))
            summary.refusals.append(Refusal(fed.line, fed.command.TYPE, detail))

    def _keep_apart(self, chunk: Sequence[RowCommands | BadRow]) -> int:
        """Write the bad rows of a chunk where they can be mended; the file's length after that."""
        bad = [row for row in chunk if isinstance(row, BadRow)]
        self.summary.bad_rows += len(bad)
        if bad:
            with self.rejected.open("a", encoding="utf-8") as rejected:
                # Plain ASCII, so that even bytes that were no text can be shown.
                rejected.writelines(json.dumps(row._asdict()) + "\n" for row in bad)
        return self.rejected.stat().st_size if self.rejected.exists() else 0


def _noted(progress: Path) -> Done | None:
    return Done(**json.loads(progress.read_text())) if progress.exists() else None


def _note(progress: Path, done: Done) -> None:
    """Replace the note in one step, so that no interruption leaves half of one."""
    part = progress.with_name(f"{progress.name}.part")
    part.write_text(json.dumps(done._asdict()))
    part.replace(progress)
