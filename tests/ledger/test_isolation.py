"""A record whose flush fails: it alone is set aside, its neighbours are applied in their order."""

import psycopg
import pytest

import asks
from schemas.topics import shard_of

# A table that takes no reservation for this order stands for any data that no table takes.
TRAP = """
CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.order_id = 'CURSED' THEN RAISE EXCEPTION 'trapped' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER trap BEFORE INSERT ON reservation FOR EACH ROW EXECUTE FUNCTION trap();
"""


@pytest.fixture
def trapped(ledger):
    ledger.ask(asks.item("A"), asks.location("MAIN"))
    ledger.ask(asks.record_stock("A", "100"))
    with psycopg.connect(ledger.url) as connection:
        connection.execute(TRAP)
    return ledger


@pytest.mark.parametrize("places", [{0}, {19}, {7}, {3, 4, 15}])
def test_only_the_guilty_record_is_set_aside(trapped, places):
    wanted = [
        asks.reserve(asks.line("A", "1"), order_id="CURSED" if number in places else "SO")
        for number in range(20)
    ]
    flushed = trapped.apply(trapped.records(wanted), "reservations")
    records = [record for part in flushed for record in part.records]
    commands = [record for record in records if record["kind"] == "command"]
    letters = [record for record in records if record["kind"] == "dead_letter"]
    assert {each["letter"]["offset"] for each in letters} == places
    assert {each["letter"]["reason"] for each in letters} == {"unprocessable"}
    assert all("23514" in each["letter"]["detail"] for each in letters)
    assert [each["offset"] for each in commands] == [n for n in range(20) if n not in places]
    assert {each["status"] for each in commands} == {"applied"}


def test_a_guilty_record_leaves_its_shard_moved_on(trapped):
    cursed = asks.reserve(asks.line("A", "1"), order_id="CURSED")
    trapped.apply(trapped.records([cursed]), "reservations")
    with psycopg.connect(trapped.url) as connection:
        shard = shard_of("reservations", 0)
        row = connection.execute("SELECT next_offset FROM shard WHERE shard = %s", [shard])
        assert row.fetchone() == (1,)
    (later,) = trapped.ask(asks.reserve(asks.line("A", "1")))
    assert later.status == "applied"
