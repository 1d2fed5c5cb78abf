"""Tables whose ledger was put back: they halt at what is told on the new timeline until rebuilt."""

import psycopg
import pytest

from asks import item, location, record_stock
from consumers.project import UnprojectableError
from consumers.rebuild import is_needed
from ledger import timeline
from schemas.topics import shard_of

RESERVATIONS = shard_of("reservations", 0)
STOCK = shard_of("stock", 0)


def fill(ledger):
    ledger.ask(item("A"), location("MAIN"))
    ledger.ask(record_stock("A", "10"))


def begin_timeline(tables):
    with psycopg.connect(tables.settings.ledger_url, autocommit=True) as session:
        return timeline.begin(session, "a test")


def told(ledger, *asks):
    """Apply commands and return all that the journal says of them."""
    return [
        record
        for part in ledger.apply(ledger.records(list(asks)), asks[0].module)
        for record in part.records
    ]


def test_tables_halt_at_what_is_told_after_the_ledger_was_put_back(tables, ledger):
    tables.tell(told(ledger, item("A"))[0])
    number = begin_timeline(tables)
    (later,) = told(ledger, item("B"))
    assert later["timeline"] == number
    with pytest.raises(UnprojectableError, match="put back to an earlier moment"):
        tables.tell(later)
    assert is_needed(tables.settings)


def test_tables_of_a_later_timeline_pass_over_what_was_undone(tables, ledger):
    tables.tell(told(ledger, item("A"))[0])
    (undone,) = told(ledger, item("B"))
    number = begin_timeline(tables)
    (later,) = told(ledger, item("C"))
    tables.query("UPDATE progress SET timeline = %s RETURNING 1", number)
    assert not is_needed(tables.settings)
    assert tables.tell(undone).passed_over["put back"] > 0
    tables.tell(later)
    assert [sku for (sku,) in tables.query("SELECT sku FROM item ORDER BY 1")] == ["A", "C"]


def test_a_partition_that_is_new_to_the_tables_is_of_their_timeline(tables, ledger):
    tables.tell(told(ledger, item("A"))[0])
    number = begin_timeline(tables)
    tables.query("UPDATE progress SET timeline = %s RETURNING 1", number)
    for record in told(ledger, item("B"), location("MAIN")) + told(ledger, record_stock("A", "1")):
        tables.tell(record)
    assert {at for (at,) in tables.query("SELECT timeline FROM progress")} == {number}
