"""The proof of the ledger at the end of each test."""

import pytest


@pytest.fixture(autouse=True)
def _proved(request):
    """Whatever a test did to the workers, the ledger must come out right."""
    used = [
        request.getfixturevalue(name)
        for name in ("pipeline", "own_servers")
        if name in request.fixturenames
    ]
    yield
    for pipeline in used:
        pipeline.prove()
