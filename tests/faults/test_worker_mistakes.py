"""Bugs and wrong set-ups: they cost one record, or nothing at all."""

from pathlib import Path

import pytest

import asks
from processes import WAIT_SECONDS, eventually
from schemas.topics import commands_topic, consumer_group

COMMANDS = 500
GUILTY = 233
# No table takes a reservation for this order: it stands for any bug that only one record meets.
TRAP = """
CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.order_id = 'CURSED' THEN RAISE EXCEPTION 'trapped' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER trap BEFORE INSERT ON reservation FOR EACH ROW EXECUTE FUNCTION trap();
"""


def test_a_bug_in_one_record_of_many_costs_that_record_alone(stocked):
    fault = stocked.fault("9 bug met by one record of 500")
    stocked.execute(TRAP)
    innocent = [asks.reserve(asks.line("A", "0.1")) for _ in range(COMMANDS - 1)]
    cursed = asks.reserve(asks.line("A", "0.1"), order_id="CURSED")
    stocked.send(*innocent[:GUILTY])
    stocked.send_raw(cursed.value, cursed.raw_headers)
    stocked.send(*innocent[GUILTY:])
    worker = stocked.start("reservations")
    answers = stocked.answers(*innocent)
    (letter,) = stocked.dead_letters(1)
    told = dict(letter.headers())
    assert (told["kafka_dlt-original-offset"], told["dlq-reason"]) == (b"233", b"unprocessable")
    assert {each["status"] for each in answers} == {"applied"}
    fault.seen("a batch was cut in halves", worker.metric("stockyard_batches_halved_total"))
    assert worker.metric("stockyard_dead_letters_total", reason="unprocessable") == 1
    order = stocked.query(
        "SELECT (record::jsonb ->> 'offset')::int FROM journal"
        " WHERE record::jsonb ->> 'status' = 'applied'"
        " AND record::jsonb ->> 'command_type' = 'reservation.create' ORDER BY sequence"
    )
    assert [offset for (offset,) in order] == [n for n in range(COMMANDS) if n != GUILTY]
    stocked.ask(asks.reserve(asks.line("A", "0.1")))
    assert worker.metric("stockyard_member_restarts_total") == 0


@pytest.mark.slow
def test_no_setting_gives_two_workers_one_identity(stocked):
    """Started alike, under every name that could mean a fixed membership, they share the work."""
    fault = stocked.fault("8 two workers started with one identity")
    alike = {
        "group_instance_id": "one",
        "kafka_group_instance_id": "one",
        "consumer_group_instance_id": "one",
        "client_id": "one",
    }
    first = stocked.start("reservations", **alike)
    second = stocked.start("reservations", **alike)
    members = eventually("both are members", lambda: two_members(stocked))
    told = [Path(f"/proc/{each.process.pid}/environ").read_text() for each in (first, second)]
    fault.seen("both were told one", all("ERP_GROUP_INSTANCE_ID=one" in each for each in told))
    assert [each.group_instance_id for each in members] == [None, None]
    owned = [{at.partition for at in each.assignment.topic_partitions} for each in members]
    assert owned[0] | owned[1] == {0, 1, 2, 3}
    assert not owned[0] & owned[1]
    eventually("both know", lambda: times_assigned(first) and times_assigned(second))
    assigned = times_assigned(first) + times_assigned(second)
    for _ in range(10):
        stocked.ask(asks.reserve(asks.line("A", "1")), partition=0)
        stocked.ask(asks.reserve(asks.line("A", "1")), partition=3)
    now = times_assigned(first) + times_assigned(second)
    assert now == assigned, "they take partitions from each other"
    assert len({each.member_id for each in two_members(stocked)}) == 2


def two_members(pipeline):
    """The group's members, once there are two that share its partitions."""
    prefix = pipeline.settings.topic_prefix
    group = consumer_group(prefix, "reservations")
    admin = pipeline.admin()
    described = admin.describe_consumer_groups([group])[group].result(WAIT_SECONDS)
    members = described.members
    topic = commands_topic(prefix, "reservations")
    owned = [at for each in members for at in each.assignment.topic_partitions if at.topic == topic]
    busy = [each for each in members if each.assignment.topic_partitions]
    return members if len(members) == len(busy) == 2 and len(owned) == 4 else None


def times_assigned(worker):
    return worker.says().count("partitions gained")
