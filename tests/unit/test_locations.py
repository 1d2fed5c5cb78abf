"""The limit to locations: what commands name, at whatever depth, and what goes beyond the limit."""

import json
from typing import get_args, get_type_hints

import pytest
from pydantic import BaseModel

from asks import SOURCES
from ledger.kept import KEPT_IN
from schemas.commands import COMMANDS
from schemas.commands.catalog import UpsertLocation
from schemas.commands.recommendations import GenerateRecommendations
from schemas.commands.reservations import CreateReservation
from schemas.commands.transfers import ShipTransfer
from schemas.dead_letters import Unreadable
from schemas.envelope import read_envelope
from schemas.events import EVENTS
from schemas.locations import NAMES, named_by, outside, read_limit, shown_in, spelt

LINE = {"sku": "A", "quantity": "1"}


def models(kind):
    """A model and those within it."""
    yield kind
    stack = [each for field in kind.model_fields.values() for each in (field.annotation,)]
    while stack:
        annotation = stack.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from models(annotation)
        stack.extend(get_args(annotation))


@pytest.mark.parametrize(
    ("kind", "body", "named"),
    [
        (
            CreateReservation,
            {
                "order_id": "S",
                "lines": [{**LINE, "location": "MAIN"}, {**LINE, "location": "EAST"}],
            },
            {"MAIN", "EAST"},
        ),
        (
            ShipTransfer,
            {"from_location": "MAIN", "to_location": "EAST", "lines": [LINE]},
            {"MAIN", "EAST"},
        ),
        (UpsertLocation, {"code": "WEST", "name": "West"}, {"WEST"}),
        (
            GenerateRecommendations,
            {"locations": ["MAIN"], "after": {"sku": "A", "location": "EAST"}},
            {"MAIN", "EAST"},
        ),
        (GenerateRecommendations, {}, set()),
    ],
)
def test_a_command_names_the_locations_in_it(kind, body, named):
    assert set(named_by(kind.model_validate_json(json.dumps(body)))) == named


@pytest.mark.parametrize("kind", sorted(COMMANDS))
def test_no_field_of_a_command_names_a_location_in_another_type(kind):
    """A field that is called so, and is no LocationCode, would be overlooked."""
    for model in models(COMMANDS[kind]):
        for name, hint in get_type_hints(model, include_extras=True).items():
            if "location" in name:
                assert "[!-~]{0,63}" in repr(hint), f"{model.__name__}.{name}"


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_every_event_names_its_locations_by_the_known_names(kind):
    for model in models(EVENTS[kind]):
        told = {name for name in model.model_fields if "location" in name}
        assert told <= set(NAMES), model.__name__


@pytest.mark.parametrize("kind", KEPT_IN, ids=lambda kind: kind.__name__)
def test_every_document_names_its_locations_by_the_known_names(kind):
    assert {name for name in kind._fields if "location" in name} <= set(NAMES)


def test_a_body_names_the_locations_in_it():
    body = {"location": "A", "lines": [{"from_location": "B", "more": {"to_location": "C"}}]}
    assert set(shown_in([body, {"location": None}, "location"])) == {"A", "B", "C"}


def test_what_goes_beyond_the_limit_is_named_and_nothing_else():
    assert outside(["A", "B"], frozenset("AB")) is None
    refused = outside(["C", "A", "D", "C"], frozenset("A"))
    assert (refused["status"], refused["locations"]) == (403, ["C", "D"])
    assert outside(["A"], frozenset())["detail"] == "A"


@pytest.mark.parametrize("limit", [[], ["MAIN"], ["EAST", "MA,IN"]])
def test_a_limit_travels_in_a_header(limit):
    sent = {
        "Command-Type": "item.upsert",
        "Request-Id": "r",
        "Idempotency-Key": "k",
        "Actor-Id": "ann",
        "Actor-Type": "user",
        "Source-System": "erp",
        "Locations": spelt(limit),
    }
    raw = [(name, value.encode()) for name, value in sent.items()]
    read = read_envelope(raw, default_tenant="t", source_systems=SOURCES)
    assert not isinstance(read, Unreadable)
    assert read_limit(read.locations) == frozenset(limit)


def test_who_is_not_limited_has_no_such_header():
    raw = [
        (name, b"item.upsert" if name == "Command-Type" else b"user" if "Type" in name else b"erp")
        for name in (
            "Command-Type", "Request-Id", "Idempotency-Key", "Actor-Id", "Actor-Type", "Source-System"
        )
    ]  # fmt: skip
    assert read_envelope(raw, default_tenant="t", source_systems=SOURCES).locations is None
