"""API keys: shown once, kept as hashes, good for what they were made for, and ended within seconds."""

from datetime import timedelta

import psycopg
import pytest

from ledger import api_keys
from ledger.api_keys import Grant
from running import AVAILABILITY, eventually, order


@pytest.fixture
def keys(stockyard):
    with psycopg.connect(stockyard.settings.read_url, autocommit=True) as tx:
        yield tx


def made(tx, *scopes, tenant="default", days=1.0, **others):
    grant = Grant(tenant, "shop", scopes, **others)
    key_id, key = api_keys.create(tx, grant, timedelta(days=days))
    return key_id, {"Authorization": f"Bearer {key}"}


def test_a_key_does_what_it_was_made_for_and_no_more(stockyard, keys):
    _, reading = made(keys, "inventory:read")
    assert stockyard.get(AVAILABILITY, headers=reading).status_code == 200
    answer = stockyard.reserve(order(stockyard.stock()), Actor_Id="shop", **reading)
    assert answer.status_code == 403
    assert answer.json()["permissions"] == ["inventory.write"]
    _, writing = made(keys, "inventory:write")
    body = order(stockyard.stock())
    assert stockyard.reserve(body, Actor_Id="shop", **writing).status_code == 201
    assert stockyard.reserve(body, Actor_Id="ann", **writing).status_code == 403


def test_a_key_is_of_one_tenant(stockyard, keys):
    sku = stockyard.stock()
    _, other = made(keys, "inventory:read", tenant="other")
    answer = stockyard.get(AVAILABILITY, params={"sku": sku}, headers=other)
    assert answer.json()["data"] == []


def test_a_key_ends_within_seconds_of_being_revoked_and_for_good(stockyard, keys):
    key_id, shown = made(keys, "inventory:read")
    assert stockyard.get(AVAILABILITY, headers=shown).status_code == 200
    assert api_keys.revoke(keys, key_id)
    eventually("ended", lambda: stockyard.get(AVAILABILITY, headers=shown).status_code == 401, 4.0)
    assert not api_keys.revoke(keys, key_id)


@pytest.mark.parametrize("days", [0.0, -1.0])
def test_a_key_that_is_over_is_nobodys(stockyard, keys, days):
    _, shown = made(keys, "inventory:read", days=days)
    assert stockyard.get(AVAILABILITY, headers=shown).status_code == 401


@pytest.mark.parametrize("key", ["sy_", "sy_x", "sy_" + "a" * 43, "sy_" + "a" * 42 + "'"])
def test_what_was_never_made_is_nobodys(stockyard, key):
    answer = stockyard.get(AVAILABILITY, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 401


def test_no_key_can_be_read_back(keys):
    _, shown = made(keys, "inventory:read")
    key = shown["Authorization"].removeprefix("Bearer ")
    kept = keys.execute("SELECT a::text FROM stockyard_access.api_key a").fetchall()
    assert key not in str(kept)
    assert len(key) == 46
