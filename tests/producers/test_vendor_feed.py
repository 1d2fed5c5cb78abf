"""A vendor's feed: good rows applied once however often it is run, bad rows kept apart by line."""

import json
import os
import subprocess
import sys
import time

import pytest

from processes import ROOT
from producers.conversation import Conversation
from producers.feed_run import FeedRun
from producers.rows import BadRow
from producers.vendor_feed import Feed, sender

HEADER = "sku,name,location,location_name,quantity\n"
KILL_SECONDS = 40


def written(tmp_path, text, name="feed.csv"):
    file = tmp_path / name
    file.write_text(text)
    return file


def run(settings, file, *, wait=True, columns=None):
    conversation = Conversation(settings, sender("acme"))
    feed_run = FeedRun(Feed(file, "acme", columns or {}), conversation, wait=wait)
    summary = feed_run.run()
    conversation.close()
    return summary


def on_hand(pipeline):
    return dict(pipeline.query("SELECT sku, on_hand::int FROM balance ORDER BY sku"))


def rejected(file):
    lines = file.with_name(f"{file.name}.rejected").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_row_asks_for_what_its_columns_are_filled_with(tmp_path):
    file = written(
        tmp_path, HEADER + "A,Apple,MAIN,Main,3\nB,Beet,MAIN,Main,\nA,,MAIN,,4\n,,,,\nX,,,,\n"
    )
    *rows, bad = Feed(file, "acme", {}).rows()
    kinds = [[fed.command.TYPE for fed in (*row.catalog, *row.stock)] for row in rows]
    assert kinds == [
        ["item.upsert", "location.upsert", "stock.record"],
        ["item.upsert"],  # the location was described in the same words before
        ["stock.record"],
    ]
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.reason.partition(":")[0]) == (6, "asks for nothing")


def test_columns_of_other_names_are_mapped(tmp_path):
    file = written(tmp_path, "Artikel,Bezeichnung\nA,Apfel\n")
    (row,) = Feed(file, "acme", {"sku": "Artikel", "name": "Bezeichnung"}).rows()
    assert row.catalog[0].command.name == "Apfel"
    with pytest.raises(ValueError, match="no column color"):
        Feed(file, "acme", {"color": "Farbe"})


def test_the_same_file_has_the_same_keys_and_another_file_has_others(tmp_path):
    one = written(tmp_path, HEADER + "A,Apple,MAIN,Main,3\n")
    same = written(tmp_path, HEADER + "A,Apple,MAIN,Main,3\n", "copy.csv")
    other = written(tmp_path, HEADER + "A,Apple,MAIN,Main,4\n", "other.csv")
    keys = [
        [fed.idempotency_key for row in Feed(file, "acme", {}).rows() for fed in row.stock]
        for file in (one, same, other)
    ]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("name", ["feed.csv", "feed.ndjson"])
def test_good_rows_are_applied_once_and_bad_ones_kept_apart(pipeline, tmp_path, name):
    pipeline.start()
    rows = [
        ("A", "Apple", "MAIN", "Main", "3"),
        ("B", "Beet", "MAIN", "Main", "1.0000001"),
        ("ghost", "", "MAIN", "", "5"),
        ("C", "Corn", "MAIN", "Main", "0"),
    ]
    names = HEADER.strip().split(",")
    text = HEADER + "".join(",".join(row) + "\n" for row in rows)
    first = 2
    if name.endswith("ndjson"):
        objects = ({n: v for n, v in zip(names, row, strict=True) if v} for row in rows)
        text, first = "".join(json.dumps(each) + "\n" for each in objects), 1
    file = written(tmp_path, text, name)
    summary = run(pipeline.settings, file)
    assert (summary.rows, summary.bad_rows, summary.refused, summary.replayed) == (4, 1, 1, 0)
    assert [each.line for each in summary.refusals] == [first + 2]
    assert [(each["line"], each["reason"][:9]) for each in rejected(file)] == [
        (first + 1, "/quantity")
    ]
    again = run(pipeline.settings, file)
    assert (again.applied, again.replayed) == (0, summary.sent)
    assert len(rejected(file)) == 1
    assert on_hand(pipeline) == {"A": 3}
    assert not file.with_name(f"{name}.progress").exists()


def test_without_waiting_the_stock_is_sent_and_arrives(pipeline, tmp_path):
    pipeline.start()
    file = written(tmp_path, HEADER + "A,Apple,MAIN,Main,3\n")
    summary = run(pipeline.settings, file, wait=False)
    assert (summary.sent, summary.applied) == (3, 2)  # the catalog's answers were awaited
    deadline = time.monotonic() + 20
    while on_hand(pipeline) != {"A": 3}:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_feed_killed_in_the_middle_goes_on_after_the_last_line_done(pipeline, tmp_path):
    pipeline.start()
    count = 9_000
    rows = [f"S{n},Item {n},MAIN,Main,{n % 7 + 1}\n" for n in range(count)]
    rows[1_000] = "S1000,Item,MAIN,Main,minus one\n"
    rows[8_000] = "S8000,too,many,cells,1,2\n"
    file = written(tmp_path, HEADER + "".join(rows))
    progress = file.with_name("feed.csv.progress")
    killed = _start_feed(pipeline.settings, file)
    deadline = time.monotonic() + KILL_SECONDS
    while not progress.exists():
        assert killed.poll() is None, killed.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    killed.kill()
    killed.communicate(timeout=10)
    done = json.loads(progress.read_text())["line"]
    assert done < count
    summary = run(pipeline.settings, file)
    assert summary.skipped_rows + summary.rows == count
    assert summary.skipped_rows == done - 1  # the header is line 1
    assert [each["line"] for each in rejected(file)] == [1_002, 8_002]
    assert pipeline.query("SELECT count(*), max(version) FROM item") == [(count - 2, 1)]
    moved = "SELECT count(*), count(DISTINCT sku), sum(quantity)::int FROM movement"
    units = sum(n % 7 + 1 for n in range(count) if n not in (1_000, 8_000))
    assert pipeline.query(moved) == [(count - 2, count - 2, units)]


def _start_feed(settings, file):
    environment = {
        **os.environ,
        "ERP_KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "ERP_TOPIC_PREFIX": settings.topic_prefix,
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    command = [sys.executable, "-m", "deploy.main", "feed", str(file), "--vendor", "acme", "--wait"]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=file.parent
    )
