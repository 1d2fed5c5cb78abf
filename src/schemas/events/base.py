"""What all events have in common: a CloudEvent in the headers, and a body that is strict JSON."""

from typing import ClassVar, Final

from pydantic import AwareDatetime, Field

from schemas.base import Strict

MOVING: Final = ("stock", "reservations", "transfers", "receiving", "counting", "manufacturing")
"""The modules whose commands move stock."""


class Event(Strict):
    """A fact, in the past tense. The class states its type and the modules that tell it.

    Quantities are exact decimals, written as strings.
    """

    TYPE: ClassVar[str]
    MODULES: ClassVar[tuple[str, ...]]


class Conversion(Strict):
    """A quantity that was said in another unit, and what it is in the base unit."""

    line: int
    unit: str
    quantity: str
    factor: str
    base_unit: str
    base_quantity: str


class EventHeaders(Strict):
    """The headers of an event message: CloudEvents 1.0, Kafka binding, binary mode."""

    specversion: str = Field(alias="ce_specversion", pattern=r"^1\.0$")
    id: str = Field(alias="ce_id", description="stays the same when the event is sent again")
    type: str = Field(alias="ce_type", examples=["reservation.created"])
    source: str = Field(alias="ce_source", examples=["/stockyard/reservations"])
    subject: str = Field(alias="ce_subject", examples=["reservation/rsv-020000000000002a"])
    time: AwareDatetime = Field(alias="ce_time")
    sequence: str = Field(
        alias="ce_sequence",
        pattern=r"^[0-9]{20}$",
        description="counts the subject's events without gaps",
    )
    position: str = Field(
        alias="ce_position",
        pattern=r"^[0-9]+-[0-9]+\+?$",
        description="the journal row that tells it; with a + on all events of a row but the last",
    )
    request_id: str = Field(alias="Request-Id")
    tenant_id: str = Field(alias="Tenant-Id")
    traceparent: str | None = Field(default=None, alias="traceparent")
    content_type: str = Field(alias="content-type", pattern=r"^application/json$")
