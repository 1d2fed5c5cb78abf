"""The decisions about dead letters: when a module halts, and which letters a redrive sends."""

from datetime import UTC, datetime, timedelta

import pytest

from consumers.breaker import Limit, crowd
from ledger.dead_letters import Letter, Place, key_hash
from producers.redrive import message
from producers.redrive_plan import Fate, Rules, plan
from schemas.dead_letters import own_headers, read_replays

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = Rules(NOW, 10, 3, 30 * DAY)


@pytest.mark.parametrize(
    ("past", "new", "window", "letters", "last"),
    [
        ([], [5], 10, 1, 5),
        ([], [0, 1, 2], 10, 3, 2),
        ([0, 1, 2], [3], 10, 4, 3),
        ([0, 1, 2], [10], 10, 3, 10),  # the record at 0 is the eleventh
        ([0, 1, 2], [12], 10, 1, 12),
        ([0, 1, 2, 3, 4], [14], 10, 1, 14),  # a full window behind us halts nobody any more
        ([], [0, 1, 2, 50, 51], 10, 3, 2),  # the fullest window, not the last
        ([], [7, 8], 1, 1, 8),
    ],
)
def test_the_letters_of_the_fullest_window_that_ends_at_a_new_one_are_counted(
    past, new, window, letters, last
):
    assert crowd(past, new, window) == (letters, last)


@pytest.mark.parametrize(
    ("share_max", "window", "letters_max"), [(0.2, 500, 100), (1.0, 500, 500), (0.5, 1, 0)]
)
def test_a_limit_is_a_number_of_letters_in_a_window(share_max, window, letters_max):
    assert Limit(share_max, window).letters_max == letters_max


def letter(sequence, key=b"k", *, shard=512, replays=0, age=DAY, reason="invalid-json"):
    hashed = key_hash(key)
    failed = NOW - age
    return Letter(Place(shard, sequence), "t", 0, sequence, hashed, reason, replays, failed, failed)


@pytest.mark.parametrize(
    ("letters", "fates"),
    [
        ([(letter(1), True), (letter(2), True)], ["send", "send"]),
        ([(letter(1), False), (letter(2), True)], ["behind"]),
        ([(letter(1), False), (letter(2, b"other"), True)], ["send"]),
        ([(letter(1), False), (letter(2, shard=513), True)], ["send"]),
        ([(letter(1, None), False), (letter(2, None), True)], ["send"]),
        ([(letter(1), False), (letter(2), True), (letter(3), True)], ["behind", "behind"]),
        ([(letter(1, replays=3), True), (letter(2), True)], ["parked", "send"]),
        ([(letter(1, replays=3), False), (letter(2), True)], ["send"]),
        ([(letter(1, replays=2), True)], ["send"]),
        ([(letter(1, age=16 * DAY), True), (letter(2), True)], ["aged", "send"]),
        ([(letter(1, age=15 * DAY), True)], ["send"]),
        ([], []),
    ],
)
def test_letters_of_a_key_go_in_their_order_or_not_at_all(letters, fates):
    assert [fate for _, fate in plan(letters, RULES)] == fates


def test_what_is_more_than_asked_for_is_left_for_the_next_time():
    letters = [(letter(number, b"%d" % (number % 2)), True) for number in range(5)]
    fates = [fate for _, fate in plan(letters, RULES._replace(letters_max=2))]
    assert fates == [Fate.SEND, Fate.SEND, Fate.LATER, Fate.LATER, Fate.LATER]


OWN = [("a", b"\xff"), ("a", None)]
KEPT = {"key": "ff", "value": None, "headers": [("a", "ff"), ("a", None)]}


def test_a_redriven_record_is_what_it_was_and_three_headers_more():
    once = message(letter(7), KEPT, "p")
    assert once[:4] == ("p.commands.reservations", 0, b"\xff", None)
    marks = [
        ("dlq-letter", b"512:7"),
        ("dlq-replays", b"1"),
        ("dlq-first-failed-at", b"2026-11-20T00:00:00.000000Z"),
    ]
    assert once[4] == OWN + marks
    assert own_headers(once[4]) == OWN
    assert read_replays(once[4]) == (1, NOW - DAY)


def test_the_marks_of_a_second_redrive_take_the_place_of_the_first_ones():
    marked = [("dlq-letter", "00"), ("dlq-replays", "31"), ("dlq-first-failed-at", "00")]
    twice = message(letter(9, replays=1), {**KEPT, "headers": KEPT["headers"] + marked}, "p")
    assert own_headers(twice[4]) == OWN
    assert len(twice[4]) == len(OWN) + 3
    assert read_replays(twice[4]).replays == 2


@pytest.mark.parametrize(
    ("replays", "first", "read"),
    [
        (b"2", b"2026-11-20T00:00:00.000000Z", (2, NOW - DAY)),
        (b"2", b"yesterday", (2, None)),
        (b"2", b"2026-99-20T00:00:00.000000Z", (2, None)),
        (b"2", None, (2, None)),
        (b"-1", None, (0, None)),
        (b"99999", None, (0, None)),
        ("²".encode(), b"\xff", (0, None)),
        (None, None, (0, None)),
    ],
)
def test_marks_that_are_none_of_ours_count_as_none(replays, first, read):
    marks = [("dlq-letter", b"512:7"), ("dlq-replays", replays), ("dlq-first-failed-at", first)]
    assert read_replays([*OWN, *marks]) == read
    assert read_replays([*marks, *OWN]) == (0, None)
    assert read_replays(None) == (0, None)
