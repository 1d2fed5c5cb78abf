"""What must hold when a simulated day is over: each function yields a line for every violation."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

import orjson

from asks import TENANT
from consumers.fold import Folded
from consumers.projections.event import read_event
from ledger.journal import EMPTY_CHAIN, link
from producers.messages import messages
from schemas.topics import commands_topic, deadletter_topic, events_topic, results_topic, shard_of
from simulation.day import MODULES, PREFIX
from simulation.world import World

ZERO = Decimal(0)


class Outcome:
    """A world at rest, read once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tables = world.store.tables
        self.rows = sorted(self.tables["journal"].values(), key=lambda row: row[1:3])
        self.records = [orjson.loads(row[3]) for row in self.rows]

    @cached_property
    def commands(self) -> list[dict[str, Any]]:
        return [each for each in self.records if each["kind"] == "command"]

    @cached_property
    def events(self) -> list[Any]:
        return [
            event
            for module in MODULES
            for event in self.world.broker.read(events_topic(PREFIX, module))
        ]

    @cached_property
    def results(self) -> list[dict[str, Any]]:
        read = self.world.broker.read(results_topic(PREFIX))
        return [orjson.loads(message.value()) for message in read]


def violations(world: World) -> list[str]:
    """All that does not hold."""
    outcome = Outcome(world)
    return [f"{each.__name__}: {line}" for each in CHECKS for line in each(outcome)]


def each_command_is_applied_once(found: Outcome) -> Iterator[str]:
    times: dict[str, int] = defaultdict(int)
    for record in found.commands:
        times[record["idempotency_key"]] += 1
    yield from (f"{key} applied {count} times" for key, count in times.items() if count > 1)
    asked = {ask.key for ask in found.world.day.sent}
    yield from (f"{key} was lost" for key in asked - times.keys())
    own = {record["idempotency_key"] for record in found.commands if record["offset"] is None}
    yield from (f"{key} came from nowhere" for key in times.keys() - asked - own)


def each_record_leaves_its_one_trace(found: Outcome) -> Iterator[str]:
    """Poison becomes a dead letter, once; nothing else does."""
    letters = [each["letter"] for each in found.records if each["kind"] == "dead_letter"]
    places = {(letter["topic"], letter["offset"]) for letter in letters}
    if {letter["reason"] for letter in letters} - {"invalid-json"}:
        yield f"dead letters for {[letter['detail'] for letter in letters]}"
    if len(letters) != found.world.day.poison:
        yield f"{found.world.day.poison} poison records became {len(letters)} dead letters"
    told = {
        (named["kafka_dlt-original-topic"].decode(), int(named["kafka_dlt-original-offset"]))
        for message in found.world.broker.read(deadletter_topic(PREFIX))
        for named in [dict(message.headers())]
    }
    if told != places:
        yield f"dead letters told: {told}, kept: {places}"


def everybody_is_answered(found: Outcome) -> Iterator[str]:
    """Every request has a result, and all that it was told says the same."""
    told: dict[str, set[bytes]] = defaultdict(set)
    for result in found.results:
        told[result["request_id"]].add(orjson.dumps(result, option=orjson.OPT_SORT_KEYS))
    requests = {ask.headers["Request-Id"] for ask in found.world.day.sent}
    yield from (f"{request} has no answer" for request in requests - told.keys())
    yield from (
        f"{request} has {len(said)} answers" for request, said in told.items() if len(said) > 1
    )


def the_first_of_a_key_wins(found: Outcome) -> Iterator[str]:
    """Of one key's records in one partition the first was applied."""
    first: dict[tuple[int, str], int] = {}
    for module in MODULES:
        for message in found.world.broker.read(commands_topic(PREFIX, module)):
            key = dict(message.headers())["Idempotency-Key"].decode()
            if message.value() != b"{":
                place = shard_of(module, message.partition()), key
                first.setdefault(place, message.offset())
    for record in found.commands:
        if record["offset"] is not None:
            place = record["shard"], record["idempotency_key"]
            if first.get(place) != record["offset"]:
                yield f"{place} applied at {record['offset']}, first at {first.get(place)}"


def sequences_have_no_gaps(found: Outcome) -> Iterator[str]:
    numbers: dict[int, list[int]] = defaultdict(list)
    for row in found.rows:
        numbers[row[1]].append(row[2])
    for (shard,), row in found.tables["shard"].items():
        if numbers[shard] != list(range(1, row[2])):
            yield f"shard {shard} is at {row[2]} and has {numbers[shard]}"
    counted: dict[str, set[int]] = defaultdict(set)
    for event in found.events:
        named = dict(event.headers())
        counted[named["ce_subject"].decode()].add(int(named["ce_sequence"]))
    for subject, told in counted.items():
        if told != set(range(1, len(told) + 1)):
            yield f"{subject} tells {sorted(told)}"


def partitions_are_applied_in_their_order(found: Outcome) -> Iterator[str]:
    by_shard: dict[int, list[int]] = defaultdict(list)
    for record in found.records:
        if record["kind"] == "dead_letter":
            by_shard[record["shard"]].append(record["letter"]["offset"])
        elif record.get("offset") is not None:
            by_shard[record["shard"]].append(record["offset"])
    for shard, offsets in by_shard.items():
        if any(one >= other for one, other in pairwise(offsets)):
            yield f"shard {shard} applied {offsets}"


def the_chain_holds(found: Outcome) -> Iterator[str]:
    heads: dict[int, bytes] = defaultdict(lambda: EMPTY_CHAIN)
    for _, shard, sequence, record, hashed, _ in found.rows:
        heads[shard] = link(heads[shard], record.encode())
        if heads[shard] != hashed:
            yield f"{shard}:{sequence} has another hash"
    for row in found.tables["segment"].values():
        if heads[row[1]] != row[4]:
            yield f"segment {row[1]} ends otherwise"


def balances_are_the_sum_of_movements(found: Outcome) -> Iterator[str]:
    on_hand: dict[tuple[str, ...], Decimal] = defaultdict(lambda: ZERO)
    for row in found.tables["movement"].values():
        sku, lot, source, target = row[4], row[5], row[7], row[8]
        on_hand[sku, source, lot] -= Decimal(row[9])
        on_hand[sku, target, lot] += Decimal(row[9])
    told: dict[tuple[str, ...], Decimal] = defaultdict(lambda: ZERO)
    for record in found.commands:
        for sku, location, lot, quantity in record.get("commitments", ()):
            told[sku, location, lot] += Decimal(quantity)
    stored = {key[1:]: row for key, row in found.tables["balance"].items()}
    for at in stored.keys() | {key for key in on_hand if not key[1].startswith("@")} | told.keys():
        row = stored.get(at, (None,) * 4 + (ZERO, ZERO))
        if row[4] != on_hand[at] or row[5] != told[at] or row[5] != _open(found, at):
            yield f"{at} has {row[4]} and {row[5]} reserved; moved {on_hand[at]}, told {told[at]}"
        if row[4] - row[5] < ZERO:
            yield f"{at} is oversold: {row[4]} on hand, {row[5]} reserved"


def _open(found: Outcome, at: tuple[str, ...]) -> Decimal:
    """What the reservations still hold there."""
    return sum(
        (
            Decimal(line[6]) - Decimal(line[7]) - Decimal(line[8])
            for row in found.tables["reservation"].values()
            for line in orjson.loads(row[5])
            if tuple(line[1:4]) == at
        ),
        ZERO,
    )


def nothing_was_oversold_on_the_way(found: Outcome) -> Iterator[str]:
    """Every level that was ever told."""
    for record in found.records:
        for _, _, state in record.get("levels", ()):
            if Decimal(state["available"]) < 0:
                yield f"{state} in {record['shard']}:{record['sequence']}"


def events_are_the_same_each_time(found: Outcome) -> Iterator[str]:
    told: dict[bytes, set[Any]] = defaultdict(set)
    for event in found.events:
        content = (event.topic(), event.partition(), event.key(), event.value())
        told[dict(event.headers())["ce_id"]].add((*content, tuple(event.headers())))
    yield from (
        f"{named!r} is told in {len(said)} ways" for named, said in told.items() if len(said) > 1
    )


def events_are_those_of_the_journal(found: Outcome) -> Iterator[str]:
    told = {dict(event.headers())["ce_id"]: event.value() for event in found.events}
    kept = {
        dict(headers)["ce_id"]: value
        for record in found.records
        for topic, _, _, value, headers in messages(PREFIX, record)
        if ".events." in topic
    }
    if told != kept:
        yield f"{len(kept)} kept, {len(told)} told: {sorted(told.keys() ^ kept.keys())}"


def events_stand_in_the_order_of_their_journal(found: Outcome) -> Iterator[str]:
    last: dict[tuple[str, int], int] = defaultdict(int)
    seen: set[bytes] = set()
    for event in found.events:
        named = dict(event.headers())
        if named["ce_id"] not in seen:
            seen.add(named["ce_id"])
            sequence = int(named["ce_position"].decode().rstrip("+").partition("-")[2])
            place = event.topic(), event.partition()
            if sequence < last[place]:
                yield f"{place}: {sequence} stands behind {last[place]}"
            last[place] = max(last[place], sequence)


def projections_are_the_ledger_folded(found: Outcome) -> Iterator[str]:
    """The projector's own fold of all events, copies and all, is what the tables say."""
    folded = Folded()
    for event in found.events:
        read = read_event(event.headers(), event.value())
        if read is not None:
            folded.take(read)
    levels = {
        key[1:]: tuple(map(Decimal, columns[4:6]))
        for key, (_, columns) in folded.rows["level"].items()
    }
    stored = {key[1:]: row[4:6] for key, row in found.tables["balance"].items()}
    if levels != stored:
        yield f"levels: {levels} told, {stored} stored"
    statuses = {key: columns[3] for key, (_, columns) in folded.rows["reservation"].items()}
    kept = {(TENANT, row[1]): row[3] for row in found.tables["reservation"].values()}
    if statuses != kept:
        yield f"reservations: {statuses} told, {kept} stored"
    if len(folded.rows["ledger_entry"]) != len(found.tables["movement"]):
        yield f"{len(folded.rows['ledger_entry'])} of {len(found.tables['movement'])} movements told"


CHECKS = (
    each_command_is_applied_once,
    each_record_leaves_its_one_trace,
    everybody_is_answered,
    the_first_of_a_key_wins,
    sequences_have_no_gaps,
    partitions_are_applied_in_their_order,
    the_chain_holds,
    balances_are_the_sum_of_movements,
    nothing_was_oversold_on_the_way,
    events_are_the_same_each_time,
    events_are_those_of_the_journal,
    events_stand_in_the_order_of_their_journal,
    projections_are_the_ledger_folded,
)
