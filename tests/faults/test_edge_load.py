"""Commands faster than they are applied: the edge refuses what would only wait, and recovers alone."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from confluent_kafka import KafkaException

import asks
from api.load import RETRY_SECONDS_MAX, Seen, retry_after
from processes import eventually
from producers.lag import GroupLag, Standing
from running import order
from schemas.topics import commands_topic, consumer_group

LIMIT = 60
CALLERS = 6
BATCH = 10
BATCH_SECONDS = 0.4
CAPACITY = BATCH / BATCH_SECONDS
OVERLOAD_SECONDS = 15
SHED, WAITING = "stockyard_edge_writes_shed_total", "stockyard_edge_commands_waiting"
GROWTH_MEGABYTES = 48


@pytest.mark.parametrize(
    ("waiting", "applied", "seconds", "wanted"),
    [
        (110, 100, 1, 1),  # ten too many, a hundred a second
        (600, 100, 1, 5),
        (600, 100, 2, 10),
        (100_000, 10, 1, RETRY_SECONDS_MAX),
        (600, 0, 1, RETRY_SECONDS_MAX),  # nobody works
    ],
)
def test_callers_are_told_when_the_backlog_will_be_gone(waiting, applied, seconds, wanted):
    before = Seen(Standing(waiting, 1_000), 50.0)
    now = Seen(Standing(waiting, 1_000 + applied), 50.0 + seconds)
    assert retry_after(now, before, 100) == wanted
    assert retry_after(now, None, 100) == 1, "there is no pace yet"


class Patient(GroupLag):
    """Asks again while a slow machine takes longer than an edge would wait."""

    def of(self, module):
        return eventually("the broker answers", lambda: self._once(module))

    def _once(self, module):
        try:
            return super().of(module)
        except KafkaException:
            return None


@pytest.mark.slow
def test_what_waits_is_counted_whether_or_not_anybody_ever_read_it(stocked):
    fault = stocked.fault("11 nobody reads a module")
    lag = Patient(stocked.settings)
    catalog = eventually("told to the broker", lambda: stood(lag.of("catalog"), waiting=0))
    assert catalog.applied == 2
    assert lag.of("reservations") == Standing(0, 0)
    stocked.send(*asks_for(3))
    assert lag.of("reservations") == Standing(3, 0)
    fault.seen("three wait", lag.of("reservations").waiting == 3)
    worker = stocked.start("reservations")
    eventually("none waits", lambda: stood(lag.of("reservations"), waiting=0))
    worker.end()


@pytest.mark.slow
def test_a_worker_tells_its_offsets_again_when_the_broker_has_lost_them(stocked):
    fault = stocked.fault("11 offsets of a group lost")
    lag = Patient(stocked.settings)
    worker = stocked.start("reservations")
    stocked.ask(*asks_for(3))
    eventually("none waits", lambda: stood(lag.of("reservations"), waiting=0))
    worker.end()
    group = consumer_group(stocked.settings.topic_prefix, "reservations")
    admin = stocked.admin()
    admin.delete_consumer_groups([group])[group].result(30)
    fault.seen("all seem to wait", lag.of("reservations") == Standing(3, 0))
    fault.heal()
    stocked.start("reservations")
    eventually("none waits", lambda: lag.of("reservations") == Standing(0, 3))


def stood(standing, *, waiting):
    return standing if standing.waiting == waiting else None


def asks_for(count):
    return [asks.reserve(asks.line("A", "1")) for _ in range(count)]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_overloaded_edge_sheds_and_drains_at_capacity(stocked, new_edge, monkeypatch):
    fault = stocked.fault("49 overload, three times what is applied")
    monkeypatch.setenv("FAULT_SECONDS", str(BATCH_SECONDS))
    worker = stocked.start("reservations", fault="w.before_commit:sleep:*", batch_records_max=BATCH)
    stocked.run("projector")
    edge = new_edge(edge_lag_max=LIMIT)
    assert edge.reserve(order("A")).status_code == 201
    memory = (edge.process.memory_megabytes(), worker.memory_megabytes())
    answers, peak = overload(stocked, edge)
    stopped, backlog = time.monotonic(), waiting(stocked)
    fault.seen("writes were shed", [each for each in answers if each.status_code == 503])
    fault.heal()
    shed = [each for each in answers if each.status_code == 503]
    taken = [each for each in answers if each.status_code == 202]
    assert len(shed) + len(taken) == len(answers), {each.status_code for each in answers}
    for each in shed:
        assert each.json()["type"].endswith("/overloaded")
        assert 1 <= int(each.headers["retry-after"]) <= RETRY_SECONDS_MAX
    assert sent(stocked) == 1 + len(taken), "nothing was sent of what was shed"
    assert edge.process.metric(SHED, module="reservations") == len(shed)
    assert len(taken) > CAPACITY * OVERLOAD_SECONDS / 4, "no collapse: what can be done is done"
    eventually("drained", lambda: waiting(stocked) == 0, within_seconds=90)
    drained = time.monotonic() - stopped
    print(  # noqa: T201  # shown with the test
        f"{len(answers)} asked, {len(taken)} taken, {len(shed)} shed; at most {peak} waited; "
        f"{backlog} drained in {drained:.1f} s at {CAPACITY:.0f} a second"
    )
    assert drained < 3 * backlog / CAPACITY + 20
    again = eventually("writes are taken again", lambda: written(edge))
    assert again.status_code in {201, 409}, "applied: granted, or nothing is left to grant"
    assert edge.process.memory_megabytes() - memory[0] < GROWTH_MEGABYTES
    assert worker.memory_megabytes() - memory[1] < GROWTH_MEGABYTES
    assert "began anew" not in worker.says(), "nobody left the group"


def overload(stocked, edge):
    """Ask as fast as callers can, reading beside it; all answers, and the most that waited."""
    end, answers, lock = time.monotonic() + OVERLOAD_SECONDS, [], threading.Lock()
    pace = CALLERS / (3 * CAPACITY)

    def ask(_):
        while time.monotonic() < end:
            answer = edge.reserve(order("A"), Prefer="respond-async")
            with lock:
                answers.append(answer)
            time.sleep(pace)

    peak = 0
    with ThreadPoolExecutor(CALLERS) as pool:
        asking = pool.map(ask, range(CALLERS))
        while time.monotonic() < end:
            assert edge.available("A") is not None, "reads go on"
            peak = max(peak, waiting(stocked))
            time.sleep(0.3)
        list(asking)
    return answers, peak


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_edge_whose_workers_stand_still_sheds_until_they_move(stocked, new_edge):
    fault = stocked.fault("11 workers frozen under an edge")
    worker = stocked.start("reservations")
    stocked.run("projector")
    edge = new_edge(edge_lag_max=LIMIT)
    assert edge.reserve(order("A")).status_code == 201
    worker.freeze()
    shed = eventually("writes are shed", lambda: refused(edge))
    fault.seen("writes were shed", edge.process.metric(SHED) > 0)
    assert shed.json()["type"].endswith("/overloaded")
    fault.seen("the backlog is told", edge.process.metric(WAITING) > LIMIT)
    assert edge.process.is_ready(), "it can be read from, and every edge sees the same"
    worker.wake()
    fault.heal()
    assert eventually("writes are taken again", lambda: written(edge)).status_code in {201, 409}


def refused(edge):
    answer = edge.reserve(order("A"), Prefer="respond-async")
    return answer if answer.status_code == 503 else None


def written(edge):
    answer = edge.reserve(order("A"))
    return answer if answer.status_code != 503 else None


def sent(stocked):
    topic = commands_topic(stocked.settings.topic_prefix, "reservations")
    return sum(end for _, end in stocked.ends(topic))


def waiting(stocked):
    applied = sum(stocked.next_offset("reservations", number) for number in range(4))
    return sent(stocked) - applied
