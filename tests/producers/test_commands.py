"""Programs that send commands: what leaves is right, and what comes back is theirs."""

import time

import pytest

from producers.commands import CommandProducer, Sender
from producers.conversation import Conversation, NoResultError
from schemas.commands.catalog import UpsertItem
from schemas.commands.reservations import CreateReservation
from schemas.commands.stock import RecordStock
from schemas.topics import commands_topic

ERP = Sender("tester", "service", "erp")
SENT_BY = ERP._asdict()
ORDER = CreateReservation.model_validate(
    {"order_id": "SO-1", "lines": [{"sku": "A", "location": "MAIN", "quantity": "6.50"}]}
)


@pytest.fixture
def producer(pipeline):
    producer = CommandProducer(pipeline.settings)
    yield producer
    producer.close()


@pytest.fixture
def erp(pipeline):
    conversation = Conversation(pipeline.settings, ERP)
    yield conversation
    conversation.close()


def test_a_command_leaves_with_the_headers_of_the_wire_contract_and_a_canonical_body(
    pipeline, producer
):
    producer.send(ORDER, request_id="r-1", idempotency_key="k-1", **SENT_BY)
    producer.settle()
    (message,) = pipeline.read(commands_topic(pipeline.settings.topic_prefix, "reservations"))
    assert message.headers() == [
        ("Command-Type", b"reservation.create"),
        ("Request-Id", b"r-1"),
        ("Idempotency-Key", b"k-1"),
        ("Actor-Id", b"tester"),
        ("Actor-Type", b"service"),
        ("Source-System", b"erp"),
    ]
    assert message.key() == b"k-1"
    assert message.value() == (
        b'{"order_id":"SO-1","lines":[{"sku":"A","location":"MAIN","quantity":"6.5"}],'
        b'"allow_partial":false}'
    )


def test_optional_headers_and_the_ordering_key_go_along_when_given(pipeline, producer):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    given = {"tenant_id": "acme", "traceparent": trace, "reply_to": "answers"}
    producer.send(ORDER, request_id="r", idempotency_key="k", key="SO-1", **{**SENT_BY, **given})
    producer.settle()
    (message,) = pipeline.read(commands_topic(pipeline.settings.topic_prefix, "reservations"))
    headers = dict(message.headers())
    assert headers["Tenant-Id"] == b"acme"
    assert headers["traceparent"] == trace.encode()
    assert headers["Reply-To"] == b"answers"
    assert message.key() == b"SO-1"


WRONG = [
    {"idempotency_key": "has a blank"},
    {"idempotency_key": "k" * 256},
    {"request_id": ""},
    {"actor_type": "robot"},
    {"source_system": "nobody"},
    {"tenant_id": "no/slash"},
    {"reply_to": "no topic"},
]


def test_a_header_that_the_worker_would_refuse_never_leaves(pipeline, producer):
    right = {"request_id": "r", "idempotency_key": "k", **SENT_BY}
    for wrong in WRONG:
        with pytest.raises(ValueError, match=r"\S"):
            producer.send(ORDER, **{**right, **wrong})
    producer.settle()
    assert not pipeline.read(commands_topic(pipeline.settings.topic_prefix, "reservations"))


def test_each_sender_hears_its_own_results_only(pipeline, erp):
    pipeline.start()
    feed = Conversation(pipeline.settings, Sender("feeder", "service", "vendor-feed"))
    erp.ask(UpsertItem(sku="A", name="from the ERP"), "same-key", "erp")
    feed.ask(UpsertItem(sku="B", name="from the feed"), "same-key", "feed")
    heard = [*erp.rest(), *feed.rest()]
    feed.close()
    assert [(each.about, each.result.resource.id) for each in heard] == [
        ("erp", "A"),
        ("feed", "B"),
    ]
    assert all(each.seconds > 0 for each in heard)


def test_a_key_asked_for_twice_is_answered_twice_and_applied_once(pipeline, erp):
    pipeline.start()
    item = UpsertItem(sku="A", name="Apple")
    erp.ask(item, "k", 1)
    erp.ask(item, "k", 2)
    assert [each.result.replayed for each in erp.rest()] == [False, True]
    assert pipeline.query("SELECT version FROM item") == [(1,)]


def test_a_refusal_is_an_answer_too(pipeline, erp):
    pipeline.start()
    unknown = RecordStock.model_validate(
        {"sku": "ghost", "location": "MAIN", "quantity": 1, "reason": "count"}
    )
    erp.ask(unknown, "k", None)
    (answer,) = erp.rest()
    assert answer.result.status == "rejected"
    assert answer.result.problem["type"].endswith("/unknown-item")


def test_waiting_for_answers_ends_when_no_worker_runs(pipeline):
    conversation = Conversation(pipeline.settings, ERP, silence_seconds=0.5)
    conversation.ask(ORDER, "unheard", None)
    began = time.monotonic()
    with pytest.raises(NoResultError, match="unheard"):
        list(conversation.rest())
    conversation.close()
    assert time.monotonic() - began < 10
