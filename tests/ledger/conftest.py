"""A ledger for each test, applied to without Kafka, and proved at the test's end."""

from datetime import timedelta

import pytest

from asks import Ledger
from ledger.verify import run


@pytest.fixture
def unproved_ledger(database_url):
    ledger = Ledger(database_url).open()
    yield ledger
    ledger.close()


@pytest.fixture
def ledger(unproved_ledger):
    yield unproved_ledger
    report = run(unproved_ledger.url, timedelta(days=30))
    assert report.passed, "\n".join(report.lines())
