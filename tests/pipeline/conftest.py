"""A pipeline for each test, and the proof of its ledger at the test's end."""

import pytest
from pydantic import SecretStr

from schemas.settings import Settings
from workers import Pipeline


@pytest.fixture
def pipeline(kafka, database_url, topic_prefix):
    """Topics and a database of the test's own; its workers end with it."""
    settings = Settings(
        kafka_bootstrap_servers=kafka.bootstrap_servers,
        database_url=SecretStr(database_url),
        topic_prefix=topic_prefix,
    )
    pipeline = Pipeline(settings)
    pipeline.make_topics()
    yield pipeline
    pipeline.close()


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
        pipeline.verify()
