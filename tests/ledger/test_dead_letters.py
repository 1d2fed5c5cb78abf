"""The table of dead letters: one row for each in the journal, those of before it existed too."""

from importlib import import_module

import asks

MIGRATION = "ledger.migrations.ledger.versions.0004_dead_letters"
LISTED = "SELECT * FROM dead_letter ORDER BY sequence"


def test_the_letters_of_an_older_journal_are_listed_by_the_migration(ledger):
    good = asks.item("A")
    records = [
        ledger.record(good.raw_headers, None, "catalog"),
        ledger.record(good.raw_headers, good.value, "catalog"),
        ledger.record([("x", b"\xff")], b"\xff", "catalog"),
        ledger.record(good.raw_headers, b"[]", "catalog")._replace(key=None),
    ]
    ledger.apply(records, "catalog")
    written = ledger.tx.execute(LISTED).fetchall()
    assert [(row[4], row[6]) for row in written] == [
        (0, "null-value"),
        (2, "missing-header"),
        (3, "invalid-json"),
    ]
    ledger.tx.execute("DELETE FROM dead_letter")
    ledger.tx.execute(import_module(MIGRATION).WRITTEN_BEFORE)
    assert ledger.tx.execute(LISTED).fetchall() == written
