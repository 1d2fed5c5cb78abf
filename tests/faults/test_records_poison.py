"""Records that are no commands: each leaves the topic with a reason, its neighbours untouched."""

from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME

import asks
from schemas.dead_letters import Reason
from schemas.topics import commands_topic

HEADERS = asks.reserve(asks.line("A", "1")).raw_headers
BODY = b'{"order_id": "SO-1", "lines": [{"sku": "A", "location": "MAIN", "quantity": "1"}]}'


def headers(*changes, without=()):
    """Good headers, but for the changes; each poison has an idempotency key of its own."""
    names = {name for name, _ in changes} | set(without)
    return [pair for pair in HEADERS if pair[0] not in names] + list(changes)


POISON = [
    ("no body", None, HEADERS, Reason.NULL_VALUE),
    ("an empty body", b"", HEADERS, Reason.INVALID_JSON),
    ("not JSON", b"\x80\x81 hello", HEADERS, Reason.INVALID_JSON),
    ("half of a JSON object", BODY[:30], HEADERS, Reason.INVALID_JSON),
    ("compressed garbage", b"\x1f\x8b\x08\x00" + bytes(range(256)), HEADERS, Reason.INVALID_JSON),
    ("JSON, but no object", b"[1, 2]", HEADERS, Reason.INVALID_JSON),
    ("a lone surrogate", b'{"order_id": "\\ud800"}', HEADERS, Reason.INVALID_JSON),
    ("too many bytes", b'{"order_id": "' + b"x" * 1_500_000 + b'"}', HEADERS, Reason.TOO_LARGE),
    ("no headers", BODY, None, Reason.MISSING_HEADER),
    ("an empty list of headers", BODY, [], Reason.MISSING_HEADER),
    (
        "a type of a version to come",
        BODY,
        headers(("Command-Type", b"reservation.create.v2")),
        Reason.INVALID_HEADER,
    ),
    ("no request id", BODY, headers(without=["Request-Id"]), Reason.MISSING_HEADER),
    ("no key", BODY, headers(without=["Idempotency-Key"]), Reason.MISSING_HEADER),
    ("no command type", BODY, headers(without=["Command-Type"]), Reason.MISSING_HEADER),
    ("a header that is no UTF-8", BODY, headers(("Actor-Id", b"\xff\xfe")), Reason.INVALID_HEADER),
    ("a header of null", BODY, headers(("Actor-Id", None)), Reason.INVALID_HEADER),
    ("an unknown source", BODY, headers(("Source-System", b"moon")), Reason.INVALID_HEADER),
    ("an unknown actor type", BODY, headers(("Actor-Type", b"ghost")), Reason.INVALID_HEADER),
    ("a key too long", BODY, headers(("Idempotency-Key", b"k" * 256)), Reason.INVALID_HEADER),
    ("a key with a blank", BODY, headers(("Idempotency-Key", b"a b")), Reason.INVALID_HEADER),
    ("one header twice", BODY, [*HEADERS, ("actor-id", b"bob")], Reason.DUPLICATE_HEADER),
    (
        "an unknown type",
        BODY,
        headers(("Command-Type", b"reservation.explode")),
        Reason.UNKNOWN_COMMAND_TYPE,
    ),
    ("another module's type", BODY, headers(("Command-Type", b"stock.adjust")), Reason.WRONG_TOPIC),
]
QUANTITIES = [
    "-1",
    "0",
    "NaN",
    "1e999",
    "Infinity",
    "1.0000001",
    "1" * 13,
    "",
    " 1",
    1.5,
    None,
    True,
]


@pytest.fixture
def shop(pipeline):
    pipeline.start()
    pipeline.ask(asks.item("A"), asks.location("MAIN"))
    pipeline.ask(asks.record_stock("A", "1000"))
    return pipeline


def test_every_poison_is_set_aside_unchanged_and_its_neighbours_are_applied(shop):
    fault = shop.fault("13 every kind of poison among good records")
    neighbours = []
    for number, (_, value, raw, _) in enumerate(POISON):
        neighbours.append(asks.reserve(asks.line("A", "1")))
        shop.send(neighbours[-1])
        shop.send_raw(value, raw, key=b"\xffkey-%d" % number)
    fault.heal()
    neighbours.append(asks.reserve(asks.line("A", "1")))
    shop.send(neighbours[-1])
    answers = shop.answers(*neighbours)
    assert all(each["status"] == "applied" for each in answers)
    letters = shop.dead_letters(len(POISON))
    for number, (letter, (name, value, raw, reason)) in enumerate(
        zip(letters, POISON, strict=True)
    ):
        said = dict(letter.headers()[len(raw or ()) :])
        assert said["dlq-reason"] == reason.encode(), name
        assert letter.key() == b"\xffkey-%d" % number, name
        assert letter.value() == value, name
        assert letter.headers()[: len(raw or ())] == (raw or []), name
        assert said["kafka_dlt-original-offset"] == b"%d" % (2 * number + 1), name
        assert said["kafka_dlt-original-partition"] == b"0", name
        assert said["kafka_dlt-original-topic"].endswith(b".commands.reservations"), name
    assert shop.next_offset() == 2 * len(POISON) + 1
    assert {reason for *_, reason in POISON} == set(Reason) - {Reason.UNPROCESSABLE}
    worker = shop.workers[0]
    counted = worker.metric("stockyard_dead_letters_total", module="reservations")
    fault.seen("the worker counted each of them", counted == len(POISON))
    share = worker.metric("stockyard_dead_letter_share", module="reservations")
    assert share == pytest.approx(len(POISON) / 500)
    assert shop.query("SELECT count(*) FROM dead_letter") == [(len(POISON),)]


@pytest.mark.parametrize(
    "sent_at", [datetime(1971, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)]
)
@pytest.mark.slow
def test_a_command_of_any_age_and_without_a_key_is_applied_by_the_databases_clock(shop, sent_at):
    """The broker writes its own moment on a record of commands, whatever its producer claimed."""
    fault = shop.fault("13 a record from another time")
    asked = asks.reserve(asks.line("A", "1"), expires_at="2999-01-01T00:00:00+00:00")
    shop.send_raw(asked.value, asked.raw_headers, timestamp=int(sent_at.timestamp() * 1000))
    (answer,) = shop.answers(asked)
    assert answer["status"] == "applied"
    topic = commands_topic(shop.settings.topic_prefix, "reservations")
    (record,) = shop.read(topic)
    kind, moment = record.timestamp()
    told = datetime.fromtimestamp(moment / 1000, UTC)
    fault.seen("the broker did not believe it", kind == TIMESTAMP_LOG_APPEND_TIME)
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=5)
    assert record.key() is None
    ((made,),) = shop.query("SELECT now() - created_at FROM reservation")
    assert abs(made) < timedelta(minutes=5)


def test_a_body_that_breaks_its_schema_is_answered_with_every_rule_it_breaks(shop):
    wanted = [asks.reserve({**asks.line("A", "1"), "quantity": each}) for each in QUANTITIES]
    wanted.append(asks.reserve())
    wanted.append(asks.reserve(asks.line("A", "1"), expires_at="yesterday"))
    wanted.append(asks.reserve(asks.line("A", "1"), **{"\u0000": 1}))
    answers = shop.ask(*wanted)
    for asked, answer in zip(wanted, answers, strict=True):
        assert (answer["status"], answer["code"]) == ("rejected", 422), asked.body
        assert answer["problem"]["type"].endswith("/invalid-command")
    pointers = [answer["problem"]["errors"][0]["pointer"] for answer in answers]
    assert pointers == ["/lines/0/quantity"] * len(QUANTITIES) + [
        "/lines",
        "/expires_at",
        "/\u0000",
    ]
    assert shop.query("SELECT count(*) FROM reservation") == [(0,)]


def test_headers_are_found_whatever_the_case_of_their_names(shop):
    asked = asks.reserve(asks.line("A", "1"))
    raw = [(name.lower(), value) for name, value in asked.raw_headers]
    shop.send_raw(asked.value, [*raw, ("x-other", None), ("x-other", b"\xff")])
    (answer,) = shop.answers(asked)
    assert answer["status"] == "applied"
