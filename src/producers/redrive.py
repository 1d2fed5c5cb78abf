"""Redriving dead letters: their records sent again to where they came from, each once.

What is about to be sent is noted before, and that it arrived after it. Where a redrive was cut off
in between, the next one looks into the topic for what arrived.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import sleep
from typing import Any, Final

import orjson

from ledger import dead_letters, journal
from ledger.connection import Transaction, connect
from ledger.dead_letters import Filter, Letter, Place, Unsure
from producers import sent_again
from producers.kafka_topics import reaches
from producers.messages import Message, raw, record_headers
from producers.publisher import Publisher
from producers.redrive_plan import Fate, Rules, plan
from schemas.dead_letters import FIRST_FAILED_AT, LETTER, REPLAYS, own_headers
from schemas.failpoints import reached
from schemas.settings import Settings
from schemas.times import stamp
from schemas.topics import commands_topic, module_of, partition_of

LETTERS_PER_SEND: Final = 200
ON_THE_WAY_SECONDS: Final = 5.0
"""So long may the broker take to store what a sender sent that was killed meanwhile."""

Tally = Counter[tuple[str, Fate]]
"""How many letters of a reason met which fate."""


class BusyError(RuntimeError):
    """Somebody else redrives at this moment."""


def redrive(
    settings: Settings,
    wanted: Filter,
    letters_max: int,
    *,
    dry_run: bool,
    tell: Callable[[str], None],
) -> Tally:
    """Send the letters that are meant, at most `letters_max`; a dry run only says which.

    Raises:
        BusyError: another redrive runs.
        PublishError: the broker did not acknowledge; run it again to go on.
        KafkaException: the broker does not answer, or a topic is not there.
        psycopg.Error: the database does not answer.
    """
    with _session(settings) as tx:
        now = dead_letters.lock_redrive(tx)
        if now is None:
            raise BusyError("another redrive runs: wait for its end")
        if not dry_run:
            _make_sure(tx, settings, tell)
        rules = Rules(
            now, letters_max, settings.dead_letter_replays_max, settings.idempotency_retention
        )
        planned = plan(dead_letters.waiting(tx, wanted), rules)
        if not dry_run:
            _send([letter for letter, fate in planned if fate is Fate.SEND], tx, settings, tell)
    return Counter((letter.reason, fate) for letter, fate in planned)


@contextmanager
def _session(settings: Settings) -> Iterator[Transaction]:
    with connect(settings.ledger_url, "stockyard redrive") as connection:
        connection.autocommit = True
        yield connection


def _send(
    letters: Sequence[Letter], tx: Transaction, settings: Settings, tell: Callable[[str], None]
) -> None:
    """A few at a time, in their order."""
    publisher = Publisher(settings)
    try:
        for start in range(0, len(letters), LETTERS_PER_SEND):
            part = letters[start : start + LETTERS_PER_SEND]
            dead_letters.begin(tx, _ends(part, settings))
            reached("d.after_begin")
            publisher.send(_messages(part, tx, settings.topic_prefix))
            reached("d.after_send")
            publisher.settle()
            reached("d.after_ack")
            dead_letters.finish(tx, dict.fromkeys((letter.place for letter in part), True))
            reached("d.after_mark")
            tell(f"{start + len(part)} of {len(letters)} letters sent")
    finally:
        publisher.close()


def _ends(letters: Sequence[Letter], settings: Settings) -> dict[Place, int]:
    """Where the partition of each letter ends now."""
    homes = {letter.place: _home(letter.place, settings.topic_prefix) for letter in letters}
    found = reaches(settings, {topic for topic, _ in homes.values()})
    return {place: found[home].high for place, home in homes.items()}


def _home(place: Place, prefix: str) -> tuple[str, int]:
    """The topic and partition that a letter's record came from."""
    return commands_topic(prefix, module_of(place.shard)), partition_of(place.shard)


def _messages(letters: Sequence[Letter], tx: Transaction, prefix: str) -> Iterator[Message]:
    kept = journal.at(tx, [(letter.tenant_id, *letter.place) for letter in letters])
    for letter in letters:
        record = orjson.loads(kept[letter.tenant_id, *letter.place])
        yield message(letter, record["letter"], prefix)


def message(letter: Letter, kept: Mapping[str, Any], prefix: str) -> Message:
    """The record as it came, and behind its headers which letter it was and how often. Pure."""
    added = (
        (LETTER, str(letter.place).encode()),
        (REPLAYS, b"%d" % (letter.replays + 1)),
        (FIRST_FAILED_AT, stamp(letter.first_failed_at).encode()),
    )
    return (
        *_home(letter.place, prefix),
        raw(kept["key"]),
        raw(kept["value"]),
        [*own_headers(record_headers(dict(kept))), *added],
    )


def _make_sure(tx: Transaction, settings: Settings, tell: Callable[[str], None]) -> None:
    """Find out what became of the letters that a redrive was sending when it was cut off."""
    unsure = dead_letters.unsure(tx)
    if not unsure:
        return
    sleep(max(0.0, ON_THE_WAY_SECONDS - min(each.seconds_ago for each in unsure)))
    arrived = sent_again.letters(settings, _from(unsure, settings.topic_prefix))
    was_sent = {each.place: str(each.place) in arrived for each in unsure}
    dead_letters.finish(tx, was_sent)
    tell(f"a redrive was cut off: {sum(was_sent.values())} of {len(unsure)} letters had arrived")


def _from(unsure: Sequence[Unsure], prefix: str) -> dict[tuple[str, int], int]:
    """The offset to look from, in each partition."""
    found: dict[tuple[str, int], int] = {}
    for each in unsure:
        home = _home(each.place, prefix)
        found[home] = min(each.sent_from, found.get(home, each.sent_from))
    return found
