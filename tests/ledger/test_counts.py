"""Counts in a real ledger: what moves meanwhile, how the proof sees it, what nobody may see early."""

import json

import psycopg

import asks
from producers.messages import messages

HIDDEN = "7919.25"


def stocked(ledger, quantity="1000"):
    ledger.ask(asks.item("A"), asks.item("B", track_by="batch"), asks.location("MAIN"))
    ledger.ask(asks.record_stock("A", quantity), asks.record_stock("B", "6", lot="L1"))


def opened(ledger, **fields):
    return ledger.ask(asks.open_count(**fields))[0].record["resource"]["id"]


def on_hand(ledger, sku="A", lot=""):
    row = ledger.tx.execute(
        "SELECT trim_scale(on_hand)::text FROM balance WHERE sku = %s AND lot = %s", [sku, lot]
    ).fetchone()
    return row and row[0]


def test_what_is_issued_after_the_count_is_no_variance(ledger):
    """1000 by the books, 900 counted, 100 issued afterwards: 800 are left."""
    stocked(ledger)
    named = opened(ledger)
    at = ledger.now()
    ledger.ask(asks.issue("A", "100"))
    ledger.ask(asks.count(named, at, ("A", "900", None)))
    posted = ledger.ask(asks.post_count(named))[0]
    assert (posted.body["adjusted"], on_hand(ledger)) == (1, "800")


def test_what_was_issued_before_the_count_is_no_variance(ledger):
    """The count was opened at 1000, 100 were issued, 900 counted: the books agree."""
    stocked(ledger)
    named = opened(ledger)
    ledger.ask(asks.issue("A", "100"))
    ledger.ask(asks.count(named, ledger.now(), ("A", "900", None)))
    posted = ledger.ask(asks.post_count(named))[0]
    assert (posted.body["adjusted"], posted.body["agreed"], on_hand(ledger)) == (0, 1, "900")


def test_what_was_issued_before_the_count_and_told_after_it_is_no_variance(ledger):
    """1000 by the books, 100 leave, 900 counted; the slip of the 100 is typed in that evening."""
    stocked(ledger)
    ledger.ask(asks.ask("period.set", {"backdaters": ["ann"], "reason": "r"}))
    named = opened(ledger)
    left, counted = ledger.now(), ledger.now()
    slip = asks.issue("A", "100")
    typed = asks.Ask(slip.headers, {**slip.body, "effective_at": left})
    assert ledger.ask(typed, asks.issue("A", "50"))[0].problem is None
    ledger.ask(asks.count(named, counted, ("A", "900", None)))
    posted = ledger.ask(asks.post_count(named))[0]
    assert (posted.body["adjusted"], posted.body["agreed"]) == (0, 1)
    assert on_hand(ledger) == "850"


def test_lines_may_come_and_be_posted_in_one_batch(ledger):
    stocked(ledger)
    named = opened(ledger)
    at = ledger.now()
    ledger.ask(asks.issue("A", "100"))
    *_, posted = ledger.ask(
        asks.count(named, at, ("A", "990", None)),
        asks.count(named, ledger.now(), ("B", "7", "L1")),
        asks.post_count(named),
    )
    assert posted.body["adjusted"] == 2
    assert (on_hand(ledger), on_hand(ledger, "B", "L1")) == ("890", "7")


def test_what_was_corrected_meanwhile_is_counted_again(ledger):
    stocked(ledger)
    first, second = opened(ledger), opened(ledger)
    at = ledger.now()
    for each in (first, second):
        ledger.ask(asks.count(each, at, ("A", "900", None)))
    assert ledger.ask(asks.post_count(first))[0].code == 200
    refused = ledger.ask(asks.post_count(second))[0]
    assert [each["rule"] for each in refused.record["problem"]["faults"]] == ["corrected-since"]
    ledger.ask(asks.recount(second, 1))
    ledger.ask(asks.count(second, ledger.now(), ("A", "900", None)))
    again = ledger.ask(asks.post_count(second))[0]
    assert (again.body["adjusted"], on_hand(ledger)) == (0, "900")


def test_a_lot_that_nobody_knows_is_stock_that_may_not_be_used(ledger):
    stocked(ledger)
    ledger.ask(asks.location("EAST"))
    ledger.ask(asks.record_stock("B", "2", at="EAST", lot="L2"))
    named = opened(ledger)
    ledger.ask(asks.count(named, ledger.now(), ("B", "3", "L9"), ("B", "1", "L2")))
    ledger.ask(asks.post_count(named))
    lots = ledger.tx.execute("SELECT lot, status, reason FROM lot").fetchall()
    assert lots == [("L9", "quarantine", f"found in count {named}")], "L2 was misplaced, no more"
    assert ledger.ask(asks.issue("B", "1", lot="L9"))[0].problem == "insufficient-stock"
    ledger.ask(asks.set_status("L9", "active"))
    assert ledger.ask(asks.issue("B", "1", lot="L9"))[0].code == 201


def test_nothing_that_is_told_of_a_blind_count_holds_what_is_expected(ledger):
    stocked(ledger, HIDDEN)
    named = opened(ledger, tolerance_quantity="1", blind=True)
    ledger.ask(asks.reserve(asks.line("A", "7000")))
    told = []
    for each in (
        asks.count(named, ledger.now(), ("A", "7900", None), ("B", "6", "L1")),
        asks.post_count(named),
        asks.recount(named, 1),
        asks.post_count(named),
    ):
        told += ledger.ask(each)
    with psycopg.connect(ledger.url) as session:
        rows = session.execute(
            "SELECT c::text, l::text FROM count c JOIN count_line l USING (count_id)"
        )
        kept = json.dumps(rows.fetchall())
    values = [value for each in told for _, _, _, value, headers in messages("test", each.record)]
    assert HIDDEN.encode() not in b"".join(values)
    assert b"19.25" not in b"".join(values)
    assert HIDDEN not in kept
    ledger.ask(asks.count(named, ledger.now(), ("A", "7919", None)))
    assert ledger.ask(asks.post_count(named))[0].code == 200
    row = ledger.tx.execute("SELECT expected FROM count_line WHERE attempt = 2").fetchone()
    assert f"{row[0].normalize():f}" == HIDDEN


def test_thousands_of_lines_are_one_count(ledger):
    """More than one event may hold, and more entries than one event of them."""
    skus = [f"S{number:04}" for number in range(2_100)]
    ledger.ask(asks.location("MAIN"), *[asks.item(sku) for sku in skus])
    ledger.ask(*[asks.record_stock(sku, "5") for sku in skus])
    named = opened(ledger)
    counted = ledger.ask(asks.count(named, ledger.now(), *[(sku, "4", None) for sku in skus]))[0]
    assert counted.body["line_numbers"] == list(range(1, 2_101))
    posted = ledger.ask(asks.post_count(named))[0]
    assert (posted.body["adjusted"], posted.body["status"]) == (2_100, "posted")
    sent = messages("test", posted.record)
    kinds = [dict(headers).get("ce_type", b"result").decode() for *_, headers in sent]
    assert kinds == ["result", "count.posted", *["count.lines.changed"] * 5, *["stock.moved"] * 2]
    assert len({dict(headers)["ce_subject"] for *_, headers in sent[1:]}) == 7
    assert max(len(value) for _, _, _, value, _ in sent) < 1_000_000
