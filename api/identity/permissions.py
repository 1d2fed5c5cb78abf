"""The one table of permissions: what each endpoint needs, and what scopes and roles stand for.

Permissions have the names of the tenant contract (`inventory.read`, `inventory.adjust`). The scopes of
the procurement contract (`inventory:read`) and the Workbench's roles are sets of them. Pure.
"""

from collections.abc import Iterable
from typing import Final

ANY_ACTOR: Final = "actors.any"

PERMISSIONS: Final = {
    "inventory.read": "read stock, reservations and what became of them",
    "inventory.write": "reserve, release, ship, receive, hold and put away",
    "inventory.adjust": "correct stock",
    "inventory.cyclecount": "count stock",
    "transfers.read": "read transfers",
    "transfers.write": "send goods between locations, and receive them",
    "replenishment.read": "read what should be ordered, and why",
    "replenishment.write": "say how places are replenished",
    "products.read": "read items",
    "stockrequests.read": "read requests for stock",
    "stockrequests.write": "make and change requests for stock",
    "stockrequests.approve": "approve or reject requests for stock",
    "procurement.write": "make requisitions and purchase orders, and change them",
    ANY_ACTOR: "write in the name of others: Actor-Id may differ from the token's subject",
}
_READ: Final = frozenset(name for name in PERMISSIONS if name.endswith(".read"))

SCOPES: Final[dict[str, frozenset[str]]] = {
    "inventory:read": _READ,
    "inventory:write": frozenset(
        {"inventory.write", "inventory.adjust", "inventory.cyclecount", "transfers.write"}
    ),
    "procurement:write": frozenset({"procurement.write", "replenishment.write"}),
}
"""Writing does not include reading: who needs both is given both."""

_OPERATOR: Final = _READ | {
    "inventory.write",
    "inventory.cyclecount",
    "transfers.write",
    "stockrequests.write",
}
ROLES: Final[dict[str, frozenset[str]]] = {
    "viewer": _READ,
    "operator": _OPERATOR,
    "supervisor": _OPERATOR | {"inventory.adjust", "stockrequests.approve"},
    "buyer": _READ | {"procurement.write", "replenishment.write", "stockrequests.write"},
    "admin": frozenset(PERMISSIONS) - {ANY_ACTOR},
}

Rule = frozenset[str] | None
"""All the permissions that an endpoint needs; None: it is open, and nobody is asked who they are."""

OPEN: Final = None
SIGNED_IN: Final[frozenset[str]] = frozenset()
"""Whoever has a token. What a command became is told to those who may only write, too."""

_INVENTORY: Final = "/api/v1/inventory"
ENDPOINTS: Final[dict[tuple[str, str], Rule]] = {
    ("GET", "/livez"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/metrics"): OPEN,
    ("GET", "/asyncapi"): OPEN,
    ("GET", "/asyncapi.json"): OPEN,
    ("GET", "/auth/login"): OPEN,
    ("GET", "/auth/callback"): OPEN,
    ("POST", "/auth/logout"): SIGNED_IN,
    ("GET", "/commands/{id}"): SIGNED_IN,
    ("GET", f"{_INVENTORY}/availability"): frozenset({"inventory.read"}),
    ("GET", f"{_INVENTORY}/reservations/{{id}}"): frozenset({"inventory.read"}),
    ("POST", f"{_INVENTORY}/reservations"): frozenset({"inventory.write"}),
    ("POST", f"{_INVENTORY}/reservations/{{id}}/release"): frozenset({"inventory.write"}),
    ("POST", f"{_INVENTORY}/reservations/{{id}}/consume"): frozenset({"inventory.write"}),
}


def granted(names: Iterable[str], roles: Iterable[str] = ()) -> frozenset[str]:
    """The permissions that scopes, permissions by their own name, and roles come to.

    What is not known grants nothing: an issuer serves other systems too.
    """
    found: set[str] = set()
    for name in names:
        found |= SCOPES.get(name) or ({name} & PERMISSIONS.keys())
    for role in roles:
        found |= ROLES.get(role, frozenset())
    return frozenset(found)
