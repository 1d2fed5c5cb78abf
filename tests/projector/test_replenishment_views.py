"""What the views tell of replenishment: what was observed, what is recommended, how places stand."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal

import orjson
import pytest

from asks import ask, close, generate, issue, item, line, location, observe, plan, record_stock
from consumers.parity import PARITIES, compare
from ledger.replenishing import Demand, LeadTime
from ledger.views import observed, replenishment
from processes import ROOT

TENANT = "default"
FIRST = ("", "")


@pytest.fixture
def ledger(ledger):
    ledger.ask(item("A"), item("C"), location("MAIN"), location("EAST", time_zone="Asia/Tokyo"))
    ledger.ask(record_stock("A", "10"), record_stock("C", "1"))
    ledger.ask(issue("C", "1"), issue("A", "4"))
    return ledger


def now(ledger):
    return datetime.fromisoformat(ledger.now())


def received(ledger, *, vendor, days, promised=None, sku="A"):
    """Goods that were ordered so many days before they came, and promised in so many."""
    ordered = now(ledger) - timedelta(days=days)
    order = {"vendor_id": vendor, "ordered_at": ordered.isoformat()}
    if promised is not None:
        order["promised_at"] = (ordered + timedelta(days=promised)).isoformat()
    lines = [line(sku, quantity) for quantity in ("1", "2")]
    assert ledger.ask(ask("receipt.post", {"lines": lines, **order}))[0].code == 201


def test_demand_is_of_the_days_that_had_something(ledger, seen):
    places = [("A", "MAIN"), ("C", "MAIN"), ("A", "EAST")]
    later = now(ledger) + timedelta(days=3)
    assert seen(observed.demand, places, later, 30) == {
        ("A", "MAIN"): Demand(Decimal("1.333333"), Decimal("2.309401"), 3, 27),
        ("C", "MAIN"): Demand(Decimal(1), Decimal(0), 1, 29),
    }
    assert seen(observed.demand, places, now(ledger), 30) == {}, "today is not over"


def test_what_is_seen_can_be_sent_as_it_is_printed(ledger, seen, database_url):
    ledger.ask(plan("A", "reorder-point"), plan("C", "none"), plan("A", "lot-for-lot", at="EAST"))
    received(ledger, vendor="V-1", days=4)
    seen(replenishment.policies, FIRST, 1)
    done = subprocess.run(
        [sys.executable, "-m", "deploy.main", "observe", "--days", "30"],
        env={
            **os.environ,
            "ERP_DATABASE_URL": database_url,
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        },
        capture_output=True,
        check=True,
        timeout=60,
    )
    (body,) = [json.loads(each) for each in done.stdout.splitlines()]
    east, main = body["lines"]
    assert (east["location"], east["demand"], main["demand"]) == ("EAST", None, None)
    assert (main["lead_time"]["receipts"], round(float(main["lead_time"]["mean"]))) == (1, 4)
    assert ledger.ask(ask("replenishment.observe", body))[0].body["places"] == 2


def test_lead_times_are_held_against_what_was_promised(ledger, seen):
    received(ledger, vendor="V-1", days=4, promised=5)
    received(ledger, vendor="V-1", days=8, promised=5)
    received(ledger, vendor="V-2", days=6)
    received(ledger, vendor="V-2", days=20, sku="C")
    since = now(ledger) - timedelta(days=1)
    first, second = seen(observed.vendor_times, ["A"], since)
    days = [round(each) for each in (first.mean, first.promised_mean, first.late_mean)]
    assert (first.vendor_id, first.receipts, days) == ("V-1", 2, [6, 5, 1])
    assert (first.promised, first.on_time, round(first.sigma, 2)) == (2, 1, Decimal("2.83"))
    assert (second.vendor_id, second.promised, second.promised_mean) == ("V-2", 0, None)
    found = seen(observed.lead_times, ["A", "C", "X"], since)
    assert {sku: (round(each.mean), each.receipts) for sku, each in found.items()} == {
        "A": (6, 3), "C": (20, 1),
    }  # fmt: skip
    assert isinstance(found["A"], LeadTime)
    assert seen(observed.lead_times, ["A"], now(ledger) + timedelta(days=1)) == {}


def test_places_stand_where_their_last_arithmetic_or_their_policy_says(ledger, seen):
    ledger.ask(
        plan("A", "reorder-point"),
        plan("C", "min-max", reorder_point="3", maximum="9"),
        plan("A", "none", at="EAST"),
        observe("A", demand=("2", "0"), lead_time=("4", "0")),
    )
    made = ledger.ask(generate())[0].body["created"]
    assert [(each["sku"], each["quantity"]) for each in made] == [("A", "3"), ("C", "9")]
    named = [each["recommendation_id"] for each in made]
    stands = seen(replenishment.standings, FIRST, 10)
    assert [(each.sku, each.location, each.status, each.recommendation_id) for each in stands] == [
        ("A", "EAST", "stock-out", None),
        ("A", "MAIN", "reorder", named[0]),
        ("C", "MAIN", "stock-out", named[1]),
    ]
    assert seen(replenishment.standings, ("A", "MAIN"), 1) == stands[2:]
    listed = [orjson.loads(each) for each in seen(replenishment.recommendations, "open", "", 10)]
    assert [each["recommendation_id"] for each in listed] == named
    assert listed[0]["arithmetic"]["demand"]["days"] == 30
    ledger.ask(close(named[1], "accepted"))
    told = orjson.loads(seen(replenishment.recommendation, named[1]))
    assert (told["status"], told["version"]) == ("accepted", 2)
    assert seen(replenishment.recommendation, "rec-none") is None
    bodies = [orjson.loads(each) for each in seen(replenishment.policies, ("A", "EAST"), 10)]
    assert [(each["sku"], each["kind"]) for each in bodies] == [
        ("A", "reorder-point"), ("C", "min-max"),
    ]  # fmt: skip
    assert len(seen(replenishment.recommendations, "open", named[0], 10)) == 0


def test_read_tables_say_what_the_ledger_says(ledger, seen, tables):
    received(ledger, vendor="V-1", days=4)
    ledger.ask(plan("A", "reorder-point", reorder_point="90"), ask("recommendation.generate", {}))
    ledger.ask(observe("A", demand=("2", "0"), lead_time=("4", "0")))
    seen(replenishment.policies, FIRST, 1)
    with ledger.tx.transaction(), tables.session.transaction():
        compared = [compare(ledger.tx, tables.session, parity) for parity in PARITIES]
    rows = {each.name: (each.rows, each.named) for each in compared}
    for name in ("replenishment", "observation", "recommendation"):
        assert rows[name] == (1, [])
