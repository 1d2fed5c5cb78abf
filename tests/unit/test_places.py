"""Whether a topic can be read on from where the database stands."""

import pytest

from consumers.places import (
    HaltError,
    Kind,
    Place,
    Stands,
    check_partitions,
    contradiction,
)
from producers.kafka_topics import Reach

PLACE = Place("s.commands.stock", 2)
AGREEING = [
    (Stands(0, None), Reach(0, 0, "t")),
    (Stands(0, None), Reach(0, 9, "t")),
    (Stands(5, "t"), Reach(5, 5, "t")),
    (Stands(5, "t"), Reach(0, 9, "t")),
    (Stands(5, None), Reach(5, 9, "t")),
]
CONTRADICTING = [
    (Stands(5, "t"), Reach(0, 9, "u"), Kind.NEW_TOPIC, "counts in topic t, the broker has u"),
    (Stands(5, "t"), Reach(0, 4, "t"), Kind.LOST_END, "ends at 4, but the database has applied"),
    (Stands(5, "t"), Reach(8, 9, "t"), Kind.MISSING, "begins at 8, but 5 to 7 were never applied"),
    (Stands(5, "t"), Reach(0, 1, "u"), Kind.NEW_TOPIC, "was deleted and made anew"),
    (Stands(0, None), Reach(3, 9, "t"), Kind.MISSING, "0 to 2 were never applied"),
]


@pytest.mark.parametrize(("stands", "reach"), AGREEING)
def test_a_topic_that_holds_what_comes_next_is_read_on(stands, reach):
    assert contradiction(PLACE, stands, reach) is None


@pytest.mark.parametrize(("stands", "reach", "kind", "says"), CONTRADICTING)
def test_what_is_wrong_is_said_with_its_numbers(stands, reach, kind, says):
    wrong = contradiction(PLACE, stands, reach)
    assert wrong.kind is kind
    assert says in wrong.says
    assert wrong.says.startswith("s.commands.stock [2]")


def test_partitions_that_were_added_are_refused():
    check_partitions({"a": 4, "b": 4}, 4)
    with pytest.raises(HaltError, match="b has 5 partitions instead of 4"):
        check_partitions({"a": 4, "b": 5}, 4)
