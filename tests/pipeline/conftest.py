"""The proof of the ledger at the end of each test."""

import pytest


@pytest.fixture(autouse=True)
def _proved(proved):
    """Whatever a test did, everything must come out right."""
