"""Postgres answers with a refusal that passes: the batch waits and is tried again as a whole."""

from urllib.parse import urlsplit

import psycopg
import pytest

import asks
from faulty_network import FaultyNetwork
from processes import eventually

PASSING = (
    ("40P01", "DeadlockDetected"),
    ("40001", "SerializationFailure"),
    ("55P03", "LockNotAvailable"),
    ("57014", "QueryCanceled"),
    ("53300", "TooManyConnections"),
    ("53100", "DiskFull"),
    ("25006", "ReadOnlySqlTransaction"),
    ("57P01", "AdminShutdown"),
    ("08006", "ConnectionFailure"),
)
REFUSALS = 2
BATCH = 20

# What the journal takes is refused so many times; a sequence is not rolled back with the batch.
REFUSE = """
CREATE SEQUENCE refused;
CREATE TABLE refusal (sqlstate text, up_to bigint);
INSERT INTO refusal VALUES ('', 0);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE now refusal := (SELECT r FROM refusal r);
BEGIN
    IF now.sqlstate <> '' AND nextval('refused') <= now.up_to THEN
        RAISE EXCEPTION 'a test refuses' USING ERRCODE = now.sqlstate;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refuse AFTER INSERT ON journal FOR EACH STATEMENT EXECUTE FUNCTION refuse();
"""
NEXT = (
    "UPDATE refusal SET sqlstate = %s, up_to = coalesce((SELECT last_value FROM refused), 0) + %s"
)


def batch():
    return [asks.reserve(asks.line("A", "0.1")) for _ in range(BATCH)]


@pytest.mark.timeout(240)
def test_every_refusal_that_passes_is_waited_out(stocked):
    fault = stocked.fault(
        "34 Postgres refuses: deadlock, serialization, timeouts, limits, read-only"
    )
    stocked.execute(REFUSE)
    stocked.query("SELECT nextval('refused')")
    worker = stocked.start("reservations")
    stocked.ask(*batch())
    for sqlstate, name in PASSING:
        stocked.execute(NEXT, sqlstate, REFUSALS)
        assert all(each["status"] == "applied" for each in stocked.ask(*batch()))
        retries = worker.metric("stockyard_batch_retries_total", sqlstate=sqlstate, error=name)
        fault.seen(sqlstate, retries == REFUSALS)
    fault.heal()
    assert worker.metric("stockyard_batches_halved_total") == 0, "a batch was cut"
    assert worker.metric("stockyard_dead_letters_total") == 0


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_real_deadlock_costs_no_command(stocked):
    """The other session wants what the worker has, while the worker waits for what it has."""
    fault = stocked.fault("34 a real deadlock")
    stocked.start("catalog", "stock")
    stocked.ask(asks.item("B"))
    stocked.ask(asks.record_stock("B", "100"))
    patience = f"ALTER DATABASE {database(stocked)} SET deadlock_timeout = '5s'"
    stocked.execute(patience)  # long enough for the other session to close the circle
    worker = stocked.start("reservations")
    stocked.ask(asks.reserve(asks.line("A", "1"), asks.line("B", "1")))
    with psycopg.connect(stocked.settings.ledger_url) as other:
        other.execute("SET deadlock_timeout = '60s'")  # so that it is the worker that is chosen
        other.execute("SELECT FROM balance WHERE sku = 'B' FOR UPDATE")
        wanted = asks.reserve(asks.line("A", "1"), asks.line("B", "1"))
        stocked.send(wanted)
        eventually("the worker waits", lambda: waiting(stocked))
        other.execute("SELECT FROM balance WHERE sku = 'A' FOR UPDATE")
    retried = lambda: worker.metric("stockyard_batch_retries_total", sqlstate="40P01")  # noqa: E731  # asked often
    fault.seen("the deadlock was resolved against the worker", eventually("a retry", retried))
    fault.heal()
    assert stocked.answers(wanted)[0]["status"] == "applied"


def waiting(shop):
    return shop.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND application_name LIKE 'stockyard worker%%'"
    )


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_row_locked_for_longer_than_the_bound_is_waited_for_again(stocked):
    fault = stocked.fault("34 a lock held beyond lock_timeout")
    worker = stocked.start("reservations")
    stocked.ask(asks.reserve(asks.line("A", "1")))
    wanted = asks.reserve(asks.line("A", "1"))
    retried = lambda: worker.metric("stockyard_batch_retries_total", sqlstate="55P03")  # noqa: E731  # asked often
    with psycopg.connect(stocked.settings.ledger_url) as other:
        other.execute("SELECT FROM balance FOR UPDATE")
        stocked.send(wanted)
        fault.seen("the wait ended at its bound", eventually("a retry", retried, 60))
    fault.heal()
    assert stocked.answers(wanted)[0]["status"] == "applied"


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_server_that_became_read_only_is_waited_for(stocked):
    """As after a failover: the address answers, but with a standby."""
    fault = stocked.fault("34 the server became a read-only standby")
    worker = stocked.start("reservations")
    stocked.ask(asks.reserve(asks.line("A", "1")))
    own = database(stocked)
    with psycopg.connect(stocked.settings.ledger_url, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {own} SET default_transaction_read_only = on")
        hang_up(admin)
        wanted = [asks.reserve(asks.line("A", "1")) for _ in range(BATCH)]
        stocked.send(*wanted)
        told = lambda: refusals(worker, "25006")  # noqa: E731  # asked often
        fault.seen("it was refused", eventually("a refusal", told, 60))
        assert worker.lives()
        admin.execute("SET default_transaction_read_only = off")
        admin.execute(f"ALTER DATABASE {own} RESET default_transaction_read_only")
        hang_up(admin)
    fault.heal()
    assert all(each["status"] == "applied" for each in stocked.answers(*wanted))
    assert worker.metric("stockyard_dead_letters_total") == 0


def database(shop):
    return urlsplit(shop.settings.ledger_url).path[1:]


def hang_up(admin):
    """End every worker's session, as a failover does."""
    admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name LIKE 'stockyard worker%'"
    )


def refusals(worker, sqlstate):
    """Batches tried again and members begun anew because of it."""
    retries = worker.metric("stockyard_batch_retries_total", sqlstate=sqlstate)
    return retries + worker.metric("stockyard_member_restarts_total", sqlstate=sqlstate)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_server_without_a_free_connection_is_waited_for(own_postgres):
    fault = own_postgres.fault("34 too many connections")
    shop = own_postgres
    worker = shop.start()
    shop.ask(asks.item("A"), asks.location("MAIN"))
    taken = []
    with psycopg.connect(shop.settings.ledger_url, autocommit=True) as admin:
        while sessions(admin):  # it comes back quickly, until nothing is left for it
            hang_up(admin)
            with pytest.raises(psycopg.OperationalError, match="too many clients"):
                take_all(shop, taken)
        wanted = asks.item("B")
        shop.send(wanted)
        fault.seen("it was refused", eventually("a refusal", lambda: refused(worker), 60))
        for each in taken:
            each.close()
    fault.heal()
    assert shop.answers(wanted)[0]["status"] == "applied"
    assert worker.metric("stockyard_dead_letters_total") == 0


def sessions(admin):
    """The workers' own."""
    named = "application_name LIKE 'stockyard worker%'"
    found = admin.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {named}").fetchone()  # noqa: S608  # ours
    return found[0]


def take_all(shop, taken):
    """Every connection that the server has."""
    while True:
        taken.append(psycopg.connect(shop.settings.ledger_url))


def refused(worker):
    return "too many clients" in worker.says()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_list_of_addresses_finds_the_server_that_takes_writes(stocked, postgres_network):
    """libpq's own way: several hosts, and `target_session_attrs`."""
    fault = stocked.fault("34 failover to the other address of a list")
    whole = urlsplit(stocked.settings.ledger_url)
    second = FaultyNetwork(whole.port).open()
    second.refuse()
    try:
        hosts = f"127.0.0.1:{postgres_network.entrance},127.0.0.1:{second.entrance}"
        credentials = whole.netloc.rpartition("@")[0]
        url = f"postgresql://{credentials}@{hosts}{whole.path}?target_session_attrs=read-write"
        worker = stocked.start("reservations", database_url=url)
        stocked.ask(*batch())
        second.heal()
        postgres_network.refuse()
        wanted = batch()
        stocked.send(*wanted)
        assert all(each["status"] == "applied" for each in stocked.answers(*wanted))
        fault.seen("it went to the second", second.connections)
        fault.seen("the first refused it", postgres_network.refused)
        fault.heal()
        assert worker.end() == 0
    finally:
        second.close()
