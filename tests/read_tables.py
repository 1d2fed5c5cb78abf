"""Read tables that a test fills record by record, without any Kafka."""

from consumers.project import project
from consumers.projections.all import TABLES
from consumers.projector import open_session
from ledger import read_progress
from ledger.migrate import READ_SCHEMA
from producers.messages import messages
from schemas.settings import Settings
from schemas.topics import results_topic, shard_of

PREFIX = "test"
RESULTS = results_topic(PREFIX)


class Tables:
    """Read tables in a real database, and partitions that are only numbers."""

    def __init__(self, url, topics):
        self.settings = Settings(database_url=url)
        self.session = open_session(self.settings, READ_SCHEMA, "stockyard test")
        self.topics = topics
        self.stood = {}

    def take(self, records, *, session=None):
        places = {(each.topic(), each.partition()): None for each in records}
        for topic, partition in places:
            module = topic.rpartition(".")[2]
            known = topic != RESULTS
            places[topic, partition] = shard_of(module, partition) if known else None
        read_progress.create(self.session, places)
        for place, (offset, _) in read_progress.stands(self.session, places).items():
            self.stood.setdefault(place, offset)
        done = project(session or self.session, records, RESULTS, self.stood)
        self.stood |= done.next_offsets
        return done.folded

    def tell(self, record):
        """A journal record, as its messages would be read."""
        return self.take(self.topics.append(messages(PREFIX, record)))

    def query(self, statement, *values):
        return self.session.execute(statement, values).fetchall()

    def level(self):
        return self.query("SELECT sku, trim_scale(on_hand)::text, version FROM level ORDER BY sku")

    def everything(self):
        return [self.query(f"SELECT * FROM {table.name} ORDER BY 1, 2") for table in TABLES]  # noqa: S608  # our own words

    def reached(self):
        return dict(self.query("SELECT shard, sequence FROM progress WHERE shard IS NOT NULL"))
