"""The table of permissions: every endpoint has a rule, and every rule is about something."""

import pytest

from api.app import create_app
from api.identity.permissions import ENDPOINTS, OPEN, PERMISSIONS, ROLES, SCOPES, granted
from schemas.settings import Settings

APP = create_app(Settings())
ITS_OWN = {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}
"""FastAPI's documents, which are open."""


def endpoints():
    """Those of the included routers, hidden ones among them; what stands bare is FastAPI's."""
    for included in APP.routes:
        if getattr(included, "path", None) in ITS_OWN:
            continue
        for route in included.original_router.routes:
            for method in route.methods:
                yield method, route.path


def test_every_endpoint_has_a_rule_and_every_rule_an_endpoint():
    assert set(endpoints()) == ENDPOINTS.keys()


def test_only_health_numbers_documents_and_the_way_in_are_open():
    opened = {path for (_, path), rule in ENDPOINTS.items() if rule is OPEN}
    documents, health = {"/asyncapi", "/asyncapi.json"}, {"/livez", "/readyz", "/metrics"}
    assert opened == {*documents, *health, "/auth/login", "/auth/callback"}


@pytest.mark.parametrize("named", [*ENDPOINTS.values(), *SCOPES.values(), *ROLES.values()])
def test_every_permission_that_is_named_exists(named):
    assert named is OPEN or named <= PERMISSIONS.keys()


def test_every_permission_can_be_had_by_a_scope_or_role_and_one_only_by_its_name():
    had = frozenset().union(*SCOPES.values(), *ROLES.values())
    assert PERMISSIONS.keys() - had == {"actors.any"}


def test_what_is_not_known_grants_nothing():
    assert granted(["openid", "inventory:delete", "admin"], ["root"]) == frozenset()
    assert granted(["inventory.read", "inventory.read"]) == {"inventory.read"}


def test_nobody_who_may_only_read_may_write():
    writing = {name for name in PERMISSIONS if not name.endswith(".read")}
    assert not granted(["inventory:read"], ["viewer"]) & writing
