"""Random commands in random batches: every answer and every balance is as a plain model has it."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal

import hypothesis.strategies as st
import psycopg
from hypothesis import HealthCheck, given, settings

import asks
import ledgers
from consumers.decide import decide
from consumers.parse import Rules, parse_one
from consumers.sort_out import sort_out
from ledger.book import Book
from ledger.level import NO_LOT
from ledger.outcome import Applied
from ledger.shards import Progress
from random_bins import with_bins
from random_lots import of_lots_only
from random_units import of_all, of_units_only
from schemas.times import stamp
from scripts import START, script

SIZES = [1, 2, 7, 500]
_tenants = itertools.count(1)


def agrees(said, replayed, answer):
    assert (answer.code, answer.problem) == (said.code, said.problem)
    assert answer.replayed == replayed
    if said.lines is not None:
        same_reservation(said, answer.body)


def same_reservation(said, body):
    assert body["status"] == said.status
    assert said.lines == [
        (each["line"], each["lot"] or NO_LOT, *(Decimal(each[name]) for name in COLUMNS))
        for each in body["lines"]
    ]


COLUMNS = ("reserved", "released", "consumed")


def batches(made, size):
    """A script's commands, those of one module together; apart from those that it begins with.

    A batch ends behind the opening of a count and behind a posting: what is counted in a batch is
    counted before it.
    """
    for part in (made.asked[: len(START)], made.asked[len(START) :]):
        batch = []
        for asked in part:
            full = len(batch) == size or ends_a_batch(batch)
            if batch and (full or batch[-1].module != asked.module):
                yield batch
                batch = []
            batch.append(asked)
        if batch:
            yield batch


def ends_a_batch(batch):
    last = batch[-1].headers["Command-Type"] if batch else None
    return last in ("count.open", "count.post")


def at_moment(asked, ledger, moments):
    """A command whose lines are counted now, in a repeat too when its first one was."""
    if asked.body.get("counted_at") != "now":
        return asked
    at = moments.setdefault(asked.key, ledger.now())
    return asks.Ask(asked.headers, {**asked.body, "counted_at": at})


def in_bins(model):
    return {key: much for key, much in model.lying.items() if much}


def stands(account):
    """Where a unit is, as the model has it."""
    return account if account[0] != "@" else "transit" if account == "@transit" else "out"


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wanted=of_all | of_units_only | of_lots_only | with_bins, size=st.sampled_from(SIZES))
def test_the_ledger_agrees_with_the_model(ledger, wanted, size):
    made = script(f"t{next(_tenants)}", ledger.offsets, wanted)
    told = iter(made.expected)
    moments = {}
    for batch in batches(made, size):
        for answer in ledger.ask(*(at_moment(each, ledger, moments) for each in batch)):
            agrees(*next(told), answer)
    with psycopg.connect(ledger.url) as connection:
        rows = connection.execute(
            "SELECT sku, location, lot, on_hand, reserved, held, incoming FROM balance WHERE tenant_id = %s",
            [made.tenant],
        ).fetchall()
        units = connection.execute(
            "SELECT serial, account, reservation_id FROM serial WHERE tenant_id = %s", [made.tenant]
        ).fetchall()
        lying = connection.execute(
            "SELECT sku, location, lot, bin, on_hand FROM bin_level WHERE tenant_id = %s AND on_hand > 0",
            [made.tenant],
        ).fetchall()
    model = made.model
    assert {((*row[:3],), row[3]): row[4] for row in lying} == in_bins(model)
    assert {serial: stands(account) for serial, account, _ in units} == model.at
    assert {serial: named for serial, _, named in units if named} == model.promised
    found = {tuple(row[:3]): tuple(row[3:]) for row in rows}
    for level in {*found, *model.on_hand}:
        assert found.get(level, (0, 0, 0, 0)) == model.numbers(level), level


@settings(max_examples=200, deadline=None)
@given(wanted=of_all | of_units_only | of_lots_only | with_bins)
def test_the_pure_core_agrees_with_the_model(wanted):
    """All but counts: what has moved since a line was counted is asked of the database."""
    counted = ("count.record", "count.recount", "count.post", "count.cancel")
    made = script("pure", {}, [each for each in wanted if each[0] not in counted])
    now = datetime(2026, 11, 21, tzinfo=UTC)
    book = Book(now, stamp(now))
    paper = ledgers.Ledger("")
    batch = [
        parse_one(
            paper.record(each.raw_headers, each.value, each.module),
            Rules(each.module, "test", asks.TENANT, asks.SOURCES),
        )
        for each in made.asked
    ]
    progress = {each.shard: Progress(each.shard, 0, 1, 0) for each in batch}
    decisions = decide(sort_out(batch, {}, progress).new, book)
    answers = {each.envelope.request_id: outcome for each, _, outcome in decisions}
    for asked, (said, replayed) in zip(made.asked, made.expected, strict=True):
        outcome = answers.get(asked.headers["Request-Id"])
        assert (outcome is None) == (replayed or said.problem == "idempotency-key-reused")
        if outcome is not None:
            assert outcome.code == said.code
            assert isinstance(outcome, Applied) == (said.problem is None)
        if outcome is not None and said.lines is not None:
            same_reservation(said, outcome.body)
    assert {key[2]: stands(each.account) for key, each in book.serials.items()} == made.model.at
    assert {
        (level[1:], code): each.on_hand
        for level, there in book.shelves.levels.items()
        for code, each in there.items()
        if each.on_hand
    } == in_bins(made.model)
    for level in made.model.on_hand:
        counted = book.level("pure", *level)
        numbers = (counted.on_hand, counted.reserved, counted.held, counted.incoming)
        assert numbers == made.model.numbers(level)
