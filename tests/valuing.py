"""The valuation in tests: facts said by whoever may date them back, and what they come to."""

import itertools
from datetime import UTC, datetime, timedelta

import asks
from ledger.valuation import step as steps
from ledger.valuation.as_of import valuation

ACTOR = "ann"
NOW = datetime.now(UTC).replace(microsecond=0)


def moment(hours_ago):
    return (NOW - timedelta(hours=hours_ago)).isoformat()


def period(closed=None):
    body = {"closed_until": closed, "backdaters": [ACTOR], "reason": "r"}
    return asks.ask("period.set", body)


def valued(tx):
    """Step until nothing waits; how many steps did something."""
    done = list(itertools.takewhile(lambda each: not each.idle, iter(lambda: steps.step(tx), None)))
    return len(done)


def worth(tx, tenant=asks.TENANT, at=None, sku="A"):
    rows = valuation(tx, tenant, at or NOW + timedelta(days=1), sku)
    return {row.account: (str(row.quantity), str(row.value)) for row in rows}


def receive(quantity, cost=None, sku="A", location="MAIN", since=None, **headers):
    line = {"sku": sku, "location": location, "quantity": quantity, "unit_cost": cost}
    return asks.ask("receipt.post", {"lines": [line], "effective_at": since}, **headers)


def issue(quantity, sku="A", location="MAIN", since=None, **headers):
    line = {"sku": sku, "location": location, "quantity": quantity}
    body = {"to": "customer", "lines": [line], "reason_code": "r", "effective_at": since}
    return asks.ask("stock.issue", body, **headers)
