"""The same log in batches of other sizes leaves the same ledger."""

import itertools
import random
from datetime import timedelta

import orjson
import psycopg

import asks
from ledger.verify import run
from ledgers import Ledger

SIZES = (1, 7, 500)
COMMANDS = 400
STEP_COLUMNS = "sku, location, lot, on_hand, reserved"


def log():
    """A seeded mixture over two partitions: promises, their ends, repeats, refusals, poison."""
    dice = random.Random(7)
    wanted = []
    for number in range(COMMANDS):
        kind = dice.choices(["create", "release", "consume", "repeat", "bad"], [5, 2, 2, 1, 1])[0]
        named = f"rsv-0200{dice.randrange(number + 1):011x}"
        quantity = str(dice.randint(1, 4))
        match kind:
            case "create":
                lines = [asks.line(dice.choice("AB"), quantity) for _ in range(dice.randint(1, 3))]
                asked = asks.reserve(*lines, key=f"n-{number}", allow_partial=dice.random() < 0.3)
            case "release":
                parts = None if dice.random() < 0.5 else [{"line": 1, "quantity": quantity}]
                asked = asks.release(named, parts, key=f"n-{number}")
            case "consume":
                asked = asks.consume(named, key=f"n-{number}")
            case "repeat" if wanted:
                earlier = dice.choice(wanted)
                asked = asks.Ask({**earlier.headers, "Request-Id": f"again-{number}"}, earlier.body)
            case _:
                asked = asks.reserve(asks.line("A", "0"), key=f"n-{number}")
        wanted.append(asked)
    return wanted


def fill(ledger, size):
    ledger.ask(asks.item("A"), asks.item("B", track_by="batch"), asks.location("MAIN"))
    counts = [("A", None), ("B", "L1"), ("B", "L2")]
    ledger.ask(*[asks.record_stock(sku, "150", lot=lot) for sku, lot in counts])
    records = ledger.records(log())
    for start in range(0, len(records), size):
        ledger.apply(records[start : start + size], "reservations")


def without_times(told):
    """A record's content, without what must differ: numbers, hashes' order and times."""
    passing = ("at", "sequence", "levels_at", "created_at", "request_id", "again")
    if isinstance(told, dict):
        return {name: without_times(each) for name, each in told.items() if name not in passing}
    return [without_times(each) for each in told] if isinstance(told, list) else told


def content(url):
    with psycopg.connect(url) as connection:

        def rows(statement):
            return connection.execute(statement).fetchall()

        records = [orjson.loads(each) for (each,) in rows("SELECT record FROM journal")]
        commands = [each for each in records if each["kind"] == "command" and each["shard"] == 512]
        return {
            "balances": rows(f"SELECT {STEP_COLUMNS} FROM balance ORDER BY 1, 2, 3"),  # noqa: S608  # our own words
            "movements": rows(
                "SELECT sku, lot, from_account, to_account, quantity, reason, document, actor_id"
                " FROM movement WHERE shard = 512 ORDER BY sequence, entry"
            ),
            "reservations": rows(
                "SELECT reservation_id, status, lines, shipments, version FROM reservation ORDER BY 1"
            ),
            "outcomes": without_times(sorted(commands, key=lambda each: each["offset"])),
            "offsets": rows("SELECT shard, next_offset FROM shard ORDER BY 1"),
        }


def test_batches_of_any_size_leave_the_same_ledger(postgres, migrated_template):
    found = []
    for size in SIZES:
        name = f"batches_{size}"
        postgres.drop(name)
        ledger = Ledger(postgres.make(name, template=migrated_template)).open()
        fill(ledger, size)
        ledger.close()
        report = run(ledger.url, timedelta(days=30))
        assert report.passed, report.lines()
        found.append(content(ledger.url))
        postgres.drop(name)
    for one, other in itertools.pairwise(found):
        for part in one:
            assert one[part] == other[part], part
    statuses = {each["status"] for each in found[0]["outcomes"]}
    assert statuses == {"applied", "rejected"}
    assert len(found[0]["movements"]) > 20
