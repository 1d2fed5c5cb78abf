"""Items and locations: described, described anew, and never tracked another way."""

import pytest

import paper
from schemas.commands.catalog import UpsertItem, UpsertLocation

CASES = [
    (UpsertItem(sku="NEW", name="n"), 201, None),
    (UpsertItem(sku="A", name="n"), 200, None),
    (UpsertItem(sku="A", name="n", track_by="batch"), 409, "tracking-fixed"),
    (UpsertItem(sku="B", name="n", track_by="batch"), 200, None),
    (UpsertLocation(code="NEW", name="n"), 201, None),
    (UpsertLocation(code="MAIN", name="n"), 200, None),
]


@pytest.mark.parametrize(("command", "code", "refused"), CASES)
def test_the_catalog_takes_descriptions(command, code, refused):
    outcome = paper.decided(command, paper.book())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)


def test_a_description_anew_is_the_next_version_and_tells_so():
    outcome = paper.decided(UpsertItem(sku="A", name="other"), paper.book())
    assert outcome.body["version"] == 2
    assert outcome.body["name"] == "other"
    assert [(each.type, each.subject, each.sequence) for each in outcome.events] == [
        ("item.upserted", "item/A", 2)
    ]
