"""What may be asked of recommendations: that they be generated, taken up, dismissed and settled."""

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import LocationCode, Reference, Sku, Strict, Text
from schemas.commands.base import Command

RecommendationId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
NAMED_MAX: Final = 500


class Place(Strict):
    """An item at a location."""

    sku: Sku
    location: LocationCode


class GenerateRecommendations(Command):
    """Recommend what to order, for the places that have a policy of replenishment.

    One command decides the first 500 places of its scope, by item and then location; `next` in
    its result is the `after` for the rest, and null where there is none. Safe to repeat.
    """

    TYPE: ClassVar[str] = "recommendation.generate"
    MODULE: ClassVar[str] = "planning"

    skus: Annotated[list[Sku], Field(min_length=1, max_length=NAMED_MAX)] | None = Field(
        default=None, description="null: all"
    )
    locations: Annotated[list[LocationCode], Field(min_length=1, max_length=NAMED_MAX)] | None = (
        Field(default=None, description="null: all")
    )
    after: Place | None = Field(default=None, description="only places behind this one")


class CloseRecommendation(Command):
    """Say what became of a recommendation.

    `accepted`: it will be ordered, and counts as coming until it is settled; `dismissed`: it will
    not, for a reason; `settled`: of an accepted one, that it is incoming stock by now, or received,
    or will never come.
    """

    TYPE: ClassVar[str] = "recommendation.close"
    MODULE: ClassVar[str] = "planning"

    recommendation_id: RecommendationId
    outcome: Literal["accepted", "dismissed", "settled"]
    reason: Text | None = None
    reference: Reference | None = Field(default=None, description="the order that was made of it")

    @model_validator(mode="after")
    def _a_dismissal_has_a_reason(self) -> Self:
        if self.outcome == "dismissed" and self.reason is None:
            raise PydanticCustomError("reason", "reason must say why it is dismissed")
        return self
