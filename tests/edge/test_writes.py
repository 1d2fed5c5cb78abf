"""Reservations over HTTP: applied once, answered like any REST resource, and readable at once."""

from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from pydantic import ValidationError

from running import PROOF, RESERVATIONS, headers, order
from schemas.commands.reservations import CreateReservation
from schemas.problems import invalid


def refused(answer, code, kind):
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == code
    assert problem["type"].endswith(f"/{kind}")
    assert problem["request_id"] == answer.headers["request-id"]
    return problem


def test_a_reservation_is_made_shown_released_and_closed(stockyard):
    sku = stockyard.stock("10")
    made = stockyard.reserve(order(sku, "6"))
    assert made.status_code == 201
    reservation = made.json()
    assert made.headers["location"] == f"{RESERVATIONS}/{reservation['reservation_id']}"
    assert stockyard.get(made.headers["location"]).json() == reservation
    row = stockyard.availability(sku)
    assert (row["owned"], row["reserved"], row["available"]) == ("10", "6", "4")

    path = f"{RESERVATIONS}/{reservation['reservation_id']}/release"
    part = {"reason": "smaller order", "lines": [{"line": 1, "quantity": "2"}]}
    assert stockyard.post(path, part, headers()).json()["status"] == "active"
    assert stockyard.availability(sku)["available"] == "6"
    rest = stockyard.post(path, {"reason": "cancelled"}, headers())
    assert (rest.status_code, rest.json()["status"]) == (200, "released")
    refused(stockyard.post(path, {"reason": "again"}, headers()), 409, "reservation-not-active")
    assert stockyard.availability(sku)["available"] == "10"


def test_consumed_stock_leaves_and_needs_its_proof(stockyard):
    sku = stockyard.stock("10")
    named = stockyard.reserve(order(sku, "6")).json()["reservation_id"]
    path = f"{RESERVATIONS}/{named}/consume"
    problem = refused(stockyard.post(path, {}, headers()), 422, "invalid-command")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/shipment_proof"]
    done = stockyard.post(path, {"shipment_proof": PROOF}, headers())
    assert (done.status_code, done.json()["status"]) == (200, "consumed")
    row = stockyard.availability(sku)
    assert (row["owned"], row["reserved"], row["available"]) == ("4", "0", "4")


def test_a_repeat_gets_the_first_answer_and_another_payload_is_refused(stockyard):
    sku = stockyard.stock("10")
    body = order(sku, "6")
    first = stockyard.reserve(body, "repeated")
    again = stockyard.reserve(body, "repeated")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = stockyard.reserve({**body, "lines": order(sku, "1")["lines"]}, "repeated")
    refused(other, 422, "idempotency-key-reused")
    assert stockyard.availability(sku)["reserved"] == "6"


def test_many_at_once_with_one_key_all_get_the_answer_of_the_one_that_counts(stockyard):
    sku = stockyard.stock("10")
    body = order(sku, "1")
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: stockyard.reserve(body, "at-once"), range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["reservation_id"] for answer in answers}) == 1
    assert stockyard.availability(sku)["reserved"] == "1"


def test_two_payloads_under_one_key_and_one_request_id_are_not_mixed_up(stockyard):
    sku = stockyard.stock("100")
    bodies = [order(sku, str(number)) for number in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda b: stockyard.reserve(b, "mixed", Request_Id="same"), bodies))
    applied = [
        body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 201
    ]
    assert len(applied) == 1
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7
    assert stockyard.availability(sku)["reserved"] == applied[0]["lines"][0]["quantity"]


def test_not_enough_stock_is_told_line_by_line(stockyard):
    sku = stockyard.stock("5")
    problem = refused(stockyard.reserve(order(sku, "6")), 409, "insufficient-stock")
    (short,) = problem["lines"]
    assert (short["sku"], short["requested"], short["available"]) == (sku, "6", "5")


def test_refusals_keep_the_workers_words(stockyard):
    refused(stockyard.reserve(order("NO-SUCH-ITEM")), 422, "unknown-item")
    path = f"{RESERVATIONS}/rsv-nowhere/release"
    refused(stockyard.post(path, {"reason": "why"}, headers()), 404, "unknown-reservation")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"order_id": "SO-1", "lines": []},
        {"order_id": "SO-1", "lines": [{"sku": "A", "location": "MAIN", "quantity": 1.5}]},
        {"order_id": "SO-1", "lines": [{"sku": "A", "location": "MAIN", "quantity": "0"}]},
        {"order_id": "SO-1", "lines": "none", "unheard": True},
    ],
)
def test_a_body_that_breaks_the_schema_gets_the_workers_own_problem(stockyard, body):
    with pytest.raises(ValidationError) as broken:
        CreateReservation.model_validate_json(orjson.dumps(body))
    problem = refused(stockyard.reserve(body), 422, "invalid-command")
    assert problem == {**invalid(broken.value), "request_id": problem["request_id"]}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"null"])
@pytest.mark.parametrize("path", ["", "/rsv-1/release"])
def test_what_is_no_json_object_is_refused(stockyard, path, content):
    answer = stockyard.post(RESERVATIONS + path, None, headers(), content=content)
    refused(answer, 400, "not-json")


def test_the_path_names_the_reservation_and_the_body_may_not_name_another(stockyard):
    body = {"reservation_id": "rsv-2", "reason": "why"}
    answer = stockyard.post(f"{RESERVATIONS}/rsv-1/release", body, headers())
    problem = refused(answer, 422, "invalid-command")
    assert problem["errors"][0]["pointer"] == "/reservation_id"


def test_who_writes_and_then_reads_sees_the_write(stockyard):
    sku = stockyard.stock("1000")
    for count in range(1, 41):
        assert stockyard.reserve(order(sku)).status_code == 201
        assert stockyard.availability(sku)["reserved"] == str(count)
