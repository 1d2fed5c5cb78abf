"""The same commands in batches of any size, by any number of workers that die or not: the same end.

Each partition's commands are about items of its own, since across partitions there is no order; in
one partition there is, and then nothing but the moments may differ.
"""

import random
import signal
import uuid
from contextlib import contextmanager
from typing import NamedTuple

import orjson
import pytest
from pydantic import SecretStr

import asks
from asks import Ask
from pipelines import Pipeline
from processes import eventually
from schemas.settings import Settings
from schemas.topics import COMMAND_PARTITIONS, events_topic, shard_of

COMMANDS = 60
PASSING = {"created_at", "at", "position", "shipped_at"}
LEVEL_COLUMNS = "sku, location, lot, on_hand, reserved, held, incoming"


class Way(NamedTuple):
    """How the commands are worked through."""

    batch: int
    workers: int
    dies_at: tuple[str, ...] = ()


QUICK = (
    Way(batch=500, workers=1),
    Way(batch=7, workers=2, dies_at=("w.before_commit:kill:3", "w.after_commit:kill:4")),
)
OTHERS = (
    Way(batch=1, workers=1),
    Way(batch=500, workers=1),
    Way(batch=7, workers=3),
    Way(batch=500, workers=4),
    Way(batch=1, workers=4, dies_at=("w.mid_apply:kill:20", "w.after_publish:kill:30")),
    Way(batch=7, workers=2, dies_at=("w.after_begin:kill:5", "w.after_poll:kill:2")),
    Way(batch=500, workers=3, dies_at=("w.after_commit:kill:1",)),
)


class Log(NamedTuple):
    """All that is sent: the catalog, the counts, and by partition what is asked of them."""

    catalog: list[Ask]
    counts: list[Ask]
    partitions: list[list[Ask]]


def log() -> Log:
    """The same messages for every way."""
    dice = random.Random(53)
    skus = [sku(number, letter) for number in range(COMMAND_PARTITIONS) for letter in "AB"]
    return Log(
        [*(asks.item(each) for each in skus), asks.location("MAIN")],
        [asks.record_stock(each, "40") for each in skus],
        [partition_log(dice, number) for number in range(COMMAND_PARTITIONS)],
    )


def partition_log(dice: random.Random, partition: int) -> list[Ask]:
    """Promises and their ends, repeats, keys used twice, refusals."""
    wanted: list[Ask] = []
    for number in range(COMMANDS):
        key = f"n-{partition}-{number}"
        shard = shard_of("reservations", partition)
        named = f"rsv-{shard:04x}{0:02x}{dice.randrange(number + 1):09x}"
        kind = dice.choices(
            ["create", "release", "consume", "repeat", "reuse", "bad"], [9, 3, 3, 2, 1, 1]
        )
        match kind[0]:
            case "repeat" if wanted:
                earlier = dice.choice(wanted)
                asked = Ask({**earlier.headers, "Request-Id": f"again-{key}"}, earlier.body)
            case "reuse" if wanted:
                body = asks.reserve(asks.line(sku(partition, "A"), "3")).body
                asked = Ask({**wanted[0].headers, "Request-Id": f"other-{key}"}, body)
            case "release":
                parts = dice.choice((None, [{"line": 1, "quantity": "1"}]))
                asked = asks.release(named, parts, key=key)
            case "consume":
                asked = asks.consume(named, key=key)
            case "bad":
                asked = asks.reserve(asks.line(sku(partition, "A"), "0"), key=key)
            case _:
                lines = [asks.line(sku(partition, dice.choice("AB")), str(dice.randint(1, 4)))]
                lines += lines[: dice.randint(0, 1)]
                asked = asks.reserve(*lines, key=key, allow_partial=dice.random() < 0.3)
        wanted.append(asked)
    return wanted


def sku(partition: int, letter: str) -> str:
    return f"{letter}-{partition}"


@contextmanager
def shop(kafka, postgres, template):
    """Topics and a database of one way's own."""
    prefix = f"t{uuid.uuid4().hex[:12]}"
    settings = Settings(
        kafka_bootstrap_servers=kafka.bootstrap_servers,
        database_url=SecretStr(postgres.make(prefix, template=template)),
        topic_prefix=prefix,
    )
    pipeline = Pipeline(settings)
    try:
        pipeline.make_topics()
        yield pipeline
    finally:
        pipeline.close()
        postgres.drop(prefix)


def worked(pipeline: Pipeline, way: Way, wanted: Log):
    """All that is left when the log was worked through in one way."""
    first = pipeline.start("catalog", "stock")
    pipeline.ask(*wanted.catalog)
    pipeline.ask(*wanted.counts)
    assert first.end() == 0
    for partition, some in enumerate(wanted.partitions):
        pipeline.try_send(*some, partition=partition)
    pipeline.settle()
    name = f"53 {way.workers} workers, batches of {way.batch}"
    doomed = [
        pipeline.start("reservations", fault=fault, batch_records_max=way.batch)
        for fault in way.dies_at
    ]
    if doomed:
        fault = pipeline.fault(f"{name}, some killed")
        ends = [eventually("one dies", lambda each=each: ended(each)) for each in doomed]
        fault.seen("they died", all(end == -signal.SIGKILL for end in ends))
        fault.heal()
    for _ in range(way.workers):
        pipeline.start("reservations", batch_records_max=way.batch)
    pipeline.prove()
    return content(pipeline)


def ended(worker):
    return None if worker.lives() else worker.process.returncode


def content(pipeline: Pipeline):
    """What must not depend on the way: all but moments, positions and hashes."""
    records = [orjson.loads(text) for (text,) in pipeline.query("SELECT record FROM journal")]
    own = [each for each in records if each["kind"] == "command" and each["offset"] is not None]
    topic = events_topic(pipeline.settings.topic_prefix, "reservations")
    return {
        "outcomes": {(each["shard"], each["offset"]): outcome(each) for each in own},
        "answers": {key: timeless(found[0]) for key, found in pipeline.results().items()},
        "events": {
            named["ce_id"]: (message.key(), timeless(orjson.loads(message.value())))
            for message in pipeline.read(topic)
            for named in [dict(message.headers())]
            if named["ce_type"] != b"stock.level.changed"
        },
        "levels": pipeline.query(f"SELECT {LEVEL_COLUMNS} FROM balance ORDER BY 1, 2, 3"),  # noqa: S608  # our own words
        "levels read": pipeline.query(
            f"SELECT {LEVEL_COLUMNS} FROM stockyard_read.level ORDER BY 1, 2, 3"  # noqa: S608  # our own words
        ),
        "reservations read": [
            (*row[:-1], timeless(orjson.loads(row[-1])))
            for row in pipeline.query(
                "SELECT reservation_id, order_id, status, version, body"
                " FROM stockyard_read.reservation ORDER BY 1"
            )
        ],
        "movements read": pipeline.query(
            "SELECT shard, sku, lot, from_account, to_account, quantity, reason, document, actor_id"
            " FROM stockyard_read.ledger_entry WHERE shard / 256 = 2 ORDER BY shard, document, sku"
        ),
    }  # fmt: skip


def outcome(record):
    """What a command came to, and what it moved."""
    parts = (
        "idempotency_key",
        "status",
        "code",
        "resource",
        "body",
        "problem",
        "movements",
        "commitments",
    )
    return timeless({part: record.get(part) for part in parts})


def timeless(told):
    if isinstance(told, dict):
        return {name: timeless(each) for name, each in told.items() if name not in PASSING}
    return [timeless(each) for each in told] if isinstance(told, list) else told


def all_alike(ways, kafka, postgres, template):
    wanted = log()
    found = []
    for way in ways:
        with shop(kafka, postgres, template) as pipeline:
            found.append(worked(pipeline, way, wanted))
    statuses = {each["status"] for each in found[0]["outcomes"].values()}
    assert statuses == {"applied", "rejected"}
    assert found[0]["movements read"]
    for way, other in zip(ways[1:], found[1:], strict=True):
        for part, content_ in found[0].items():
            assert other[part] == content_, f"{way}: {part}"


@pytest.mark.timeout(300)
def test_batches_workers_and_crashes_leave_no_trace(kafka, postgres, migrated_template):
    all_alike(QUICK, kafka, postgres, migrated_template)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_way_of_working_leaves_a_trace(kafka, postgres, migrated_template):
    all_alike(OTHERS, kafka, postgres, migrated_template)
