"""Topics and a database for each test, with a worker when the test starts one."""

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
