"""The words that messages are made of: quantities, headers, pointers, identities."""

import json
from decimal import Decimal

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.base import LocationCode, Quantity, shown
from schemas.commands.catalog import UpsertItem
from schemas.commands.counts import RecordCount
from schemas.dead_letters import Reason, Unreadable
from schemas.envelope import identity, read_envelope
from schemas.problems import invalid, pointer

QUANTITY = TypeAdapter(Quantity)
GOOD = [("6", "6"), (6, "6"), ("0.000001", "0.000001"), ("2.500", "2.5"), ("0010", "10")]
BAD = [
    1.0,
    True,
    None,
    "",
    "0",
    "-1",
    "1e3",
    "1.",
    ".5",
    "NaN",
    "1.0000001",
    "1" * 13,
    10**12,
    "\u0661",
]


@pytest.mark.parametrize(("spelt", "kept"), GOOD)
def test_a_quantity_is_kept_exactly(spelt, kept):
    assert shown(QUANTITY.validate_python(spelt)) == kept


@pytest.mark.parametrize("spelt", BAD)
def test_what_is_no_exact_quantity_above_zero_is_refused(spelt):
    with pytest.raises(ValidationError):
        QUANTITY.validate_python(spelt)


@pytest.mark.parametrize("value", ["0", "10", "100", "0.10", "1E+1", "-0"])
def test_a_quantity_is_shown_in_plain_digits(value):
    number = Decimal(value)
    digits = format(number, "f")
    assert Decimal(shown(Decimal(digits))) == number


@pytest.mark.parametrize(
    ("code", "fits"), [("MAIN", True), ("@loss", False), ("a/1", True), ("", False)]
)
def test_no_location_can_pass_for_a_virtual_place(code, fits):
    adapter = TypeAdapter(LocationCode)
    if fits:
        assert adapter.validate_python(code) == code
    else:
        with pytest.raises(ValidationError):
            adapter.validate_python(code)


HEADERS = {
    "Command-Type": b"item.upsert",
    "Request-Id": b"r",
    "Idempotency-Key": b"k",
    "Actor-Id": b"ann",
    "Actor-Type": b"user",
    "Source-System": b"erp",
}
TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def envelope(**changes):
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    raw = [(name, value) for name, value in {**HEADERS, **named}.items() if value != b"none"]
    return read_envelope(raw, default_tenant="default", source_systems=frozenset({"erp"}))


def test_an_envelope_takes_the_default_tenant_and_names_in_any_case():
    raw = [(name.upper(), value) for name, value in HEADERS.items()]
    read = read_envelope(raw, default_tenant="default", source_systems=frozenset({"erp"}))
    assert (read.tenant_id, read.actor_id, read.traceparent) == ("default", "ann", None)


@pytest.mark.parametrize(
    ("changes", "reason", "named"),
    [
        ({"Request_Id": b"none"}, Reason.MISSING_HEADER, "Request-Id"),
        ({"Actor_Type": b"robot"}, Reason.INVALID_HEADER, "Actor-Type"),
        ({"Idempotency_Key": "ä".encode()}, Reason.INVALID_HEADER, "Idempotency-Key"),
        ({"Tenant_Id": b"a/b"}, Reason.INVALID_HEADER, "Tenant-Id"),
        ({"Source_System": b"sap"}, Reason.INVALID_HEADER, "Source-System"),
        ({"Reply_To": b"a b"}, Reason.INVALID_HEADER, "Reply-To"),
        ({"Command_Type": b"NoVerb"}, Reason.INVALID_HEADER, "Command-Type"),
    ],
)
def test_a_wrong_header_is_named(changes, reason, named):
    read = envelope(**changes)
    assert isinstance(read, Unreadable)
    assert read.reason is reason
    assert named in read.detail


@pytest.mark.parametrize(
    ("given", "kept"), [(TRACE, True), (b"00-xyz", False), (b"ff" + TRACE[2:], False)]
)
def test_a_broken_trace_is_passed_over(given, kept):
    assert (envelope(traceparent=given).traceparent is not None) == kept


def test_an_identity_keeps_tenants_sources_and_our_own_commands_apart():
    told = {
        identity("t", "erp", "k"),
        identity("u", "erp", "k"),
        identity("t", "commerce", "k"),
        identity("t", "erp", "l"),
        identity("t", "erp", "k", own=True),
    }
    assert len(told) == 5
    assert {len(each) for each in told} == {16}


def test_a_pointer_escapes_what_json_pointer_escapes():
    assert pointer(("lines", 0, "a/b~c")) == "/lines/0/a~1b~0c"


def test_every_broken_rule_of_thousands_is_pointed_at():
    lines = [{"sku": "A", "quantity": "much"}] * 19_000 + [{"sku": "", "quantity": "1"}] * 1_000
    body = {"count_id": "cnt-1", "counted_at": "2026-11-21T08:00:00Z", "lines": lines}
    with pytest.raises(ValidationError) as caught:
        RecordCount.model_validate_json(json.dumps(body))
    told = invalid(caught.value)
    assert len(told["errors"]) == 100
    many, few = told["faults"]
    assert (len(many["pointers"]), len(few["pointers"])) == (19_000, 1_000)
    assert (many["pointers"][0], few["pointers"][-1]) == ("/lines/0/quantity", "/lines/19999/sku")
    assert len(json.dumps(told)) < 1_000_000


def test_every_broken_rule_is_pointed_at():
    with pytest.raises(ValidationError) as caught:
        UpsertItem.model_validate_json('{"sku": "", "track_by": "x", "extra": 1}')
    pointers = {fault["pointer"] for fault in invalid(caught.value)["errors"]}
    assert pointers == {"/sku", "/name", "/track_by", "/extra"}
