"""The headers around every command: who asks, for whom, and under which key it is applied once."""

import re
from hashlib import blake2b
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from schemas.base import Strict
from schemas.dead_letters import Reason, Unreadable

Visible = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")]
"""1 to 255 visible ASCII characters."""
ActorType = Literal["user", "service", "worker"]


class Envelope(Strict):
    """The headers of one command message, checked."""

    # Not frozen: an assignment check on a hundred thousand of these a second costs, and the
    # worker hands each to one place only.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=False)

    command_type: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]*\.[a-z][a-z-]*$")] = (
        Field(alias="Command-Type")
    )
    request_id: Visible = Field(alias="Request-Id")
    idempotency_key: Visible = Field(alias="Idempotency-Key")
    actor_id: Visible = Field(alias="Actor-Id")
    actor_type: ActorType = Field(alias="Actor-Type")
    source_system: Visible = Field(alias="Source-System")
    tenant_id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.-]{0,62}$")] = (
        Field(alias="Tenant-Id")
    )
    traceparent: str | None = Field(default=None, alias="traceparent")
    reply_to: Annotated[str | None, StringConstraints(pattern=r"^[0-9A-Za-z._-]{1,249}$")] = Field(
        default=None, alias="Reply-To"
    )
    locations: Annotated[
        str | None, StringConstraints(pattern=r"^([!-~]+( [!-~]+)*)?$", max_length=16_384)
    ] = Field(
        default=None,
        alias="Locations",
        description="the only ones that the sender may change, with blanks between; absent: all",
    )

    def identity(self, *, own: bool = False) -> bytes:
        """The 16 bytes that name this command for ever: its tenant, source system and key.

        The system's `own` commands have identities that nobody else's can be equal to.
        """
        return identity(self.tenant_id, self.source_system, self.idempotency_key, own=own)


def identity(
    tenant_id: str, source_system: str, idempotency_key: str, *, own: bool = False
) -> bytes:
    """The 16 bytes that name a command for ever; see `Envelope.identity`."""
    named = f"{tenant_id}\n{source_system}\n{idempotency_key}".encode()
    if own:
        return blake2b(named, digest_size=16, person=b"own").digest()
    return blake2b(named, digest_size=16).digest()


HEADERS: Final = tuple(str(field.alias) for field in Envelope.model_fields.values())
REQUIRED_WRITE_HEADERS: Final = (
    "Request-Id",
    "Idempotency-Key",
    "Actor-Id",
    "Actor-Type",
    "Source-System",
)
_CANONICAL: Final = {name.lower(): name for name in HEADERS} | {name: name for name in HEADERS}
_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)

RawHeaders = list[tuple[str, bytes | None]] | None


def read_envelope(
    raw: RawHeaders, *, default_tenant: str, source_systems: frozenset[str]
) -> Envelope | Unreadable:
    """The envelope that a message's headers spell, or why they spell none.

    Names count without regard to case; headers of others are passed over. An invalid
    `traceparent` is ignored, as W3C Trace Context asks.
    """
    found = _known(raw or [])
    if isinstance(found, Unreadable):
        return found
    trace = found.get("traceparent")
    if trace is not None and not _TRACEPARENT.fullmatch(trace):
        del found["traceparent"]
    found.setdefault("Tenant-Id", default_tenant)
    try:
        envelope: Envelope = Envelope.__pydantic_validator__.validate_python(found)
    except ValidationError as error:
        return _unreadable(error)
    if envelope.source_system not in source_systems:
        return Unreadable(
            Reason.INVALID_HEADER,
            f"Source-System: must be one of {', '.join(sorted(source_systems))}",
        )
    return envelope


def _known(raw: list[tuple[str, bytes | None]]) -> dict[str, str] | Unreadable:
    """The headers that are ours, by their canonical name."""
    found: dict[str, str] = {}
    for name, value in raw:
        canonical = _CANONICAL.get(name) or _CANONICAL.get(name.lower())
        if canonical is None:
            continue
        if canonical in found:
            return Unreadable(Reason.DUPLICATE_HEADER, f"{canonical}: stands more than once")
        if value is None:
            return Unreadable(Reason.INVALID_HEADER, f"{canonical}: must have a value")
        try:
            found[canonical] = value.decode()
        except UnicodeDecodeError:
            return Unreadable(Reason.INVALID_HEADER, f"{canonical}: must be UTF-8")
    return found


def _unreadable(error: ValidationError) -> Unreadable:
    """Name each header that is missing or wrong, the missing ones deciding the reason."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    missing = any(fault["type"] == "missing" for fault in faults)
    said = "; ".join(
        f"{fault['loc'][0]}: " + ("is required" if fault["type"] == "missing" else fault["msg"])
        for fault in faults
    )
    return Unreadable(Reason.MISSING_HEADER if missing else Reason.INVALID_HEADER, said)
