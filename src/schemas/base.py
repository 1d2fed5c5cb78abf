"""The words that every message is made of: quantities, codes and the strict model beneath them."""

import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

QUANTITY_BOUND: Final = 10**12
"""Every quantity lies below this; with six decimals it fits NUMERIC(18, 6)."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_FACTOR: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")
ZERO: Final = Decimal(0)


class Strict(BaseModel):
    """A message or a part of one: no field it does not know, no value bent to fit, no change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def exact(value: object) -> Decimal:
    """The decimal that a JSON string or integer spells; never one that a float came near to.

    Raises:
        PydanticCustomError: a float, a boolean, another notation, or out of bounds.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(shown(Decimal(value)) if "." in value else value) + ZERO
    if type(value) is int and -QUANTITY_BOUND < value < QUANTITY_BOUND:
        return Decimal(value)
    if isinstance(value, Decimal):
        return exact(shown(value))
    if isinstance(value, float):
        raise PydanticCustomError(
            "quantity_float", "must be a string or an integer: a float is not exact"
        )
    raise PydanticCustomError(
        "quantity", "must be a decimal number of at most 12 digits and 6 decimals, as a string"
    )


def shown(value: Decimal) -> str:
    """A quantity as every message and page writes it: plain digits, no trailing zeros."""
    if not value:
        return "0"
    digits = str(value)
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def plain(factor: Decimal) -> str:
    """A factor as every message writes it; `shown` is for what has at most six decimals."""
    return format(factor.normalize(), "f")


def _above_zero(value: object) -> Decimal:
    number = exact(value)
    if number <= ZERO:
        raise PydanticCustomError("quantity_positive", "must be above zero")
    return number


def _zero_or_more(value: object) -> Decimal:
    number = exact(value)
    if number < ZERO:
        raise PydanticCustomError("quantity_negative", "must not be below zero")
    return number


def _not_zero(value: object) -> Decimal:
    number = exact(value)
    if number == ZERO:
        raise PydanticCustomError("quantity_zero", "must not be zero")
    return number


def _factor(value: object) -> Decimal:
    """How many base units: finer than a quantity may be, since it is multiplied before it is one."""
    if isinstance(value, str) and _FACTOR.fullmatch(value):
        number = Decimal(plain(Decimal(value)))
    else:
        number = exact(value)
    if number <= ZERO:
        raise PydanticCustomError("quantity_positive", "must be above zero")
    return number


_AS_STRING: Final = PlainSerializer(shown, return_type=str, when_used="json")
_SCHEMA: Final = WithJsonSchema(
    {
        "oneOf": [
            {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"},
            {"type": "integer"},
        ],
        "examples": ["6"],
    }
)

Quantity = Annotated[Decimal, PlainValidator(_above_zero), _AS_STRING, _SCHEMA]
"""More than nothing, in the item's base unit."""
CountedQuantity = Annotated[Decimal, PlainValidator(_zero_or_more), _AS_STRING, _SCHEMA]
"""What a count found: nothing, or more."""
Delta = Annotated[Decimal, PlainValidator(_not_zero), _AS_STRING, _SCHEMA]
"""A change up or down; not none."""
Percent = Annotated[Decimal, PlainValidator(_zero_or_more), _AS_STRING, _SCHEMA]
"""Hundredths of something: none, or more."""
Cost = Annotated[Decimal, PlainValidator(_zero_or_more), _AS_STRING, _SCHEMA]
"""Money for one base unit, in the tenant's currency."""
Amount = Annotated[Decimal, PlainValidator(_above_zero), _AS_STRING, _SCHEMA]
"""More than no money, in the tenant's currency."""
Factor = Annotated[
    Decimal,
    PlainValidator(_factor),
    PlainSerializer(plain, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _FACTOR.pattern, "examples": ["12"]}),
]
"""How many base units one of another unit is, exactly: at most 9 digits and 12 decimals."""

Sku = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,62}[!-~])?$")]
"""An item's code: 1 to 64 printable ASCII characters, no blank at either end."""
LocationCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]([!-~]{0,63})$")]
"""A location's code. It starts with a letter or digit: `@` is kept for virtual places."""
BinCode = Annotated[str, StringConstraints(pattern=r"^[!-.0-~]{1,64}$")]
"""A bin's code, unique within its location. It has no slash: a bin is also named behind its location."""
LotCode = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,62}[!-~])?$")]
ActorId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")]
"""Somebody who acts, as the header Actor-Id names them."""
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.-]{0,63}$")]
ChannelCode = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
"""Where something is sold: a shop, a marketplace."""
UnitCode = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,16}$")]
"""A unit of an item: its base unit, or one of its others."""
Reference = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]
"""Another system's name for something: an order, a tracking number."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
