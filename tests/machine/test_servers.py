"""The fixtures themselves: every test has a database and a prefix of its own."""

import psycopg
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic


def test_a_test_has_a_migrated_database_of_its_own(database_url):
    with psycopg.connect(database_url) as connection:
        schemas = {name for (name,) in connection.execute("SELECT nspname FROM pg_namespace")}
    assert "public" in schemas


def test_a_test_may_make_topics_under_its_prefix(kafka, topic_prefix):
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    name = f"{topic_prefix}.results"
    admin.create_topics([NewTopic(name, 2, 1)])[name].result(30)
    assert name in admin.list_topics(timeout=30).topics
