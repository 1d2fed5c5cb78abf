"""A token that is limited to locations: neither the edge nor the worker lets it go beyond."""

import pytest

from asks import item, location, record_stock
from identities import bearing
from running import AVAILABILITY, PROOF, RESERVATIONS, eventually, headers, order

MAIN, EAST, NOWHERE = (bearing(locations=each) for each in (["MAIN"], ["EAST"], []))


@pytest.fixture(scope="module")
def sku(stockyard):
    """Ten at MAIN and ten at EAST."""
    named = "LIMITED-1"
    stockyard.tell(item(named), location("MAIN"), location("EAST"))

    def stocked():
        stockyard.tell(record_stock(named, "1000"), record_stock(named, "1000", at="EAST"))
        return all(stockyard.availability(named, location=code) for code in ("MAIN", "EAST"))

    eventually("stocked", stocked)
    return named


def refused(answer, *named):
    assert answer.status_code == 403, answer.text
    problem = answer.json()
    assert problem["type"].endswith("/location-not-permitted")
    assert problem["locations"] == list(named)


def test_what_a_body_names_outside_is_refused_unsent(stockyard, sku):
    assert stockyard.reserve(order(sku), **MAIN).status_code == 201
    with stockyard.freeze("worker"):
        refused(stockyard.reserve(order(sku), **EAST), "MAIN")
        refused(stockyard.reserve(order(sku), **NOWHERE), "MAIN")


@pytest.mark.parametrize(
    ("what", "body"), [("release", {"reason": "why"}), ("consume", {"shipment_proof": PROOF})]
)
def test_what_only_the_ledger_knows_to_be_outside_is_refused_by_the_worker(
    stockyard, sku, what, body
):
    named = stockyard.reserve(order(sku)).json()["reservation_id"]
    path = f"{RESERVATIONS}/{named}/{what}"
    refused(stockyard.post(path, body, headers(**EAST)), "MAIN")
    assert stockyard.get(f"{RESERVATIONS}/{named}").json()["status"] == "active"
    assert stockyard.post(path, body, headers(**MAIN)).status_code == 200


def test_a_repeat_tells_no_more_than_the_first_time(stockyard, sku):
    named = stockyard.reserve(order(sku)).json()["reservation_id"]
    path, body = f"{RESERVATIONS}/{named}/release", {"reason": "why"}
    assert stockyard.post(path, body, headers("released-once")).status_code == 200
    refused(stockyard.post(path, body, headers("released-once", **EAST)), "MAIN")
    again = stockyard.post(path, body, headers("released-once", **MAIN))
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")


def test_a_caller_cannot_widen_its_limit(stockyard, sku):
    named = stockyard.reserve(order(sku)).json()["reservation_id"]
    path = f"{RESERVATIONS}/{named}/release"
    given = {**headers(**EAST), "Locations": "MAIN EAST"}
    refused(stockyard.post(path, {"reason": "why"}, given), "MAIN")


def test_reads_show_what_lies_within(stockyard, sku):
    def seen(**others):
        answer = stockyard.get(AVAILABILITY, params={"sku": sku}, **others)
        return [row["location"] for row in answer.json()["data"]]

    assert seen() == ["EAST", "MAIN"]
    assert (seen(headers=MAIN), seen(headers=NOWHERE)) == (["MAIN"], [])
    asked = {"sku": sku, "location": "MAIN"}
    assert stockyard.get(AVAILABILITY, params=asked, headers=MAIN).status_code == 200
    refused(stockyard.get(AVAILABILITY, params=asked, headers=EAST), "MAIN")


def test_neither_a_reservation_nor_what_became_of_it_is_shown_outside(stockyard, sku):
    answer = stockyard.reserve(order(sku), Prefer="respond-async")
    became = answer.headers["location"]
    eventually("applied", lambda: stockyard.get(became).json()["status"] == "applied")
    named = stockyard.get(became).json()["resource"]["id"]
    for path in (became, f"{RESERVATIONS}/{named}"):
        assert stockyard.get(path, headers=MAIN).status_code == 200
        refused(stockyard.get(path, headers=EAST), "MAIN")
