"""A batch of events and results, folded into real tables without any Kafka."""

import orjson
import psycopg
import pytest

from asks import (
    ask,
    consume,
    count,
    generate,
    give_in,
    hold,
    item,
    line,
    location,
    lot,
    observe,
    open_count,
    plan,
    post_count,
    produce,
    recipe,
    record_stock,
    release,
    reserve,
    ship,
    start,
    take_in,
    units,
    use,
)
from consumers.project import UnprojectableError, isolated, project
from consumers.projections.all import BY_TYPE, TOLD_ELSEWHERE
from consumers.projections.event import RESULT
from ledger import journal, shards
from ledger.read_progress import CHANNEL, FencedError
from producers.messages import messages, read_position, results
from read_tables import PREFIX, RESULTS
from schemas.events import EVENTS
from schemas.topics import events_topic, shard_of

RESERVATIONS = shard_of("reservations", 0)
STOCK = shard_of("stock", 0)


def levels(shard, sequence, version, on_hand, sku="A", lot=None):
    """A journal record of one level."""
    state = {
        "sku": sku, "location": "MAIN", "lot": lot, "on_hand": on_hand, "reserved": "0",
        "held": "0", "incoming": "0", "available": on_hand, "version": version,
    }  # fmt: skip
    return {
        "kind": "levels", "shard": shard, "sequence": sequence, "at": "2026-11-21T08:00:00.000000Z",
        "tenant_id": "default", "request_id": "r", "traceparent": None,
        "levels": [(f"level/MAIN/{sku}", version, state)],
    }  # fmt: skip


def journalled(ledger):
    """Every record of the ledger's journal, shard by shard."""
    return [
        orjson.loads(row.record)
        for shard in shards.ends(ledger.tx)
        for row in journal.after(ledger.tx, shard, 0, 10_000)
    ]


def fill(ledger):
    ledger.ask(item("A"), location("MAIN"))
    ledger.ask(record_stock("A", "10"))


def test_every_event_goes_to_a_table_or_is_told_elsewhere():
    assert EVENTS.keys() | {RESULT} == BY_TYPE.keys() | TOLD_ELSEWHERE
    assert not BY_TYPE.keys() & TOLD_ELSEWHERE


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (3, 1, 2)])
def test_the_newest_level_stands_however_partitions_interleave(tables, order):
    for version in order:
        shard = STOCK if version % 2 else RESERVATIONS
        tables.tell(levels(shard, version, version, on_hand=str(version * 10)))
    assert tables.level() == [("A", "30", 3)]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_the_newest_level_stands_within_one_batch_too(tables, order):
    records = [
        record
        for version in order
        for record in tables.topics.append(
            messages(PREFIX, levels(STOCK, version, version, on_hand=str(version)))
        )
    ]
    tables.take(records)
    assert tables.level() == [("A", "3", 3)]


def test_levels_whose_subjects_are_spelt_alike_are_kept_apart(tables):
    first, second = levels(STOCK, 1, 1, "5", sku="A/L"), levels(STOCK, 2, 1, "7", lot="L")
    second["levels"] = [("level/MAIN/A/L", 1, second["levels"][0][2])]
    tables.take(
        tables.topics.append(messages(PREFIX, first))
        + tables.topics.append(messages(PREFIX, second))
    )
    assert tables.query("SELECT sku, lot, trim_scale(on_hand)::text FROM level ORDER BY sku") == [
        ("A", "L", "7"), ("A/L", "", "5"),
    ]  # fmt: skip


def test_what_the_relay_says_again_changes_nothing_and_is_counted(tables, ledger):
    fill(ledger)
    policy = ask("policy.set", {"sku": "B", "shelf_life_days": 3})
    ledger.ask(item("B", track_by="batch"), location("EAST"), policy)
    ledger.ask(record_stock("B", "5", lot="L1"), lot("L1"), hold("A", "1"))
    ledger.ask(reserve(line("A", "4")))
    ledger.ask(ship(("A", "1")))
    came = {**line("B", "1", lot="L2"), "expires_on": "2999-12-31"}
    order = {"vendor_id": "V-1", "ordered_at": "2026-01-05T08:00:00Z"}
    ledger.ask(ask("receipt.post", {"lines": [came], **order}))
    begun = ledger.ask(open_count())[0].body["count_id"]
    ledger.ask(count(begun, ledger.now(), ("A", "9", None)))
    sold = ledger.ask(reserve(line("A", "1")))[0].record["resource"]["id"]
    ledger.ask(consume(sold))
    ledger.ask(give_in(sold, (1, "1", "sellable")))
    ledger.ask(recipe("A", ("B", "1")))
    order = ledger.ask(start("A", "1"))[0].record["resource"]["id"]
    ledger.ask(use(order, ("B", "1")), produce(order, "1"))
    ledger.ask(item("S", track_by="serial"))
    ledger.ask(take_in(units("S", ("SN1", "SN5"))))
    ledger.ask(plan("A", "reorder-point"), observe("A", demand=("9", "1"), lead_time=("9", "1")))
    ledger.ask(generate())
    shelved = {"sku": "B", "lot": "L1", "quantity": "1", "to_bin": "X"}
    ledger.ask(
        ask("bin.upsert", {"location": "MAIN", "bin": "X"}),
        ask("bin.move", {"location": "MAIN", "lines": [shelved]}),
    )
    said = [each for record in journalled(ledger) for each in messages(PREFIX, record)]
    first = tables.take(tables.topics.append(said))
    before = tables.everything()
    again = tables.take(tables.topics.append(said))
    after = tables.everything()
    assert before == after
    assert all(before), "every table has something"
    assert first.no_news == {"level": 3}, "the reservation's shard comes first, with version 6"
    assert again.no_news == {
        "item": 3, "location": 2, "lot": 2, "level": 8, "reservation": 2, "hold": 1, "serial": 5,
        "transfer": 1, "receipt": 2, "count": 1, "count_line": 1, "recipe": 1, "serial_entry": 5,
        "production": 1, "customer_return": 1, "genealogy": 1, "policy": 1, "ledger_entry": 9,
        "command_result": 28, "lead_time": 1, "replenishment": 1, "observation": 1,
        "recommendation": 1,
        "bin": 1, "bin_level": 1,
    }  # fmt: skip


def test_a_unit_stands_by_its_own_version_and_its_history_is_in_the_entries(tables, ledger):
    fill(ledger)
    ledger.ask(item("S", track_by="serial"))
    ledger.ask(take_in(units("S", ("SN1", "SN3"))))
    promised = ledger.ask(reserve(units("S", "SN2")))[0].body["reservation_id"]
    ledger.ask(consume(promised))
    ledger.ask(take_in(units("S", "SN2"), source="customer"), partition=1)
    for record in reversed(journalled(ledger)):
        tables.tell(record)
    stands = "SELECT serial, status, location, reservation_id, version FROM serial ORDER BY serial"
    assert tables.query(stands) == [
        ("SN1", "in_stock", "MAIN", None, 1),
        ("SN2", "in_stock", "MAIN", None, 4),
        ("SN3", "in_stock", "MAIN", None, 1),
    ]
    history = (
        "SELECT from_account, to_account FROM serial_entry e"
        " JOIN ledger_entry USING (tenant_id, shard, sequence, entry, sku)"
        " WHERE tenant_id = 'default' AND e.serial = 'SN2' ORDER BY moved_at"
    )
    assert tables.query(history) == [
        ("@vendor", "MAIN"),
        ("MAIN", "@customer"),
        ("@customer", "MAIN"),
    ]


def test_a_batch_whose_commit_was_not_answered_is_passed_over_when_tried_again(tables):
    records = tables.topics.append(messages(PREFIX, levels(STOCK, 1, 1, "5")))
    stood = {(events_topic(PREFIX, "stock"), 0): 0}
    tables.take(records)
    again = project(tables.session, records, RESULTS, stood)
    assert not again.folded.types
    assert tables.level() == [("A", "5", 1)]


def test_a_partition_that_was_put_back_is_not_gone_on_with(tables):
    first = tables.topics.append(messages(PREFIX, levels(STOCK, 1, 1, "5")))
    second = tables.topics.append(messages(PREFIX, levels(STOCK, 2, 2, "6")))
    tables.take(first)
    tables.query("UPDATE progress SET next_offset = 0 RETURNING 1")
    with pytest.raises(FencedError):
        tables.take(second)
    assert tables.level() == [("A", "5", 1)]


def test_a_position_is_reached_only_behind_the_last_event_of_its_row(tables, ledger):
    fill(ledger)
    reserved = ledger.ask(reserve(line("A", "4")))[0].body["reservation_id"]
    shipped = ledger.ask(consume(reserved))[0].record
    events = [
        each
        for each in messages(PREFIX, shipped)
        if each[0] == events_topic(PREFIX, "reservations")
    ]
    assert len(events) == 2
    first, second = tables.topics.append(events)
    position = shipped["sequence"]
    tables.take([first])
    assert tables.reached() == {RESERVATIONS: position - 1}
    tables.take([second])
    assert tables.reached() == {RESERVATIONS: position}


def test_a_reached_position_is_told_to_whoever_listens(tables, database_url):
    with psycopg.connect(database_url, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        tables.tell(levels(STOCK, 7, 1, "5"))
        told = next(listener.notifies(timeout=5))
    assert read_position(told.payload) == {STOCK: 7}


def test_a_replay_and_a_refusal_of_a_used_key_leave_the_first_result(tables, ledger):
    fill(ledger)
    asked = reserve(line("A", "4"), key="once")
    first = ledger.ask(asked)[0].record
    other = {**first, "status": "rejected", "code": 422, "body": None, "problem": {
        "type": "https://stockyard.dev/problems/idempotency-key-reused"}}  # fmt: skip
    tables.take(tables.topics.append(results(PREFIX, first, replayed=True)))
    tables.take(tables.topics.append(results(PREFIX, other, replayed=False)))
    assert tables.query("SELECT * FROM command_result") == []
    tables.take(tables.topics.append(results(PREFIX, first, replayed=False)))
    tables.take(tables.topics.append(results(PREFIX, other, replayed=False)))
    ((status, result),) = tables.query("SELECT status, result FROM command_result")
    assert (status, orjson.loads(result)["replayed"]) == ("applied", False)


def test_an_event_of_a_type_that_nobody_knows_is_passed_over_and_counted(tables):
    unknown = [(topic, at, key, value, [(n, b"moon.risen" if n == "ce_type" else v) for n, v in headers])
               for topic, at, key, value, headers in messages(PREFIX, levels(STOCK, 1, 1, "5"))]  # fmt: skip
    folded = tables.take(tables.topics.append(unknown))
    assert folded.passed_over == {"moon.risen": 1}
    assert tables.reached() == {STOCK: 1}


@pytest.mark.parametrize(
    "broken",
    [b"{nope", b"[]", b'{"sku": "A"}', None,
     (b'{"sku":"A","location":"MAIN","lot":null,"on_hand":"much","reserved":"0","held":"0",'
      b'"incoming":"0","available":"0","version":1}')],
)  # fmt: skip
def test_a_record_that_cannot_be_projected_halts_and_names_its_place(tables, broken):
    good = messages(PREFIX, levels(STOCK, 1, 1, "5"))
    newer = messages(PREFIX, levels(STOCK, 2, 2, "6"))
    bad = [(topic, at, key, broken, headers) for topic, at, key, _, headers in newer]
    records = tables.topics.append(good + good + bad + good)
    with pytest.raises(UnprojectableError, match=r"test\.events\.stock \[0\] at offset 2"):
        isolated(tables.take, records)
    assert tables.level() == [("A", "5", 1)], "what stood before it is folded"
    assert tables.query("SELECT next_offset FROM progress") == [(2,)]


def test_what_is_reserved_past_its_time_counts_as_given_back(tables, ledger):
    fill(ledger)
    ledger.ask(reserve(line("A", "4"), expires_at="2000-01-01T00:00:00Z", key="past"))
    ledger.ask(reserve(line("A", "3"), expires_at="2100-01-01T00:00:00Z"))
    named = ledger.ask(reserve(line("A", "2"), expires_at="2100-01-01T00:00:00Z"))[0].body
    ledger.ask(release(named["reservation_id"]))
    for record in journalled(ledger):
        if record.get("command_type") != "reservation.expire":
            tables.tell(record)
    held = tables.query("SELECT sku, location, lot, quantity::text FROM overdue_hold")
    expired = ledger.tx.execute(
        "SELECT count(*) FROM reservation WHERE status = 'expired'"
    ).fetchone()
    assert expired == (1,), "the worker had given it back"
    assert [(*place, quantity) for *place, quantity in held if float(quantity) == 4] == [
        ("A", "MAIN", "", "4")
    ]
    assert len(held) == 1


def test_the_tables_of_a_blind_count_tell_what_is_expected_once_it_is_posted(tables, ledger):
    fill(ledger)
    ledger.ask(record_stock("A", "7919.25"))
    begun = ledger.ask(open_count())[0].body["count_id"]
    ledger.ask(count(begun, ledger.now(), ("A", "7900", None)))

    def kept():
        for record in journalled(ledger):
            tables.tell(record)
        return tables.query(
            "SELECT c::text, l::text FROM count c JOIN count_line l USING (count_id)"
        )

    ((of_count, of_line),) = kept()
    assert "7919.25" not in of_count + of_line
    assert "19.25" not in of_count + of_line
    ledger.ask(post_count(begun))
    kept()
    ((line,),) = tables.query("SELECT expected::text FROM count_line")
    assert line == "7919.250000"


def test_free_text_with_marks_of_copy_comes_through(tables, ledger):
    name = 'tab\there, line\nthere, back\\slash, "quote", \\N, ünï'
    ledger.ask(ask("item.upsert", {"sku": "A\\N", "name": name}), location("MAIN"))
    for record in journalled(ledger):
        tables.tell(record)
    assert tables.query("SELECT sku, name FROM item") == [("A\\N", name)]
    ((result,),) = tables.query(
        "SELECT result FROM command_result WHERE command_type = 'item.upsert'"
    )
    assert orjson.loads(result)["body"]["name"] == name
