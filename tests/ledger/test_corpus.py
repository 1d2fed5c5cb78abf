"""Command messages of every version there ever was: they mean today what they meant then.

`tests/corpus/commands.ndjson` is only ever added to: topics keep messages for weeks, producers are
upgraded when they please, and a repeat is recognised by its fingerprint for as long as keys are
kept. A new line is written without `fingerprint` and `result`; the test fails and prints both.
"""

import json
from itertools import groupby

import orjson

from asks import SOURCES, TENANT
from consumers.parse import Asked, Record, Rules, parse_one
from processes import ROOT
from producers.messages import messages
from schemas.commands import COMMANDS
from schemas.topics import results_topic

CORPUS = ROOT / "tests" / "corpus" / "commands.ndjson"
WORDS = {"title", "detail", "errors"}
LINES = [json.loads(line) for line in CORPUS.read_text().splitlines()]


def module(line):
    return COMMANDS[line["headers"]["Command-Type"]].MODULE


def replayed(ledger, lines):
    """The result of each message, told as the results topic tells it, all in one ledger."""
    told = {}
    for of, group in groupby(lines, module):
        several = [
            ledger.record(
                [(name, value.encode()) for name, value in line["headers"].items()],
                line["value"].encode(),
                of,
            )
            for line in group
        ]
        for flushed in ledger.apply(several, of, expiring=False):
            for record in flushed.records:
                for topic, _, _, value, _ in messages("test", orjson.loads(orjson.dumps(record))):
                    if topic == results_topic("test"):
                        result = json.loads(value)
                        told[result["request_id"]] = result
    return [told[line["headers"]["Request-Id"]] for line in lines]


def fingerprint(line):
    raw = [(name, value.encode()) for name, value in line["headers"].items()]
    rules = Rules(module(line), "test", TENANT, SOURCES)
    read = parse_one(Record(0, 0, 0, None, line["value"].encode(), raw), rules)
    assert isinstance(read, Asked), read
    return read.fingerprint.hex()


def test_every_message_of_the_corpus_has_the_result_it_always_had(ledger):
    results = replayed(ledger, LINES)
    wrong = []
    for line, result in zip(LINES, results, strict=True):
        now = {**line, "fingerprint": fingerprint(line), "result": told(result, line)}
        if now != line:
            wrong.append(json.dumps(now, sort_keys=False))
    assert not wrong, "they mean something else now, or are new:\n" + "\n".join(wrong)


def told(result, line):
    """Without its place, its moment, and words for people: those are other matters.

    A body may tell more than it did: whoever read it then still finds what they looked for.
    """
    kept = {name: value for name, value in result.items() if name != "position"}
    for moment in ("created_at", "effective_at"):
        (kept["body"] or {}).pop(moment, None)
    before = line.get("result", {}).get("body")
    if kept["body"] and before:
        kept["body"] = {name: kept["body"].get(name) for name in before}
    if kept["problem"]:
        pointers = [each["pointer"] for each in kept["problem"].get("errors", ())]
        kept["problem"] = {
            **{name: kept["problem"][name] for name in kept["problem"] if name not in WORDS},
            **({"errors": pointers} if pointers else {}),
        }
        for fault in kept["problem"].get("faults", ()):
            del fault["detail"]
    return kept


def test_the_corpus_has_every_command_and_every_field():
    fields = {(kind, name) for kind, each in COMMANDS.items() for name in each.model_fields}
    used = {
        (line["headers"]["Command-Type"], name)
        for line in LINES
        for name in json.loads(line["value"])
    }
    assert fields - used == set()
    assert len({line["headers"]["Request-Id"] for line in LINES}) == len(LINES)
