"""The verbs that send: what they print, and the exit code that scripts look at."""

import json
import os
import subprocess
import sys

from processes import ROOT

END_SECONDS = 60


def stockyard(pipeline, *words, given=""):
    environment = {
        **os.environ,
        "ERP_KAFKA_BOOTSTRAP_SERVERS": pipeline.settings.kafka_bootstrap_servers,
        "ERP_TOPIC_PREFIX": pipeline.settings.topic_prefix,
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    done = subprocess.run(
        [sys.executable, "-m", "deploy.main", *words],
        input=given.encode("utf-8", "surrogateescape"),
        env=environment,
        capture_output=True,
        timeout=END_SECONDS,
        check=False,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, results, done.stderr.decode()


def codes(results):
    return sorted((each["line"], each["code"]) for each in results)


def test_the_verbs_send_print_results_and_fail_when_a_line_does(pipeline):
    pipeline.start()
    items = '{"sku":"A","name":"Apple"}\n{"sku":"B","name":"Beet"}\n'
    code, results, _ = stockyard(pipeline, "send", "item.upsert", given=items)
    assert (code, codes(results)) == (0, [(1, 201), (2, 201)])
    code, _, _ = stockyard(pipeline, "send", "location.upsert", given='{"code":"M","name":"Main"}')
    assert code == 0

    code, results, said = stockyard(
        pipeline, "scan", "--location", "M", given="A\nA\n\udcff\nghost\n"
    )
    assert (code, codes(results)) == (1, [(1, 201), (2, 201), (4, 422)])
    assert "line 3: not UTF-8" in said
    assert "3 sent, 1 lines not understood, 2 applied, 0 answered as before, 1 refused" in said

    lines = [{"sku": "A", "location": "M", "quantity": "2"}]
    order = json.dumps({"order_id": "SO-1", "lines": lines})
    code, results, _ = stockyard(pipeline, "commerce", "-", given=order)
    assert (code, codes(results)) == (0, [(1, 201)])
    assert results[0]["body"]["lines"][0]["reserved"] == "2"


def test_a_type_that_is_none_and_a_file_that_is_not_there_are_told(pipeline):
    code, _, said = stockyard(pipeline, "send", "stock.explode")
    assert code == 2
    assert "stock.explode" in said
    code, _, said = stockyard(pipeline, "commerce", "/nowhere/orders")
    assert code == 1
    assert "cannot read /nowhere/orders: No such file" in said
