"""Telling a reader that stands still from one that has nothing to read, or has been busy."""

import pytest

from consumers.backlog import WEDGED_SECONDS, Watch
from consumers.places import Place

A, B = Place("commands", 0), Place("commands", 1)
LONG = WEDGED_SECONDS + 1


@pytest.mark.parametrize(
    ("why", "looks", "standing"),
    [
        ("nothing waits", [({A: 5}, {A: 5}, 0), ({A: 5}, {A: 5}, LONG)], []),
        ("no fetch knows more", [({A: 9}, {A: 5}, 0), ({A: 9}, {A: 5}, LONG)], [A]),
        ("not for long enough", [({A: 9}, {A: 5}, 0), ({A: 9}, {A: 5}, LONG - 2)], []),
        ("fetches know more", [({A: 9}, {A: 5}, 0), ({A: 12}, {A: 9}, LONG)], []),
        ("it was busy all the time", [({A: 9}, {A: 5}, 3), ({A: 90}, {A: 5}, 3)], []),
        ("nothing was ever fetched", [({A: 9}, {}, 0), ({A: 9}, {}, LONG)], [A]),
        ("one of two", [({A: 9, B: 2}, {A: 5, B: 2}, 0), ({A: 9, B: 2}, {A: 5, B: 2}, LONG)], [A]),
        (
            "the broker was silent meanwhile",
            [({A: 9}, {A: 5}, 0), ({}, {A: 5}, LONG), ({A: 9}, {A: 5}, LONG)],
            [],
        ),
        ("it went to another member", [({A: 9}, {A: 5}, 0), ({B: 1}, {B: 1}, LONG)], []),
    ],
)
def test_a_reader_stands_still_when_idle_for_long_before_records_that_wait(why, looks, standing):
    watch = Watch()
    for look in looks:
        said = watch.standing(*look)
    assert said == standing, why
