"""One running Stockyard for all tests of the edge; each keeps to items of its own."""

import uuid

import pytest

from running import running


@pytest.fixture(scope="session")
def stockyard(kafka, postgres, migrated_template):
    name = f"edge_{uuid.uuid4().hex}"
    url = postgres.make(name, template=migrated_template)
    made = running(kafka.bootstrap_servers, url, f"e{uuid.uuid4().hex[:8]}")
    yield made
    made.close()
    postgres.drop(name)
