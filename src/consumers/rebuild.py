"""`stockyard rebuild`: the read tables made anew from the journal while the old ones serve.

New tables grow in a schema of their own. Once they have caught up and agree with the ledger, they
take the old ones' name in one transaction, at the offsets where the old ones stood: every record
before those was in the journal when its last rows were folded, and what is read twice is absorbed
by version or key. A projector that runs meanwhile waits for a moment and goes on in the new tables.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
import psycopg
import structlog
from confluent_kafka import KafkaException
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from consumers.fold import Folded
from consumers.pace import Pace
from consumers.parity import PARITIES, Parity, compare
from consumers.project import UnprojectableError
from consumers.projections.event import UnreadableError, read_event, read_result
from consumers.projector import open_session
from ledger import journal, read_progress, read_schema, shards, timeline
from ledger.connection import Transaction, allow, connect, now
from ledger.journal import Row
from ledger.migrate import migrate_read
from ledger.read_progress import Partition, Progress
from producers.kafka_topics import Reach, existing, reaches
from producers.messages import messages
from schemas.failpoints import reached as passing
from schemas.settings import Settings
from schemas.times import stamp
from schemas.topics import MODULES, events_topic, module_of, results_topic, shard_of

log = structlog.get_logger()

ROWS_PER_READ: Final = 1_000
NEAR_ROWS: Final = 2_000
"""The old tables are held only when no more of the journal is left than this."""
ROUNDS_MAX: Final = 50
HOLD_ATTEMPTS: Final = 5
COMPARE_MS: Final = 900_000


def run(settings: Settings, say: Callable[[str], None] = log.info) -> int:
    """Rebuild, telling its progress. Safe to interrupt, and to run again.

    Returns the exit code: 0 when new tables serve; 1 when they would not agree with the ledger, a
    server went away, writing was faster, or another rebuild runs: then the old ones serve on.

    Raises:
        UnprojectableError: the journal says what the tables cannot take: a bug.
    """
    try:
        with connect(settings.read_url, "stockyard rebuild claim") as claim:
            claim.autocommit = True
            if read_schema.claim(claim):
                return _rebuild(settings, claim, say)
            say("another rebuild is at work")
    except (psycopg.OperationalError, KafkaException, TimeoutError) as error:
        say(f"not finished, nothing is lost, run it again: {error}")
    return 1


def is_needed(settings: Settings) -> bool:
    """Whether the ledger was put back to an earlier moment since the read tables were made.

    Raises:
        psycopg.Error: a database does not answer.
    """
    with connect(settings.ledger_url, "stockyard rebuild") as ledger:
        number = timeline.current(ledger)
    with connect(settings.read_url, "stockyard rebuild") as read:
        rows = read_progress.serving(read).values()
    return min((row.timeline for row in rows), default=timeline.FIRST_TIMELINE) < number


def _rebuild(settings: Settings, claim: Transaction, say: Callable[[str], None]) -> int:
    """Clear what an interrupted one left, build, swap, clear the old tables."""
    migrate_read(settings.read_url)
    read_schema.drop_next(claim)
    read_schema.drop_old(claim)
    read_schema.make_next(settings.read_url)
    with (
        connect(settings.ledger_url, "stockyard rebuild ledger") as ledger,
        open_session(settings, read_schema.NEXT_SCHEMA, "stockyard rebuild") as read,
    ):
        ledger.autocommit = True
        agreed = _Build(settings, ledger, read, say).run()
    if not agreed:
        read_schema.drop_next(claim)
        return 1
    _patiently(lambda: read_schema.drop_old(claim))
    say("the old tables are gone")
    return 0


def _patiently(step: Callable[[], None]) -> None:
    """A step that needs a lock which others may hold for a while."""
    for attempt in Retrying(
        retry=retry_if_exception_type(psycopg.errors.LockNotAvailable),
        stop=stop_after_attempt(HOLD_ATTEMPTS),
        wait=wait_fixed(1),
        reraise=True,
    ):
        with attempt:
            step()


class _Build:
    """New tables on their way, and how far each shard's journal is folded into them."""

    def __init__(
        self,
        settings: Settings,
        ledger: Transaction,
        read: Transaction,
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._read = read
        self._say = say
        self._prefix = settings.topic_prefix
        self._reached: dict[int, int] = {}
        self._rows = 0
        self._pace = Pace("journal rows", say)
        self._timeline = timeline.current(ledger)
        self._results_since = stamp(now(ledger) - settings.idempotency_retention)

    def run(self) -> bool:
        """Build, compare and swap; false, and no swap, when something differs."""
        self._catch_up_near()
        if not self._agrees():
            self._say("not swapped: the old tables serve on")
            return False
        _patiently(self._swap)
        self._say(f"{self._rows:,} journal rows folded: the new tables serve")
        return True

    def _catch_up_near(self) -> None:
        """Fold the journal until little of it is left, though writing goes on."""
        for _ in range(ROUNDS_MAX):
            if self._catch_up() <= NEAR_ROWS:
                return
        raise TimeoutError(f"writing is faster than rebuilding, {ROUNDS_MAX} times over")

    def _catch_up(self) -> int:
        """Fold all shards up to where they end now; how many rows that was."""
        before = self._rows
        ends = shards.ends(self._ledger)
        total = before + sum(end - self._reached.get(shard, 0) for shard, end in ends.items())
        for shard, end in ends.items():
            while self._reached.get(shard, 0) < end:
                self._fold_next(shard)
                self._pace.tell(self._rows, max(total, self._rows))
        return self._rows - before

    def _fold_next(self, shard: int) -> None:
        """Fold a shard's next rows, in one transaction."""
        rows = journal.after(self._ledger, shard, self._reached.get(shard, 0), ROWS_PER_READ)
        if not rows:
            raise RuntimeError(f"the journal of shard {shard} ends before its shard's row says")
        folded = Folded()
        for row in rows:
            try:
                self._fold(folded, row)
            except (UnreadableError, KeyError, TypeError, ValueError, AttributeError) as error:
                raise UnprojectableError(f"journal {row[:3]}: {error!r}") from error
        with self._read.transaction():
            folded.write(self._read)
        self._reached[shard] = rows[-1].sequence
        self._rows += len(rows)

    def _fold(self, folded: Folded, row: Row) -> None:
        """Fold the messages that the row says to the world; others are not for us."""
        record: dict[str, Any] = orjson.loads(row.record)
        if record["kind"] == "dead_letter":
            return
        results, events = (
            results_topic(self._prefix),
            events_topic(self._prefix, module_of(row.shard)),
        )
        for topic, _, _, value, headers in messages(self._prefix, record):
            if topic == results and record["at"] >= self._results_since:
                folded.take(read_result(headers, value, record["at"]))
            elif topic == events and (event := read_event(headers, value)):
                folded.take(event)

    def _agrees(self) -> bool:
        """Compare the new tables with the ledger as of one snapshot, folded up to just there."""
        allow(self._ledger, COMPARE_MS)
        allow(self._read, COMPARE_MS)
        with self._ledger.transaction():
            self._ledger.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            self._catch_up()
            self._say(f"{self._rows:,} journal rows folded, comparing them with the ledger")
            with self._read.transaction():
                return sum([self._differing(parity) for parity in PARITIES]) == 0

    def _differing(self, parity: Parity) -> int:
        """Compare one table, and say what was found."""
        found = compare(self._ledger, self._read, parity)
        for line in found.named:
            self._say(line)
        self._say(f"{found.name}: {found.rows:,} rows compared, {found.differing:,} differ")
        return found.differing

    def _swap(self) -> None:
        """Fold the journal's last rows while no projector moves, and exchange the tables.

        Raises:
            psycopg.errors.LockNotAvailable: a projector was too long in one batch; nothing changed.
        """
        there = existing(self._settings)
        wanted = [results_topic(self._prefix), *(events_topic(self._prefix, m) for m in MODULES)]
        stood = read_progress.serving(self._read)
        # Asked before the journal is read to its end: all that these hold is in the journal.
        held = reaches(self._settings, [topic for topic in wanted if topic in there])
        self._catch_up_near()
        before = dict(self._reached)
        try:
            self._swap_held(held, stood)
        except BaseException:
            self._reached = before  # what the transaction folded is gone with it
            raise

    def _swap_held(
        self, held: Mapping[Partition, Reach], stood: Mapping[Partition, Progress]
    ) -> None:
        with self._read.transaction():
            read_schema.hold(self._read)
            self._catch_up()
            rows = self._places(held, stood, read_progress.serving(self._read))
            read_progress.place(
                self._read, rows, {place: reach.topic_id for place, reach in held.items()}
            )
            read_schema.swap(self._read)
            read_progress.announce(self._read, self._reached)
            passing("p.before_swap")
        passing("p.after_swap")

    def _places(
        self,
        held: Mapping[Partition, Reach],
        stood: Mapping[Partition, Progress],
        stand: Mapping[Partition, Progress],
    ) -> Sequence[Progress]:
        """Where reading goes on: where the old tables stand.

        Or at the end, where they stand nowhere in what the partition holds: retention has passed
        them, or the topic was made anew.
        """
        return [
            self._at(
                place, stand[place].next_offset if _fits(stood.get(place), reach) else reach.high
            )
            for place, reach in held.items()
        ]

    def _at(self, place: Partition, offset: int) -> Progress:
        topic, partition = place
        module = topic.rpartition(".")[2]
        shard = shard_of(module, partition) if module in MODULES else None
        reached = self._reached.get(shard, 0) if shard is not None else 0
        row = Progress(topic, partition, shard, offset, reached, offset)
        row.timeline = self._timeline
        return row


def _fits(stood: Progress | None, reach: Reach) -> bool:
    """Whether a place is one that the partition holds, of this incarnation of the topic."""
    return (
        stood is not None
        and stood.topic_id in {None, reach.topic_id}
        and reach.low <= stood.next_offset <= reach.high
    )
