"""Order and contention: the records of a key in their order, and stock that is not there for all."""

import signal

import orjson
import pytest

import asks
from processes import eventually
from schemas.topics import COMMAND_PARTITIONS

KEYS = 24
ROUNDS = 12


def counts(pipeline):
    """Each key's commands in their order; a key has one partition, as producers see to it.

    In the middle of those of K0 stands a record that nobody can read.
    """
    sent = {}
    for number in range(ROUNDS):
        for key in range(KEYS):
            each = asks.ask(
                "stock.record",
                {"sku": f"K{key}", "location": "MAIN", "quantity": str(number + 1), "reason": "n"},
            )
            pipeline.try_send(each, partition=key % COMMAND_PARTITIONS)
            sent.setdefault(key, []).append(each)
        if number == ROUNDS // 2:
            pipeline.try_send_raw(b"no json", each.raw_headers, "stock", b"K0")
    pipeline.settle()
    return sent


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_records_of_a_key_are_applied_in_their_order_whatever_fails(pipeline):
    """Three workers: one is killed, one fails and tries again; and one record is set aside."""
    fault = pipeline.fault("16 three workers with failures")
    worker = pipeline.start("catalog")
    pipeline.ask(*(asks.item(f"K{key}") for key in range(KEYS)), asks.location("MAIN"))
    worker.end()
    sent = counts(pipeline)
    doomed = pipeline.start("stock", fault="w.before_commit:kill:2", batch_records_max=10)
    fault.seen("one was killed", doomed.ended() == -signal.SIGKILL)  # the others would take all
    stumbling = pipeline.start("stock", fault="w.mid_apply:raise:3", batch_records_max=10)
    halved = eventually("one stumbled", lambda: stumbling.metric("stockyard_batches_halved_total"))
    fault.seen("one stumbled and went on", halved)
    pipeline.start("stock", batch_records_max=10)
    fault.heal()
    asked = [each for several in sent.values() for each in several]
    pipeline.answers(*asked, within_seconds=90)
    pipeline.dead_letters(1)

    applied = {}
    for (text,) in pipeline.query("SELECT record FROM journal ORDER BY shard, sequence"):
        record = orjson.loads(text)
        if record.get("command_type") == "stock.record":
            applied.setdefault(record["body"]["sku"], []).append(record["idempotency_key"])
    assert applied == {f"K{key}": [each.key for each in sent[key]] for key in range(KEYS)}
    on_hand = dict(pipeline.query("SELECT sku, on_hand::int FROM balance"))
    assert on_hand == {f"K{key}": ROUNDS for key in range(KEYS)}


STOCK = 7
WANTED = 500


def take_stock(pipeline):
    worker = pipeline.start("catalog", "stock")
    pipeline.ask(asks.item("A"), asks.location("MAIN"))
    pipeline.ask(asks.record_stock("A", str(STOCK)))
    worker.end()


def granted(answers):
    return [number for number, each in enumerate(answers) if each["status"] == "applied"]


def test_of_five_hundred_who_want_seven_the_first_seven_get_them(pipeline):
    fault = pipeline.fault("17 500 reservations of a stock of 7")
    take_stock(pipeline)
    wanted = [asks.reserve(asks.line("A", "1")) for _ in range(WANTED)]
    pipeline.send(*wanted)
    worker = pipeline.start("reservations")
    answers = pipeline.answers(*wanted)
    assert granted(answers) == list(range(STOCK))
    assert {each["code"] for each in answers} == {201, 409}
    batches = worker.metric("stockyard_batch_commands_count", module="reservations")
    fault.seen("they were decided together", batches < WANTED / STOCK)
    assert pipeline.query("SELECT on_hand::int, reserved::int FROM balance") == [(STOCK, STOCK)]


@pytest.mark.slow
def test_of_those_on_several_partitions_the_first_of_each_get_what_there_is(pipeline):
    fault = pipeline.fault("17 500 reservations of a stock of 7, on every partition")
    take_stock(pipeline)
    wanted = [asks.reserve(asks.line("A", "1")) for _ in range(WANTED)]
    parts = [wanted[number::COMMAND_PARTITIONS] for number in range(COMMAND_PARTITIONS)]
    for number, part in enumerate(parts):
        pipeline.send(*part, partition=number)
    for _ in range(2):
        pipeline.start("reservations", batch_records_max=50)
    taken = [granted(pipeline.answers(*part)) for part in parts]
    fault.seen("more want it than there is", sum(map(len, taken)) < WANTED)
    assert sum(map(len, taken)) == STOCK
    assert all(numbers == list(range(len(numbers))) for numbers in taken)


@pytest.mark.slow
def test_two_lines_of_one_command_are_not_each_granted_the_same_stock(pipeline):
    fault = pipeline.fault("17 two lines of one command for one item")
    take_stock(pipeline)
    pipeline.start("reservations")
    over, some, rest = pipeline.ask(
        asks.reserve(asks.line("A", "4"), asks.line("A", "4")),
        asks.reserve(asks.line("A", "4"), asks.line("A", "4"), allow_partial=True),
        asks.reserve(asks.line("A", "1")),
    )
    assert over["code"] == 409
    (short,) = over["problem"]["lines"]
    fault.seen("the second line found what the first had left", short["available"] == "3")
    assert [line["reserved"] for line in some["body"]["lines"]] == ["4", "3"]
    assert rest["code"] == 409
    assert pipeline.query("SELECT reserved::int FROM balance") == [(STOCK,)]
