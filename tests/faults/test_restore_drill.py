"""The restore drill: the database goes back to an arbitrary moment while Kafka runs on.

Commands keep coming all the while. Workers on the restored ledger read the topics again from its
offsets; what they come to must be what an undisturbed twin comes to, which reads the same topics
from their beginning. Each partition has items of its own, so that no outcome hangs on which of two
partitions was read first.
"""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import orjson
import pytest
from pydantic import SecretStr

import asks
import invariants
from deploy.postgres import backup, recovery, server
from found import Found
from ledger.migrate import migrate_ledger, migrate_read
from pipelines import MODULES, Pipeline
from processes import eventually
from producers.messages import messages
from schemas.settings import Settings
from schemas.topics import COMMAND_PARTITIONS, shard_of
from servers import UNSYNCED, scratch

COMMANDS = 400
PER_SECOND = 150
ITEMS = 3
HOLD = (
    invariants.every_command_was_applied_once,
    invariants.nothing_was_applied_that_nobody_sent,
    invariants.nothing_acknowledged_was_lost,
    invariants.the_ledger_proves_itself,
    invariants.every_record_was_counted_once,
    invariants.dead_letters_are_told_and_whole,
    invariants.read_tables_say_what_the_ledger_says,
    invariants.nobody_is_stuck,
)
"""Those that a restored ledger must keep; how it keeps the others is said below."""
OWN = {"position", "created_at", "replayed", "version"}
"""Parts of an answer that tell of a batch or a moment. (A version of stock counts batches.)"""


@dataclass
class Shop:
    """Sends commands whose outcome hangs on the order in their own partition only."""

    pipeline: Pipeline
    random: random.Random
    offsets: Counter = field(default_factory=Counter)
    asked: list[list[asks.Ask]] = field(
        default_factory=lambda: [[] for _ in range(COMMAND_PARTITIONS)]
    )

    def stock_up(self):
        shelves = {
            p: [f"S{p}", *(f"P{p}-{n}" for n in range(ITEMS))] for p in range(COMMAND_PARTITIONS)
        }
        skus = [sku for shelf in shelves.values() for sku in shelf]
        self.pipeline.ask(*(asks.item(sku) for sku in skus), asks.location("MAIN"))
        for partition, shelf in shelves.items():
            recorded = (asks.record_stock(sku, "60") for sku in shelf)
            self.pipeline.ask(*recorded, partition=partition)

    def send(self, count):
        for _ in range(count):
            partition = self.random.randrange(COMMAND_PARTITIONS)
            if self.random.random() < 0.1:
                body = {
                    "sku": f"S{partition}",
                    "location": "MAIN",
                    "delta": "1",
                    "reason_code": "count",
                }
                self.pipeline.try_send(asks.ask("stock.adjust", body), partition=partition)
                continue
            if self.random.random() < 0.02:
                self.dead_letter(partition)
            self.pipeline.try_send(self.command(partition), partition=partition)
            self.offsets[partition] += 1
            time.sleep(1 / PER_SECOND)

    def dead_letter(self, partition):
        topic = f"{self.pipeline.settings.topic_prefix}.commands.reservations"
        self.pipeline.producer().produce(topic, b"no command", b"x", partition)
        self.offsets[partition] += 1

    def command(self, partition):
        chance, asked = self.random.random(), self.asked[partition]
        if chance < 0.1 and asked:
            return self.random.choice(asked)
        if chance < 0.4 and asked:
            at = self.random.randrange(self.offsets[partition])
            known = f"rsv-{shard_of('reservations', partition):04x}00{at:09x}"
            found = self.random.choice((asks.release, asks.consume))(known)
        else:
            skus = self.random.sample(range(ITEMS), self.random.choice((1, 1, 2)))
            quantity = self.random.choice(("1", "2", "5"))
            found = asks.reserve(*(asks.line(f"P{partition}-{sku}", quantity) for sku in skus))
        asked.append(found)
        return found


@pytest.fixture
def place():
    with scratch() as directory:
        yield directory


@pytest.fixture
def drill(kafka, topic_prefix, place, postgres):
    """A pipeline with read tables on another server than its ledger."""
    running = server.start(place / "original", settings=UNSYNCED)
    migrate_ledger(running.url())
    read = postgres.make(topic_prefix)
    migrate_read(read)
    pipeline = Pipeline(
        Settings(
            kafka_bootstrap_servers=kafka.bootstrap_servers,
            database_url=SecretStr(running.url()),
            read_database_url=SecretStr(read),
            topic_prefix=topic_prefix,
        )
    )
    pipeline.server = running
    pipeline.make_topics()
    yield pipeline
    pipeline.close()
    pipeline.server.stop()
    postgres.drop(topic_prefix)


@pytest.fixture
def twin(drill, database_url):
    """Another ledger on the same topics, which publishes nothing."""
    given = {"database_url": SecretStr(database_url), "read_database_url": SecretStr("")}
    other = Pipeline(drill.settings.model_copy(update=given))
    yield other
    other.close()


@pytest.mark.usefixtures("backup_programs")
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10))
def test_a_restored_ledger_comes_to_what_its_twin_comes_to(drill, twin, place, seed):
    fault = drill.fault("50 restored to an arbitrary moment, Kafka runs on")
    chance = random.Random(seed)
    shop = Shop(drill, chance)
    worker = drill.start(batch_records_max=chance.choice((1, 7, 50)))
    projector = drill.run("projector")
    shop.stock_up()
    backup.take(drill.settings.ledger_url, place / "backup", wal=True)
    archive = backup.archive(drill.settings.ledger_url, place / "backup", place / "wal.log")
    begin = lsn(drill)
    shop.send(COMMANDS // 2)
    eventually("most are applied", lambda: applied(drill) > COMMANDS // 4)
    end = lsn(drill)
    eventually("its WAL is fetched", lambda: fetched(drill, end))
    lost = standing(drill)
    worker.kill()
    backup.end_archive(archive)
    drill.server.stop()

    sender = threading.Thread(target=shop.send, args=(COMMANDS // 2,))
    sender.start()
    moment = begin + chance.randrange((end - begin) // 10, (end - begin) * 9 // 10)
    until = f"{moment >> 32:X}/{moment & 0xFFFFFFFF:X}"
    recovery.restore(place / "backup", place / "restored", until=until)
    drill.server = server.start(place / "restored", settings=UNSYNCED)
    url = SecretStr(drill.server.url())
    drill.settings = drill.settings.model_copy(update={"database_url": url})
    fault.seen("the ledger went back", standing(drill) != lost)
    fault.heal()
    worker = drill.start(batch_records_max=chance.choice((1, 7, 50)))
    assert projector.ended() == 1
    fault.seen("the projector noticed", "the ledger was put back" in projector.says())
    rebuild = drill.run("rebuild")
    assert rebuild.ended() == 0, rebuild.says()
    drill.run("projector")
    sender.join()
    drill.settle()
    invariants.wait_for_rest(drill)
    fault.recovered()
    assert worker.end() == 0

    for module in MODULES:  # the shelves were full before the first reservation
        twin_worker = twin.start(module, publisher="none")
        eventually(f"the twin reads {module}", twin_worker.is_ready)  # what is empty too
        eventually(f"the twin has read {module}", lambda: caught_up(twin, drill, module), 90)  # noqa: B023  # called at once
        assert twin_worker.end() == 0
    mine, theirs = Found(drill), Found(twin)
    assert outcomes(mine) == outcomes(theirs)
    assert event_ids(mine) == event_ids(theirs)
    for statement in STATES:
        assert drill.query(statement) == twin.query(statement)
    wrong = [line for each in HOLD for line in each(mine)]
    assert not wrong, "\n".join(wrong[:10])
    everybody_was_told(mine)
    fault.tell(mine.duplicates)


def lsn(pipeline):
    """The end of the WAL that is safe on disk, as a number."""
    return int(pipeline.query("SELECT pg_current_wal_flush_lsn() - '0/0'::pg_lsn")[0][0])


def fetched(pipeline, end):
    return pipeline.query(
        "SELECT FROM pg_stat_replication WHERE flush_lsn - '0/0'::pg_lsn >= %s", end
    )


def applied(pipeline):
    return pipeline.query("SELECT sum(next_offset) FROM shard WHERE shard / 256 = 2")[0][0]


def caught_up(one, other, module):
    return all(
        one.next_offset(module, number) == other.next_offset(module, number)
        for number in range(COMMAND_PARTITIONS)
    )


def standing(pipeline):
    return pipeline.query("SELECT shard, next_offset FROM shard ORDER BY shard")


STATES = (
    "SELECT tenant_id, sku, location, lot, on_hand, reserved, held, incoming FROM balance ORDER BY 1, 2, 3, 4",
    (
        "SELECT tenant_id, reservation_id, order_id, status, lines, shipments, version, actor_id"
        " FROM reservation ORDER BY 1, 2"
    ),
    "SELECT tenant_id, sku, name, uom, track_by, barcode, version, actor_id FROM item ORDER BY 1, 2",
    "SELECT shard, next_offset, incarnation, topic_id FROM shard ORDER BY 1",
    "SELECT shard, incarnation, record_offset, key_hash, reason, replays FROM dead_letter ORDER BY 1, 2, 3",
    (
        "SELECT m.tenant_id, m.shard, j.record::json ->> 'offset', entry, sku, lot, serial, from_account,"
        " to_account, quantity, unit_cost, reason, document, actor_id"
        " FROM movement m JOIN journal j USING (tenant_id, shard, sequence) ORDER BY 1, 2, 3, 4"
    ),
    (
        "SELECT tenant_id, identity, fingerprint, i.shard, j.record::json ->> 'offset', i.actor_id"
        " FROM idempotency i JOIN journal j USING (tenant_id, shard, sequence) ORDER BY 1, 2"
    ),
)
"""Every table, apart from what counts batches or tells the time."""


def plain(told):
    """An answer or event without what hangs on how the batches fell, or when."""
    if isinstance(told, dict):
        return {name: plain(value) for name, value in told.items() if name not in OWN}
    return [plain(each) for each in told] if isinstance(told, list) else told


def outcomes(found):
    """What became of each command, by its place."""
    names = ("code", "status", "resource", "body", "problem", "commitments", "movements", "letter")
    return {
        (record["shard"], record.get("offset", record.get("letter", {}).get("offset"))): plain(
            {name: record.get(name) for name in names}
        )
        for record in found.records
        if record["kind"] != "levels"
    }


def event_ids(found):
    """The ids of the events that commands made."""
    return {
        dict(headers)["ce_id"]
        for record in found.records
        if record["kind"] == "command"
        for topic, _, _, _, headers in messages(found.prefix, record)
        if ".events." in topic
    }


def everybody_was_told(found):
    """Whoever drops what carries a known id misses nothing, and was never told anything else."""
    told = {}
    for message in found.events:
        named = dict(message.headers())
        content = (message.topic(), message.partition(), message.key(), named["ce_type"])
        body = orjson.dumps(plain(orjson.loads(message.value())))
        told.setdefault(named["ce_id"], set()).add((*content, body))
    assert event_ids(found) <= told.keys()
    ours = event_ids(found)
    assert {named: len(told[named]) for named in ours if len(told[named]) > 1} == {}
    for copies in found.results.values():
        assert len({orjson.dumps(plain(each), option=orjson.OPT_SORT_KEYS) for each in copies}) == 1
    levels_are_those_of_the_newest_timeline(found)


def levels_are_those_of_the_newest_timeline(found):
    """Whoever orders levels by timeline, then number, has what the ledger has."""
    newest, level_of = {}, {}
    for message in found.events:
        named = dict(message.headers())
        if named["ce_type"] == b"stock.level.changed":
            order = (int(named.get("Timeline", 1)), int(named["ce_sequence"]))
            if order >= newest.get(named["ce_subject"], (0, 0)):
                newest[named["ce_subject"]] = order
                level_of[named["ce_subject"]] = orjson.loads(message.value())
    timeline = max(order[0] for order in newest.values())
    assert timeline > 1
    rows = found.pipeline.query("SELECT sku, on_hand::text, reserved::text, version FROM balance")
    ledger = {sku: numbers for sku, *numbers in rows}
    for subject, order in newest.items():
        if order[0] == timeline:
            level = level_of[subject]
            on_hand, reserved, version = ledger[level["sku"]]
            assert (float(level["on_hand"]), float(level["reserved"]), level["version"]) == (
                float(on_hand),
                float(reserved),
                version,
            )
