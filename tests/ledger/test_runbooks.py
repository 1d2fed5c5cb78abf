"""The queries that runbooks tell an operator to run: each can be run as it is written."""

import re
from pathlib import Path

import psycopg
import pytest

RUNBOOKS = Path(__file__).resolve().parents[2] / "docs" / "runbooks"
QUERY = re.compile(r"^ {4,}(SELECT .*?;)$", re.MULTILINE | re.DOTALL)
QUERIES = [
    (runbook.stem, query)
    for runbook in sorted(RUNBOOKS.glob("*.md"))
    for query in QUERY.findall(runbook.read_text())
]


def test_there_are_queries_to_try():
    assert {"publishing-behind", "projection-behind", "edge-sheds-load"} <= {
        runbook for runbook, _ in QUERIES
    }


@pytest.mark.parametrize(("runbook", "query"), QUERIES)
def test_a_query_of_a_runbook_can_be_run(database_url, runbook, query):
    with psycopg.connect(database_url) as session:
        assert session.execute(query).description, runbook
