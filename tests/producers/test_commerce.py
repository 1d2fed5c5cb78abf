"""Commerce's lines: orders and what follows them, each with the key that makes it happen once."""

import json

import pytest

from producers.commerce import SENDER, read
from producers.conversation import Conversation
from producers.rows import BadRow, Row
from producers.streaming import stream
from schemas.commands.catalog import UpsertItem, UpsertLocation
from schemas.commands.stock import RecordStock

PROOF = {"carrier": "DHL", "tracking": "T1", "shipped_at": "2026-11-21T08:00:00Z"}
SHIPMENT = {"type": "reservation.consume", "reservation_id": "rsv-1", "shipment_proof": PROOF}


def order(number="SO-1", quantity="6", **fields):
    lines = [{"sku": "A", "location": "MAIN", "quantity": quantity}]
    return {"order_id": number, "lines": lines, **fields}


def test_an_order_is_keyed_by_its_id_and_happens_once_whatever_its_lines():
    said, again = read(Row(1, order())), read(Row(9, order(quantity="7")))
    assert said.key == "SO-1"
    assert said.command.TYPE == "reservation.create"
    assert said.idempotency_key == again.idempotency_key
    assert said.idempotency_key != read(Row(1, order("SO-2"))).idempotency_key


def test_a_shipment_is_keyed_by_its_reservation_and_happens_once_word_for_word():
    said = read(Row(1, SHIPMENT))
    other = read(Row(1, {**SHIPMENT, "shipment_proof": {**PROOF, "tracking": "T2"}}))
    assert said.key == "rsv-1"
    assert said.idempotency_key == read(Row(5, SHIPMENT)).idempotency_key
    assert said.idempotency_key != other.idempotency_key


def test_a_line_may_bring_its_own_key():
    assert read(Row(1, order(idempotency_key="mine"))).idempotency_key == "mine"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (order(quantity=1.5), "a float is not exact"),
        (order(quantity="0"), "must be above zero"),
        (order(color="red"), "/color: Extra inputs"),
        ({"type": "stock.adjust"}, "type: must be one of"),
        ({"type": "reservation.consume", "reservation_id": "rsv-1"}, "/shipment_proof"),
        (order(idempotency_key="with blanks"), "idempotency_key"),
        ({}, "/order_id"),
    ],
)
def test_a_line_that_breaks_a_rule_says_which(fields, reason):
    bad = read(Row(4, fields))
    assert isinstance(bad, BadRow)
    assert bad.line == 4
    assert reason in bad.reason


def test_an_order_streamed_twice_reserves_once_and_a_changed_one_is_refused(pipeline):
    pipeline.start()
    _stock_up(pipeline.settings, "10")
    told = []
    conversation = Conversation(pipeline.settings, SENDER)
    lines = [
        read(Row(n, fields)) for n, fields in enumerate([order(), order(), order(quantity="7")])
    ]
    streamed = stream(conversation, lines, told.append)
    conversation.close()
    assert (streamed.applied, streamed.replayed, streamed.refused) == (1, 1, 1)
    assert not streamed.is_clean
    assert sorted(each.result.code for each in told) == [201, 201, 422]
    assert pipeline.query("SELECT reserved FROM balance") == [(6,)]


def _stock_up(settings, quantity):
    conversation = Conversation(settings, SENDER._replace(source_system="erp"))
    conversation.ask(UpsertItem(sku="A", name="Apple"), "item", None)
    conversation.ask(UpsertLocation(code="MAIN", name="Main"), "location", None)
    assert [each.result.code for each in conversation.rest()] == [201, 201]
    counted = {"sku": "A", "location": "MAIN", "quantity": quantity, "reason": "count"}
    conversation.ask(RecordStock.model_validate_json(json.dumps(counted)), "stock", None)
    assert [each.result.code for each in conversation.rest()] == [201]
    conversation.close()
