"""Who asks: without a good token nothing, with one what it permits, and no tenant sees another."""

import pytest

from api.identity.permissions import ENDPOINTS, OPEN, SIGNED_IN
from identities import bearing
from running import AVAILABILITY, PROOF, RESERVATIONS, headers, order

BODIES = {
    f"{RESERVATIONS}": order("NOTHING"),
    f"{RESERVATIONS}/{{id}}/release": {"reason": "why"},
    f"{RESERVATIONS}/{{id}}/consume": {"shipment_proof": PROOF},
}
GUARDED = sorted(key for key, rule in ENDPOINTS.items() if rule is not OPEN)
NEEDING = sorted(key for key, rule in ENDPOINTS.items() if rule not in (OPEN, SIGNED_IN))


def ask(stockyard, endpoint, authorization, named="0" * 32):
    method, path = endpoint
    given = {**headers(), **authorization}
    body = {"json": BODIES[path]} if path in BODIES else {}
    url = stockyard.url + path.replace("{id}", named)
    return stockyard.http.request(method, url, headers=given, **body)


def refused(answer, code, kind):
    assert answer.status_code == code, answer.text
    problem = answer.json()
    assert problem["type"].endswith(f"/{kind}")
    assert problem.keys() == {
        "type", "title", "status", "detail", "permissions", "request_id"
    }  # fmt: skip
    return problem["permissions"], answer.headers["www-authenticate"]


@pytest.mark.parametrize("endpoint", GUARDED)
@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Basic YTpi", "Bearer x", "Bearer a.b.c", "Bearer a b"]
)
def test_without_a_good_token_every_endpoint_says_what_it_needs_and_no_more(
    stockyard, endpoint, authorization
):
    answer = ask(stockyard, endpoint, {"Authorization": authorization})
    needed, challenge = refused(answer, 401, "token-needed")
    assert set(needed) == ENDPOINTS[endpoint]
    assert challenge.startswith("Bearer")
    assert all(name in challenge for name in needed)


@pytest.mark.parametrize("endpoint", NEEDING)
def test_without_its_permission_every_endpoint_says_which_is_missing(stockyard, endpoint):
    needed = ENDPOINTS[endpoint]
    others = {"inventory.read", "inventory.write", "procurement.write", "actors.any"} - needed
    missing, challenge = refused(
        ask(stockyard, endpoint, bearing(*others)), 403, "permission-missing"
    )
    assert set(missing) == needed
    assert 'error="insufficient_scope"' in challenge


@pytest.mark.parametrize("changes", [{"seconds": -3600.0}, {"tenant": "a/b"}])
def test_a_token_that_is_over_or_odd_is_told_nothing_about_itself(stockyard, changes):
    answer = stockyard.get(AVAILABILITY, headers=bearing(**changes))
    _, challenge = refused(answer, 401, "token-needed")
    assert challenge == 'Bearer error="invalid_token", scope="inventory.read"'


def test_two_tokens_are_none(stockyard):
    twice = [*bearing().items(), *bearing().items()]
    answer = stockyard.http.get(stockyard.url + AVAILABILITY, headers=twice)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json", "/asyncapi"])
def test_health_and_documents_ask_nobody(stockyard, path):
    assert stockyard.get(path, headers={"Authorization": ""}).status_code == 200


def test_who_may_only_write_learns_what_became_of_it(stockyard):
    writing = bearing("inventory:write")
    answer = stockyard.reserve(order(stockyard.stock()), Prefer="respond-async", **writing)
    assert answer.status_code == 202
    assert stockyard.get(answer.headers["location"], headers=writing).status_code == 200
    assert stockyard.get(AVAILABILITY, headers=writing).status_code == 403


def test_an_actor_is_the_tokens_subject_unless_it_may_act_for_others(stockyard):
    body = order(stockyard.stock())
    own = bearing("inventory:write", subject="ann")
    assert stockyard.reserve(body, Actor_Id="ann", **own).status_code == 201
    missing, _ = refused(stockyard.reserve(body, Actor_Id="bob", **own), 403, "permission-missing")
    assert missing == ["actors.any"]
    service = bearing("inventory:write", "actors.any", subject="shop")
    assert stockyard.reserve(body, Actor_Id="bob", **service).status_code == 201


def test_a_tenant_is_the_tokens_and_the_header_may_only_repeat_it(stockyard):
    same = {"Tenant-Id": "default"}
    assert stockyard.get(AVAILABILITY, headers=same).status_code == 200
    for answer in (
        stockyard.get(AVAILABILITY, headers={"Tenant-Id": "other"}),
        stockyard.reserve(order("NOTHING"), Tenant_Id="other"),
    ):
        assert answer.status_code == 400
        assert [each["header"] for each in answer.json()["errors"]] == ["Tenant-Id"]


@pytest.mark.parametrize("endpoint", GUARDED)
def test_no_endpoint_knows_another_tenants_ids(stockyard, endpoint):
    sku = stockyard.stock()
    made = stockyard.reserve(order(sku), Prefer="wait=10")
    named = made.json()["reservation_id"]
    answer = ask(stockyard, endpoint, bearing(tenant="other"), named)
    if "{id}" in endpoint[1]:
        assert answer.status_code == 404, answer.text
    else:
        assert sku not in answer.text
    assert stockyard.get(f"{RESERVATIONS}/{named}").json()["status"] == "active"
    assert stockyard.availability(sku)["reserved"] == "1"
