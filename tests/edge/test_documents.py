"""The two documents: every error is described, every topic is there, and what is sent is as told."""

import pytest

from api.app import create_app
from api.asyncapi import document
from api.erp.availability import AvailabilityPage
from api.identity.permissions import ENDPOINTS
from running import AVAILABILITY, PROOF, RESERVATIONS, headers, order
from schemas.commands import COMMANDS
from schemas.events import EVENTS, EventHeaders
from schemas.events.reservations import Reservation
from schemas.results import Result
from schemas.settings import Settings
from schemas.topics import MODULES, deadletter_topic, events_topic, results_topic
from tail import Tail

OPENAPI = create_app(Settings()).openapi()
OPERATIONS = [
    (method, path, operation)
    for path, methods in OPENAPI["paths"].items()
    for method, operation in methods.items()
    if path.startswith("/api/")
]


def resolved(place):
    """Every reference below a place of the document leads somewhere."""
    if isinstance(place, dict):
        if isinstance(place.get("$ref"), str):
            name = place["$ref"].removeprefix("#/components/schemas/")
            assert name in OPENAPI["components"]["schemas"]
        for value in place.values():
            resolved(value)
    elif isinstance(place, list):
        for value in place:
            resolved(value)


def test_every_reference_of_the_openapi_document_leads_somewhere():
    resolved(OPENAPI)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_every_operation_tells_its_errors_with_examples(method, path, operation):
    wanted = {"400", "401", "403", "429", "500", "503"} | (
        {"202", "413", "422"} if method == "post" else {"404"}
    )
    assert wanted <= operation["responses"].keys(), path
    assert operation["security"] == [{"token": sorted(ENDPOINTS[method.upper(), path])}]
    for code, response in operation["responses"].items():
        if code >= "400":
            told = response["content"]["application/problem+json"]
            assert told["schema"]
            assert all(str(each["value"]["status"]) == code for each in told["examples"].values())
    assert "Retry-After" in operation["responses"]["503"]["headers"]
    if method == "post":
        told = operation["responses"]["503"]["content"]["application/problem+json"]
        assert {"overloaded", "too-many-waiting", "broker-away"} <= told["examples"].keys()
        assert "408" in operation["responses"], "a body that dribbles in"
        named = {each["name"] for each in operation["parameters"] if each["required"]}
        assert {"Request-Id", "Idempotency-Key", "Actor-Id", "Actor-Type", "Source-System"} <= named
        assert operation["requestBody"]["content"]["application/json"]["schema"]


def test_what_the_edge_answers_fits_what_it_tells(stockyard):
    sku = stockyard.stock()
    page = stockyard.get(AVAILABILITY, params={"sku": sku}).json()
    assert AvailabilityPage.model_validate(page).model_dump() == page
    Reservation.model_validate_json(stockyard.reserve(order(sku)).content)


def test_the_asyncapi_document_has_every_topic_with_its_messages():
    told = document(Settings())
    addresses = {channel["address"] for channel in told["channels"].values()}
    assert {"stockyard.results", "stockyard.deadletter"} <= addresses
    for kind in COMMANDS.values():
        headers_of = told["components"]["messages"][f"commands.{kind.MODULE}:SubscribeMessage"]
        assert kind.TYPE in headers_of["headers"]["properties"]["Command-Type"]["enum"]
        assert f"stockyard.commands.{kind.MODULE}" in addresses
        assert kind.__name__ in told["components"]["schemas"]
    for event in EVENTS.values():
        assert {f"stockyard.events.{module}" for module in event.MODULES} <= addresses
        assert event.__name__ in told["components"]["schemas"]


def test_the_documents_are_served_for_programs_and_for_people(stockyard):
    assert stockyard.get("/openapi.json").json()["paths"].keys() == OPENAPI["paths"].keys()
    assert stockyard.get("/asyncapi.json").json()["asyncapi"] == "3.0.0"
    page = stockyard.get("/asyncapi")
    assert page.headers["content-type"].startswith("text/html")
    assert "commands.reservations" in page.text


def test_every_published_event_and_result_is_as_its_model_says(stockyard):
    sku = stockyard.stock("10")
    first, second = (stockyard.reserve(order(sku, "2")).json() for _ in range(2))
    path = f"{RESERVATIONS}/{first['reservation_id']}"
    assert (
        stockyard.post(f"{path}/consume", {"shipment_proof": PROOF}, headers()).status_code == 200
    )
    path = f"{RESERVATIONS}/{second['reservation_id']}"
    assert stockyard.post(f"{path}/release", {"reason": "why"}, headers()).status_code == 200
    prefix, seen = stockyard.settings.topic_prefix, set()
    for module in MODULES:
        for message in records(stockyard, events_topic(prefix, module)):
            given = {name: value.decode() for name, value in message.headers()}
            kind = EventHeaders.model_validate(given, strict=False).type
            EVENTS[kind].model_validate_json(message.value())
            assert module in EVENTS[kind].MODULES
            seen.add(kind)
    assert {"item.upserted", "stock.moved", "stock.level.changed", "reservation.consumed"} <= seen
    for message in records(stockyard, results_topic(prefix)):
        Result.model_validate_json(message.value())
    assert not records(stockyard, deadletter_topic(prefix))


def records(stockyard, topic):
    tail = Tail(stockyard.settings, topic)
    try:
        return tail.read()
    finally:
        tail.close()
