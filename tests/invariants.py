"""What must hold after any fault: what was sent, stored, published and projected, side by side.

Written against the wire contract and the tables. `prove` runs all of it; each function yields a
line for every violation that it finds.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson

from consumers.parity import PARITIES, compare
from consumers.project import project
from consumers.projector import open_session
from found import Found, id_of, identity_asked, place_of
from ledger import read_progress
from ledger.connection import connect
from ledger.migrate import READ_SCHEMA
from ledger.verify import run as verify
from processes import eventually
from producers.messages import messages
from schemas.envelope import identity
from schemas.settings import Settings
from schemas.topics import commands_topic, deadletter_topic, results_topic, shard_of

if TYPE_CHECKING:
    from pipelines import Pipeline

RETENTION = timedelta(days=30)
PARITY_SECONDS = 30.0
QUIET_SECONDS = 30.0
"""Longer than the frozen session of a dead worker may hold its locks."""
NAMED_MAX = 10


def prove(pipeline: "Pipeline") -> int:
    """Hold everything against everything; how many duplicates were absorbed.

    Raises:
        AssertionError: naming what does not hold.
    """
    wait_for_rest(pipeline)
    found = Found(pipeline)
    wrong = [line for each in INVARIANTS for line in each(found)]
    assert not wrong, "\n".join([f"{len(wrong)} violations", *wrong[:NAMED_MAX]])
    return found.duplicates


def wait_for_rest(pipeline: "Pipeline") -> None:
    """Until every record is applied and published, and no session hangs."""
    eventually("every record is applied", lambda: not _behind(pipeline))
    if not any(worker.lives() for worker in pipeline.workers):
        assert pipeline.run("worker-run-once").ended() == 0, pipeline.logs()
    if pipeline.settings.publisher == "kafka":
        eventually("the journal is published", lambda: not _unpublished(pipeline))
    eventually("no session hangs", lambda: not _hanging(pipeline), QUIET_SECONDS)


def _behind(pipeline: "Pipeline") -> list[str]:
    """Partitions that hold more than was applied, or less."""
    return [
        f"{module}[{partition}] ends at {end}, applied up to {applied}"
        for module in pipeline.whole_modules
        for partition, end in pipeline.ends(commands_topic(pipeline.settings.topic_prefix, module))
        if (applied := pipeline.next_offset(module, partition)) != end
    ]


def _unpublished(pipeline: "Pipeline") -> list[Any]:
    """Journals that were not all acknowledged by the broker, as marked."""
    return pipeline.query(
        "SELECT shard, published_up_to FROM publication JOIN shard USING (shard)"
        " WHERE published_up_to < next_sequence - 1"
    )


def _hanging(pipeline: "Pipeline") -> list[Any]:
    """Sessions that wait for a lock, or sit in a transaction, for longer than a batch takes."""
    return pipeline.query(
        "SELECT application_name, state, wait_event FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND (state LIKE 'idle in transaction%%' OR wait_event_type = 'Lock')"
        " AND state_change < now() - interval '1 second'"
    )


def every_acknowledged_command_has_one_answer(found: Found) -> Iterator[str]:
    """All copies of its result say the same, and say what the journal says."""
    for each in found.pipeline.sent:
        named = identity_asked(each, found.pipeline.settings)
        copies = [
            one
            for one in found.results.get(named, ())
            if one["request_id"] == each.headers["Request-Id"]
        ]
        told = {
            orjson.dumps({**one, "replayed": None}, option=orjson.OPT_SORT_KEYS) for one in copies
        }
        if len(told) != 1:
            yield f"{each.key}: {len(copies)} results that say {len(told)} things"


def every_command_was_applied_once(found: Found) -> Iterator[str]:
    """Of the records in the topics, each identity stands in the journal once, by its first record."""
    for named, places in found.consumed.items():
        records = found.applied.get(named, [])
        before = identity(*named) in found.settled.applied
        if len(records) + before != 1:
            yield f"{named}: applied {len(records) + before} times"
            continue
        if before:
            continue
        shard, offset = records[0]["shard"], records[0]["offset"]
        first = min((place[1] for place in places if place[0] == shard), default=None)
        if offset != first:
            yield f"{named}: applied at {offset} of shard {shard}, first sent at {first}"


def nothing_was_applied_that_nobody_sent(found: Found) -> Iterator[str]:
    """Every command of the journal is in its topic; those given up by their sender may be."""
    if found.pipeline.spoilt:
        return
    for named in found.applied.keys() - found.consumed.keys():
        yield f"{named}: in the journal, in no topic"


def nothing_acknowledged_was_lost(found: Found) -> Iterator[str]:
    """What the broker acknowledged to its sender is in the topic."""
    if found.pipeline.spoilt:
        return
    for each in found.pipeline.sent:
        if identity_asked(each, found.pipeline.settings) not in found.consumed:
            yield f"{each.key}: acknowledged, in no topic"


def the_ledger_proves_itself(found: Found) -> Iterator[str]:
    """Balances, commitments, chain, sequences, offsets: `stockyard verify`."""
    report = verify(found.pipeline.settings.ledger_url, RETENTION)
    yield from (str(finding) for finding in report.wrong)


def every_record_was_counted_once(found: Found) -> Iterator[str]:
    """Dead letters and commands and repeats are together what was consumed."""
    if found.pipeline.spoilt:
        return
    offsets = found.pipeline.query("SELECT coalesce(sum(next_offset), 0) FROM shard")
    applied = offsets[0][0] - sum(found.settled.offsets.values())
    consumed = sum(len(places) for places in found.consumed.values()) + len(found.letters)
    if applied != consumed:
        yield f"{applied} records applied, {consumed} in the topics"


def every_event_is_told(found: Found) -> Iterator[str]:
    """The journal's events stand in the topics, copies alike to the byte, and nothing else does."""
    told: dict[bytes, set[Any]] = {}
    for message in found.events:
        content = (message.topic(), message.partition(), message.key(), message.value())
        told.setdefault(id_of(message), set()).add((*content, tuple(message.headers())))
    for named, contents in told.items():
        if len(contents) > 1:
            yield f"event {named!r} is told in {len(contents)} ways"
    wanted = {
        dict(headers)["ce_id"]: (topic, partition, key, value)
        for record in found.records
        for topic, partition, key, value, headers in messages(found.prefix, record)
        if ".events." in topic
    }
    yield from (f"event {named!r} is not told" for named in wanted.keys() - told.keys())
    wanted |= dict(_told_again(found, told.keys() - wanted.keys()))
    yield from (f"event {named!r} is in no journal" for named in told.keys() - wanted.keys())
    for named in wanted.keys() & told.keys():
        if wanted[named] != next(iter(told[named]))[:4]:
            yield f"event {named!r} says other than the journal"


def _told_again(found: Found, named: AbstractSet[bytes]) -> Iterator[tuple[bytes, Any]]:
    """The events of these names that the journal had before the last proof."""
    places = {place_of(message) for message in found.events if id_of(message) in named}
    for shard, sequence in places:
        if found.settled.holds(shard, sequence):
            statement = "SELECT record FROM journal WHERE shard = %s AND sequence = %s"
            for (text,) in found.pipeline.query(statement, shard, sequence):
                for topic, partition, key, value, headers in messages(
                    found.prefix, orjson.loads(text)
                ):
                    if ".events." in topic:
                        yield dict(headers)["ce_id"], (topic, partition, key, value)


def every_subject_counts_without_gaps(found: Found) -> Iterator[str]:
    """`ce_sequence` of each tenant's subject goes from 1 to the last."""
    for subject, numbers in found.counted.items():
        before = found.settled.subjects.get(subject, 0)
        if numbers != set(range(before + 1, before + len(numbers) + 1)):
            yield f"{subject}: {sorted(numbers)[:NAMED_MAX]} after {before}"


def events_stand_in_the_order_of_their_journal(found: Found) -> Iterator[str]:
    """Whoever drops copies reads each partition's journal from its beginning to its end."""
    by_place = groupby(found.events, key=lambda message: (message.topic(), message.partition()))
    for place, told in by_place:
        last, seen = 0, set()
        for message in told:
            shard, sequence = place_of(message)
            if id_of(message) in seen or found.settled.holds(shard, sequence):
                continue
            seen.add(id_of(message))
            if sequence < last:
                yield f"{place}: {shard}-{sequence} stands behind {last}"
            last = sequence


def read_tables_say_what_the_ledger_says(found: Found) -> Iterator[str]:
    """The projection, its own when one ran and else ours, is the ledger folded."""
    settings = found.pipeline.settings
    if not any("projector" in each.log.name for each in found.pipeline.others):
        _fold(found)
        yield from _differences(settings)
        return
    try:
        eventually(
            "the projection is there", lambda: not list(_differences(settings)), PARITY_SECONDS
        )
    except AssertionError:
        yield from _differences(settings)


def _fold(found: Found) -> None:
    """Fold what stands in the topics into the read tables, as a projector would."""
    settings = found.pipeline.settings
    places = {
        (message.topic(), message.partition()): shard_of(
            message.topic().rpartition(".")[2], message.partition()
        )
        for message in found.events
    }
    with open_session(settings, READ_SCHEMA, "stockyard test") as session:
        read_progress.create(session, places)
        stood = {place: at for place, (at, _) in read_progress.stands(session, places).items()}
        project(session, found.events, results_topic(found.prefix), stood)


def _differences(settings: Settings) -> Iterator[str]:
    with connect(settings.ledger_url, "test") as ledger, connect(settings.read_url, "test") as read:
        read.execute(f"SET search_path = {READ_SCHEMA}".encode())
        for each in PARITIES:
            yield from compare(ledger, read, each).named


def dead_letters_are_told_and_whole(found: Found) -> Iterator[str]:
    """Each stands on its topic, with the key and value that it came with."""
    told = {
        (named["kafka_dlt-original-topic"], named["kafka_dlt-original-partition"],
         named["kafka_dlt-original-offset"]): (message.key(), message.value())
        for message in found.pipeline.read(deadletter_topic(found.prefix))
        for named in [dict(message.headers())]
    }  # fmt: skip
    new = {place for place in told if not _settled(found, place)}
    if len(new) != len(found.letters):
        yield f"{len(found.letters)} dead letters in the journal, {len(new)} on the topic"
    for module in found.pipeline.whole_modules:
        topic = commands_topic(found.prefix, module)
        for message in found.pipeline.read(topic):
            place = (topic.encode(), b"%d" % message.partition(), b"%d" % message.offset())
            if place in told and told[place] != (message.key(), message.value()):
                yield f"dead letter {place} differs from its record"


def _settled(found: Found, place: tuple[bytes, ...]) -> bool:
    """Whether the record of a dead letter lies before the last proof."""
    topic, partition, offset = (each.decode() for each in place)
    shard = shard_of(topic.rpartition(".")[2], int(partition))
    return int(offset) < found.settled.offsets.get(shard, 0)


def dead_letters_are_listed(found: Found) -> Iterator[str]:
    """The table that the tools read names the letters of the journal, and no others."""
    listed = found.pipeline.query("SELECT shard, sequence, record_offset, reason FROM dead_letter")
    kept = {
        (each["shard"], each["sequence"], each["letter"]["offset"], each["letter"]["reason"])
        for each in found.records
        if each["kind"] == "dead_letter"
    }
    listed = [each for each in listed if not found.settled.holds(*each[:2])]
    yield from (f"dead letter {each} is not listed" for each in kept - set(listed))
    yield from (f"dead letter {each} is listed, in no journal" for each in set(listed) - kept)


def nobody_is_stuck(found: Found) -> Iterator[str]:
    """Every process that should live is ready, and no session is left of those that do not."""
    alive = [each for each in found.pipeline.workers if each.lives()]
    for each in alive:
        if each.is_stopped():
            yield f"{each.log.name} is stopped"
        else:
            try:
                eventually("ready", each.is_ready, QUIET_SECONDS)
            except AssertionError:
                yield f"{each.log.name} is not ready: {each.says()[-300:]}"
    sessions = found.pipeline.query(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name LIKE 'stockyard worker%%'"
    )[0][0]
    if sessions > len(alive) * len(found.pipeline.modules):
        yield f"{sessions} sessions of {len(alive)} workers"


INVARIANTS = (
    every_acknowledged_command_has_one_answer,
    every_command_was_applied_once,
    nothing_was_applied_that_nobody_sent,
    nothing_acknowledged_was_lost,
    the_ledger_proves_itself,
    every_record_was_counted_once,
    every_event_is_told,
    every_subject_counts_without_gaps,
    events_stand_in_the_order_of_their_journal,
    read_tables_say_what_the_ledger_says,
    dead_letters_are_told_and_whole,
    dead_letters_are_listed,
    nobody_is_stuck,
)
