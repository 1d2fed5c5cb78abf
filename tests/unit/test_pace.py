"""How long work tells how far it is."""

import pytest

from consumers.pace import pace_line


@pytest.mark.parametrize(
    ("done", "total", "seconds", "said"),
    [
        (0, 10, 2, "0 of 10 rows"),
        (1_000, 4_000, 2, "1,000 of 4,000 rows, 500 a second, about 6 s left"),
        (1_000, 1_000_000, 1, "1,000 of 1,000,000 rows, 1,000 a second, about 17 min left"),
        (100, 1_000_000, 1, "100 of 1,000,000 rows, 100 a second, about 2 h 47 min left"),
        (5, 4, 1, "5 of 4 rows, 5 a second, about 0 s left"),
    ],
)
def test_a_line_tells_how_far_how_fast_and_how_long(done, total, seconds, said):
    assert pace_line("rows", done, total, seconds) == said
