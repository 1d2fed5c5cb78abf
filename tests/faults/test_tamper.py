"""One row altered, deleted or inserted by a superuser: `stockyard verify` names it.

The pipeline is alive meanwhile, and each table is put back afterwards, so that one pipeline
serves for all lies and must still prove itself at the end.
"""

# ruff: noqa: S608  # statements made of our own words

import json
from contextlib import contextmanager

import psycopg
import pytest

import asks
from schemas.topics import shard_of

RESERVATIONS, STOCK, CATALOG = (
    shard_of(module, 0) for module in ("reservations", "stock", "catalog")
)
FORGE = "SET session_replication_role = replica"  # past the triggers and foreign keys

ALTERED = [
    ("journal", "SET record = replace(record, '\"6\"', '\"7\"')", RESERVATIONS, 1),
    ("journal", "SET hash = sha256(hash)", RESERVATIONS, 2),
    ("journal", "SET recorded_at = recorded_at - interval '1 day'", STOCK, 1),
    ("movement", "SET quantity = quantity + 1", STOCK, 1),
    ("idempotency", "SET identity = sha256(identity)", RESERVATIONS, 1),
    ("idempotency", "SET applied_at = applied_at + interval '1 day'", CATALOG, 1),
    ("idempotency", "SET sequence = 4000", RESERVATIONS, 2),
]
"""Table, change, and the row's shard and sequence."""
OTHERS = [
    ("segment", f"UPDATE segment SET head = sha256(head) WHERE shard = {STOCK}"),
    ("segment", f"UPDATE segment SET rows = rows + 1 WHERE shard = {STOCK}"),
    ("segment", f"DELETE FROM segment WHERE shard = {STOCK}"),
    ("segment", "INSERT INTO segment VALUES ('default', 900, 1, 1, sha256('x'))"),
    ("shard", f"UPDATE shard SET next_sequence = next_sequence + 1 WHERE shard = {STOCK}"),
    ("shard", f"UPDATE shard SET next_sequence = next_sequence - 1 WHERE shard = {STOCK}"),
    ("journal", f"UPDATE shard SET next_offset = 1 WHERE shard = {RESERVATIONS}"),
    ("shard", f"DELETE FROM shard WHERE shard = {STOCK}"),
    ("shard", "INSERT INTO shard VALUES (900, 0, 5)"),
    ("publication", f"UPDATE publication SET published_up_to = 900 WHERE shard = {STOCK}"),
    ("publication", f"DELETE FROM publication WHERE shard = {STOCK}"),
    ("publication", "INSERT INTO publication VALUES (900)"),
    ("item", "UPDATE item SET name = 'A pear' WHERE sku = 'A'"),
    ("item", "UPDATE item SET track_by = 'serial' WHERE sku = 'A'"),
    ("item", "DELETE FROM item WHERE sku = 'A'"),
    ("item", "INSERT INTO item VALUES ('default', 'B', 'B', 'each', 'none', NULL, 1, 'eve')"),
    ("location", "UPDATE location SET actor_id = 'eve'"),
    ("location", "DELETE FROM location"),
    ("location", "INSERT INTO location VALUES ('default', 'CELLAR', 'Cellar', 1, 'eve')"),
    ("dead_letter", "UPDATE dead_letter SET reason = 'too-large'"),
    ("dead_letter", "DELETE FROM dead_letter"),
    (
        "dead_letter",
        (
            "INSERT INTO dead_letter SELECT shard, 900, tenant_id, incarnation, 900, key_hash, reason,"
            " replays, first_failed_at, failed_at FROM dead_letter"
        ),
    ),
    ("balance", "UPDATE balance SET on_hand = on_hand + 1"),
    ("balance", "UPDATE balance SET reserved = reserved - 1"),
    ("balance", "UPDATE balance SET held = 1"),
    ("balance", "UPDATE balance SET incoming = 1"),
    ("balance", "UPDATE balance SET backorder_limit = 5"),
    ("balance", "UPDATE balance SET version = version + 1"),
    ("balance", "DELETE FROM balance"),
    (
        "balance",
        (
            "INSERT INTO balance (tenant_id, sku, location, lot, on_hand, reserved, held, incoming, version)"
            " VALUES ('default', 'A', 'CELLAR', '', 1, 0, 0, 0, 1)"
        ),
    ),
    ("reservation", "UPDATE reservation SET status = 'released' WHERE status = 'active'"),
    ("reservation", "UPDATE reservation SET lines = replace(lines, '\"6\"', '\"5\"')"),
    (
        "reservation",
        "UPDATE reservation SET expires_at = now() + interval '1 hour' WHERE status = 'active'",
    ),
    ("reservation", "DELETE FROM reservation WHERE status = 'active'"),
    (
        "reservation",
        (
            "INSERT INTO reservation SELECT tenant_id, 'rsv-x', order_id, status, expires_at, lines,"
            " shipments, created_at, version, actor_id FROM reservation LIMIT 1"
        ),
    ),
]
"""The table that must be named, and what was done."""
INSERTED = [
    (
        "journal",
        (
            f"INSERT INTO journal SELECT tenant_id, shard, 900, recorded_at, record, hash"
            f" FROM journal WHERE shard = {STOCK} AND sequence = 1"
        ),
    ),
    (
        "movement",
        (
            f"INSERT INTO movement SELECT tenant_id, shard, sequence, 2::smallint, sku, lot, serial,"
            f" from_account, to_account, quantity, unit_cost, reason, document, actor_id, moved_at"
            f" FROM movement WHERE shard = {STOCK}"
        ),
    ),
    (
        "idempotency",
        (
            f"INSERT INTO idempotency SELECT tenant_id, sha256(identity), fingerprint, shard, 900,"
            f" actor_id, applied_at FROM idempotency WHERE shard = {STOCK}"
        ),
    ),
]
TABLES = (
    "journal", "segment", "shard", "publication", "idempotency", "item", "location", "balance",
    "movement", "reservation", "dead_letter",
)  # fmt: skip


def lies():
    for table, change, shard, sequence in ALTERED:
        where = f"WHERE shard = {shard} AND sequence = {sequence}"
        yield table, f"UPDATE {table} {change} {where}"
    for table in ("journal", "movement", "idempotency"):
        yield table, f"DELETE FROM {table} WHERE shard = {STOCK} AND sequence = 1"
    yield from (*INSERTED, *OTHERS)


@pytest.fixture
def history(pipeline):
    """A little of everything, and a worker that stays."""
    pipeline.start()
    pipeline.ask(asks.item("A"), asks.location("MAIN"))
    pipeline.ask(asks.record_stock("A", "100"))
    kept, given = pipeline.ask(asks.reserve(asks.line("A", "6")), asks.reserve(asks.line("A", "2")))
    assert kept["status"] == "applied"
    pipeline.ask(asks.release(given["resource"]["id"]))
    pipeline.send_raw(b"no command", [], "reservations")
    pipeline.dead_letters(1)
    return pipeline


@contextmanager
def told(pipeline, lie):
    """The lie, as long as it is asked about; then every table as it was."""
    saved = " ".join(f"CREATE TABLE saved.{name} AS TABLE public.{name};" for name in TABLES)
    back = " ".join(
        f"DELETE FROM {name}; INSERT INTO {name} TABLE saved.{name};" for name in TABLES
    )
    with psycopg.connect(pipeline.settings.ledger_url, autocommit=True) as session:
        session.execute(FORGE)
        session.execute(f"CREATE SCHEMA saved; {saved}")
        changed = session.execute(lie).rowcount
        assert changed > 0, f"nothing was changed: {lie}"
        yield
        session.execute(f"BEGIN; {back} COMMIT; DROP SCHEMA saved CASCADE")


def verify(pipeline):
    """The command's exit code, and the tables that it names."""
    done = pipeline.run("verify", "--full", "--json")
    code = done.ended()
    report = json.loads(done.says()[done.says().index("{") :])
    assert report["passed"] is (code == 0)
    return code, [each["wrong"] for each in report["checks"] if each["wrong"]]


def test_an_altered_balance_is_named_by_the_command(history):
    fault = history.fault("51 a balance altered")
    with told(history, "UPDATE balance SET on_hand = on_hand + 1"):
        code, wrong = verify(history)
    assert code == 1
    fault.seen("verify found it", wrong)
    assert wrong[0]["table"] == "balance"
    assert wrong[0]["key"] == "tenant default sku A location MAIN lot ''"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_kind_of_lie_is_named_by_the_command(history):
    fault = history.fault("51 rows altered, deleted and inserted in every table")
    assert verify(history) == (0, [])
    for table, lie in lies():
        with told(history, lie):
            code, wrong = verify(history)
        assert code == 1, f"passed over: {lie}"
        assert table in {each["table"] for each in wrong}, f"{lie}: {wrong}"
        fault.seen(lie, evidence=True)
    assert verify(history) == (0, [])
