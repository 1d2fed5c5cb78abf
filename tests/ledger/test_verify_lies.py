"""Lies told to the tables: each is found, by the check that looks for it, at the first wrong row."""

import psycopg
import pytest

from lies import counts_and_plans, documents, journal, stock, units_and_bins, values

FORGE = "SET session_replication_role = replica"  # past the triggers that forbid it
LIES = [
    lie
    for told_to in (counts_and_plans, documents, journal, stock, units_and_bins, values)
    for lie in told_to.LIES
]


@pytest.mark.parametrize(("lie", "check", "where"), LIES)
def test_a_lie_is_found_where_it_stands(history, lie, check, where):
    with psycopg.connect(history.url) as connection:
        connection.execute(FORGE)
        assert connection.execute(lie).rowcount > 0
    report = history.proof()
    assert not report.passed
    found = next(each.wrong for each in report.checks if each.name == check)
    assert found is not None, report.lines()
    assert (found.table, found.key) == where
    assert found.expected != found.found
