"""Scans: codes and JSON lines become adjustments and counts, streamed to a real worker."""

import io

import pytest

from producers.conversation import Conversation
from producers.rows import BadRow
from producers.scanner import Session, sender
from producers.streaming import stream
from schemas.commands.catalog import UpsertItem, UpsertLocation


def raw(text, **options):
    return list(Session("gun", "MAIN", **options).raw(io.StringIO(text)))


def ndjson(text, location="MAIN"):
    return list(Session("gun", location).ndjson(io.StringIO(text)))


def test_a_raw_code_is_one_more_of_that_sku_at_the_location_given():
    first, second = raw("A\n\nA\n")
    said = {"sku": "A", "location": "MAIN", "delta": "1", "reason_code": "scan"}
    assert first.command.model_dump(mode="json", exclude_none=True) == said
    assert (first.line, second.line) == (1, 3)
    assert first.idempotency_key != second.idempotency_key
    assert first.key == second.key == "A/MAIN"


def test_raw_codes_may_stand_for_another_change():
    (scan,) = raw("A\n", delta="-2")
    assert scan.command.model_dump(mode="json")["delta"] == "-2"


def test_json_scans_change_or_count_and_name_their_own_location():
    change, count = ndjson(
        '{"code":"A","delta":-1}\n{"code":"A","location":"BACK","quantity":"4"}\n'
    )
    assert change.command.TYPE == "stock.adjust"
    assert count.command.TYPE == "stock.record"
    assert count.command.location == "BACK"


def test_a_scan_with_an_id_counts_once_however_often_it_is_streamed():
    line = '{"code":"A","delta":1,"id":"e1"}\n'
    (first,), (again,) = ndjson(line), ndjson(line)
    assert first.idempotency_key == again.idempotency_key


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"code":"A","delta":1,"quantity":2}', "not both"),
        ('{"code":"A","delta":0}', "must not be zero"),
        ('{"code":"A","delta":1.5}', "/delta"),
        ('{"delta":1}', "/code"),
        ('{"code":"A","delta":1,"id":"a b"}', "/id"),
        ("{", "not JSON"),
    ],
)
def test_a_bad_scan_says_what_is_wrong(line, reason):
    (bad,) = ndjson(line)
    assert isinstance(bad, BadRow)
    assert reason in bad.reason


def test_a_scan_without_any_location_is_bad():
    (bad,) = ndjson('{"code":"A","delta":1}', location=None)
    assert "/location" in bad.reason


def test_scans_move_stock(pipeline):
    pipeline.start()
    conversation = Conversation(pipeline.settings, sender("gun"))
    conversation.ask(UpsertItem(sku="A", name="Apple"), "item", None)
    conversation.ask(UpsertLocation(code="MAIN", name="Main"), "location", None)
    assert [each.result.code for each in conversation.rest()] == [201, 201]
    told = []
    streamed = stream(conversation, raw("A\nA\nghost\nA\n"), told.append)
    conversation.close()
    assert (streamed.sent, streamed.applied, streamed.refused) == (4, 3, 1)
    assert [each.about.line for each in told if each.result.status == "rejected"] == [3]
    assert pipeline.query("SELECT on_hand FROM balance") == [(3,)]
