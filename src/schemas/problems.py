"""The closed list of refusals, as RFC 9457 problems: one function a kind, so none is misspelt."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

BASE: Final = "https://stockyard.dev/problems/"
"""Problem types are names, not addresses: nothing is fetched from there."""


class Kind(NamedTuple):
    """What all problems of one type share."""

    name: str
    status: int
    title: str


INVALID: Final = Kind("invalid-command", 422, "The command breaks a rule of its schema")
KEY_REUSED: Final = Kind(
    "idempotency-key-reused", 422, "The idempotency key belongs to another command"
)
UNKNOWN_ITEM: Final = Kind("unknown-item", 422, "No such item")
UNKNOWN_LOCATION: Final = Kind("unknown-location", 422, "No such location")
LOT_RULE: Final = Kind("lot-rule", 422, "The lot does not fit how the item is tracked")
SERIAL_RULE: Final = Kind(
    "serial-rule", 422, "The serials do not fit the quantity, or how the item is tracked"
)
SERIAL_PRESENT: Final = Kind("serial-present", 409, "A serial that would come in is here already")
SERIAL_AWAY: Final = Kind("serial-not-available", 409, "A serial is not there to be taken")
UNKNOWN_LOT: Final = Kind("unknown-lot", 404, "No such lot")
UNKNOWN_HOLD: Final = Kind("unknown-hold", 404, "No such hold")
HOLD_RELEASED: Final = Kind("hold-not-active", 409, "The hold is no longer active")
HOLD_HOLDS_LESS: Final = Kind("hold-holds-less", 409, "The hold holds less than that")
LOT_DATES: Final = Kind("lot-dates-differ", 409, "The lot has other dates")
LOT_UNUSABLE: Final = Kind("lot-unusable", 409, "The lot may not be used")
UNKNOWN_TRANSFER: Final = Kind("unknown-transfer", 404, "No such transfer")
TRANSFER_ENDED: Final = Kind(
    "transfer-not-in-transit", 409, "Nothing of the transfer is in transit"
)
TRANSFER_HOLDS_LESS: Final = Kind(
    "transfer-holds-less", 409, "Less than that of the line is in transit"
)
ITEM_RULE: Final = Kind("item-rule", 422, "The item's description contradicts itself")
VARIANT_RULE: Final = Kind("variant-rule", 409, "The item cannot be a variant of that one")
BARCODE_TAKEN: Final = Kind("barcode-taken", 409, "The barcode belongs to another item")
ITEM_INACTIVE: Final = Kind("item-inactive", 409, "The item is not active")
UNIT_RULE: Final = Kind("unit-rule", 422, "The quantity does not fit the item's units")
POLICY_RULE: Final = Kind("policy-rule", 422, "The policy does not fit the item")
POLICY_IN_USE: Final = Kind("policy-in-use", 409, "More than that is in use already")
TRACKING_FIXED: Final = Kind("tracking-fixed", 409, "How an item is tracked cannot change")
INSUFFICIENT_STOCK: Final = Kind("insufficient-stock", 409, "Not enough stock is available")
UNKNOWN_RESERVATION: Final = Kind("unknown-reservation", 404, "No such reservation")
RESERVATION_CLOSED: Final = Kind(
    "reservation-not-active", 409, "The reservation is no longer active"
)
LOCATION_OUTSIDE: Final = Kind(
    "location-not-permitted", 403, "The caller is limited to other locations"
)
OUT_OF_BOUNDS: Final = Kind("quantity-out-of-bounds", 422, "A balance would leave its bounds")
RESERVATION_HOLDS_LESS: Final = Kind(
    "reservation-holds-less", 409, "The reservation holds less than that"
)
UNKNOWN_COUNT: Final = Kind("unknown-count", 404, "No such count")
COUNT_ENDED: Final = Kind("count-not-open", 409, "The count is no longer open")
COUNT_LINES: Final = Kind("count-lines-refused", 422, "Lines of the count break a rule")
COUNT_LEFT: Final = Kind("count-not-postable", 409, "Lines of the count cannot be posted")
APPROVER_COUNTED: Final = Kind("approver-has-counted", 409, "Who has counted may not approve")
STOCK_FROZEN: Final = Kind("stock-frozen", 409, "The stock stays where it is while it is counted")
WITNESS_ACTS: Final = Kind(
    "witness-is-actor", 409, "Nobody is a witness of what they did themselves"
)
UNKNOWN_RECIPE: Final = Kind("unknown-recipe", 404, "Nobody has said what the item is made of")
RECIPE_CYCLE: Final = Kind("recipe-cycle", 422, "The item would be made of itself")
COMPONENT_RULE: Final = Kind("component-rule", 422, "The recipe does not ask for that")
WHOLE_UNITS: Final = Kind("whole-units", 422, "Only whole numbers of it can be made")
UNKNOWN_PRODUCTION: Final = Kind("unknown-production", 404, "No such production order")
PRODUCTION_ENDED: Final = Kind("production-not-open", 409, "The production order has ended")
PRODUCTION_MADE: Final = Kind(
    "production-has-made", 409, "The production order has made something already"
)
UNKNOWN_RECEIPT: Final = Kind("unknown-receipt", 404, "No such line of a receipt")
CHARGE_BASIS: Final = Kind("charge-basis", 422, "The charge cannot be divided by that")
COST_METHOD: Final = Kind("cost-method", 409, "The item's cost method does not allow that")
IN_THE_FUTURE: Final = Kind("effective-in-future", 422, "Nothing takes effect before its time")
BEFORE_RECEIPT: Final = Kind("effective-before-receipt", 422, "Nothing is charged before it came")
BACKDATING: Final = Kind("backdating-not-allowed", 403, "The actor may not date anything back")
PERIOD_CLOSED: Final = Kind("period-closed", 409, "The period is closed")
PERIOD_NOT_OVER: Final = Kind("period-not-over", 422, "Only days that are over may be closed")
CURRENCY: Final = Kind("currency-stands", 409, "The books have a currency, and keep it")
AMOUNT_DIGITS: Final = Kind("amount-digits", 422, "The currency has no such small parts")
RETURN_EXCEEDS: Final = Kind(
    "return-exceeds-shipment", 409, "Less than that was shipped and is not back"
)
REPACK_RULE: Final = Kind("repack-rule", 422, "What comes out is not what goes in")
REPLENISHMENT_RULE: Final = Kind(
    "replenishment-rule", 422, "The policy of replenishment contradicts itself"
)
UNKNOWN_REPLENISHMENT: Final = Kind(
    "unknown-replenishment", 404, "Nobody has said how the place is replenished"
)
UNKNOWN_RECOMMENDATION: Final = Kind("unknown-recommendation", 404, "No such recommendation")
RECOMMENDATION_CLOSED: Final = Kind(
    "recommendation-not-open", 409, "The recommendation is no longer open to that"
)
RECEIPT_RULE: Final = Kind(
    "receipt-rule", 422, "The receipt's order contradicts its source or time"
)
UNKNOWN_BIN: Final = Kind("unknown-bin", 422, "No such bin")
BIN_RULE: Final = Kind("bin-rule", 409, "The bin does not take that")
BIN_FULL: Final = Kind("bin-full", 409, "The bin has not so much room")
BIN_HOLDS_LESS: Final = Kind("bin-holds-less", 409, "Not so much lies there")
KINDS: Final = tuple(kind for kind in list(globals().values()) if isinstance(kind, Kind))

ERRORS_MAX: Final = 100
FAULTS_MAX: Final = 20_000
Problem = dict[str, Any]


def problem(kind: Kind, detail: str, **members: object) -> Problem:
    """The RFC 9457 members of one occurrence; `members` are the type's own extensions."""
    return {
        "type": BASE + kind.name,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        **members,
    }


def invalid(error: ValidationError) -> Problem:
    """Every field that breaks a rule, by JSON pointer, and the rule it breaks.

    Where they are many, `errors` has the first hundred, and `faults` all of them: the pointers of
    those that break the same rule together, so that a message can hold twenty thousand.
    """
    faults = [
        {"pointer": pointer(fault["loc"]), "detail": fault["msg"]}
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    said = "; ".join(f"{fault['pointer'] or '/'}: {fault['detail']}" for fault in faults[:20])
    told = faults[:ERRORS_MAX]
    if len(faults) == len(told):
        return problem(INVALID, said, errors=told)
    by_rule: dict[str, list[str]] = {}
    for fault in faults[:FAULTS_MAX]:
        by_rule.setdefault(fault["detail"], []).append(fault["pointer"])
    rest = [{"detail": rule, "pointers": pointers} for rule, pointers in by_rule.items()]
    return problem(INVALID, said, errors=told, faults=rest)


def pointer(location: Sequence[str | int]) -> str:
    """A field's place as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
