"""Who asks: the tenant of every request, and the five headers that every write must carry."""

import re
from typing import Final, NamedTuple

from pydantic import ValidationError
from starlette.requests import Request

from api.connections import connections_of
from api.problems import INVALID_HEADERS, faulty
from schemas.envelope import HEADERS, Envelope
from schemas.settings import Settings

# What a caller may not set: the edge states the type, continues the trace and awaits the result.
_READ: Final = {
    name.lower().encode(): name
    for name in HEADERS
    if name not in {"Command-Type", "Reply-To", "traceparent"}
}
_TENANT: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,62}")
# RFC 8941's string: visible ASCII and blanks between quotes, with \" and \\ escaped.
_QUOTED: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')

Fault = dict[str, str]


class Caller(NamedTuple):
    """Who asks. Tokens will say so one day; until then the header does."""

    tenant_id: str


async def caller(request: Request) -> Caller:
    """Who asks, for requests that change nothing.

    Raises:
        Refused: 400, the tenant's name is none.
    """
    named = request.headers.get("tenant-id")
    if named is None:
        return Caller(connections_of(request).settings.default_tenant)
    if not _TENANT.fullmatch(named):
        raise faulty(INVALID_HEADERS, [{"header": "Tenant-Id", "detail": "is no tenant's name"}])
    return Caller(named)


async def writer(request: Request) -> Envelope:
    """Who asks, for requests that change something; the command's type is still to be set.

    Raises:
        Refused: 400, naming each header that is missing or wrong.
    """
    found, faults = _spelt(request)
    envelope = _checked(found, faults, connections_of(request).settings)
    if envelope is None:
        raise faulty(INVALID_HEADERS, faults)
    return envelope


def _spelt(request: Request) -> tuple[dict[str, str], list[Fault]]:
    """The headers that are ours, by name, and those that cannot be read."""
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for raw_name, raw in request.scope["headers"]:
        name = _READ.get(raw_name)
        if name is None:
            continue
        if name in found:
            faults.append({"header": name, "detail": "stands more than once"})
        found[name] = raw.decode("latin-1")
    key = found.get("Idempotency-Key")
    if key is not None and key.startswith('"'):
        found["Idempotency-Key"] = _unquoted(key)
    return found, faults


def _unquoted(key: str) -> str:
    """The key that a structured-fields string spells; as it stands when it spells none."""
    quoted = _QUOTED.fullmatch(key)
    return re.sub(r'\\(["\\])', r"\1", quoted[1]) if quoted else ""


def _checked(found: dict[str, str], faults: list[Fault], settings: Settings) -> Envelope | None:
    """The envelope, if nothing is wrong; what is wrong is added to `faults`."""
    found["Command-Type"] = "not.known"
    found.setdefault("Tenant-Id", settings.default_tenant)
    source = found.get("Source-System")
    if source is not None and source not in settings.source_systems:
        known = ", ".join(settings.source_systems)
        faults.append({"header": "Source-System", "detail": f"must be one of {known}"})
    try:
        envelope = Envelope.model_validate(found)
    except ValidationError as error:
        faults.extend(_faults(error, {fault["header"] for fault in faults}))
        return None
    return None if faults else envelope


def _faults(error: ValidationError, named: set[str]) -> list[Fault]:
    """Each header that breaks a rule, in the words of the rule, once."""
    return [
        {
            "header": str(fault["loc"][0]),
            "detail": "is required"
            if fault["type"] == "missing"
            else _WORDS.get(str(fault["loc"][0]), fault["msg"]),
        }
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
        if fault["loc"][0] not in named
    ]


_VISIBLE: Final = "must be 1 to 255 visible ASCII characters"
_WORDS: Final = {
    "Request-Id": _VISIBLE,
    "Idempotency-Key": f"{_VISIBLE}, bare or as a quoted string",
    "Actor-Id": _VISIBLE,
    "Actor-Type": "must be user, service or worker",
    "Source-System": _VISIBLE,
    "Tenant-Id": "is no tenant's name",
}
