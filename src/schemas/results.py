"""What is answered: the result of a command, as the results topic carries it."""

from typing import Any, Literal

from pydantic import Field

from schemas.base import Strict


class Resource(Strict):
    """What a command made or changed."""

    type: str = Field(examples=["reservation"])
    id: str = Field(examples=["rsv-020000000000002a"])


class Result(Strict):
    """What became of one command. A repeat of the command gets the first one's result again."""

    request_id: str = Field(description="of the command message that this answers")
    idempotency_key: str
    tenant_id: str
    command_type: str = Field(examples=["reservation.create"])
    status: Literal["applied", "rejected"]
    code: int = Field(description="the HTTP status that says the same", examples=[201])
    replayed: bool = Field(description="whether this is an earlier result, given again")
    resource: Resource | None
    body: dict[str, Any] | None = Field(description="the resource as it stands; null if rejected")
    problem: dict[str, Any] | None = Field(description="RFC 9457 members, and the request_id")
    position: str = Field(
        description="opaque: where this stands in the journal, to wait for in the read tables",
        examples=["512:42"],
    )
