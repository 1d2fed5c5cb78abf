"""Callers that leave, that dawdle, and that all wait at once: an edge holds no more than it says."""

import asyncio
import json
import resource
import socket
import time

import pytest

from api.pipeline import AWAITED_MAX
from deploy.machine.ports import HOST
from identities import default_headers
from processes import eventually
from running import RESERVATIONS, headers, order

REQUEST_SECONDS = 2
WAITERS = 5_000
"""More than may wait. Ten thousand would need more descriptors than many machines allow."""
AT_ONCE = 250
LEAVE = 1_000
WAIT_SECONDS = 60
GROWTH_MEGABYTES = 300
AWAITED = "stockyard_edge_results_awaited"


def request(body=None, **others):
    """A whole request, as bytes on the wire."""
    content = json.dumps(body or order("A")).encode()
    named = {
        **headers(**others),
        **default_headers(),
        "Host": "x",
        "Content-Length": str(len(content)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {RESERVATIONS} HTTP/1.1\r\n{head}\r\n".encode() + content


def ends_after(edge, *pieces):
    """What the edge says until it ends the connection, and how long that took."""
    with socket.create_connection((HOST, edge.port), timeout=30) as caller:
        for piece in pieces:
            caller.sendall(piece)
        began, said = time.monotonic(), b""
        while chunk := caller.recv(65_536):
            said += chunk
        return said, time.monotonic() - began


@pytest.mark.slow
def test_a_request_that_dribbles_in_is_ended_in_time(stocked, new_edge):
    fault = stocked.fault("45 slow-loris callers")
    stocked.start("reservations")
    stocked.run("projector")
    edge = new_edge(http_request_seconds_max=REQUEST_SECONDS)
    whole = request()
    head, _, body = whole.partition(b"\r\n\r\n")
    silent = ends_after(edge)
    half_a_head = ends_after(edge, whole[:40])
    half_a_body = ends_after(edge, head + b"\r\n\r\n", body[:5])
    fault.seen("a body dribbled", b"408" in half_a_body[0].partition(b"\r\n")[0])
    assert b"body-too-slow" in half_a_body[0]
    assert silent[0] == half_a_head[0] == b"", "nobody asked anything"
    for _, seconds in (silent, half_a_head, half_a_body):
        assert REQUEST_SECONDS - 1 < seconds < REQUEST_SECONDS + 15
    assert dribbled(edge, whole) < REQUEST_SECONDS + 15, "a byte now and then buys no time"
    assert edge.reserve(order("A")).status_code == 201, "others are answered"
    eventually("it let go of them all", lambda: edge.process.metric(AWAITED) == 0)


def dribbled(edge, whole):
    """How long a caller lasts that sends a byte of its head now and then."""
    began = time.monotonic()
    with socket.create_connection((HOST, edge.port), timeout=30) as caller:
        try:
            for number in range(len(whole)):
                caller.sendall(whole[number : number + 1])
                time.sleep(0.3)
                assert time.monotonic() - began < 60, "it lasts"
        except OSError:
            pass
    return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_thousands_that_wait_or_leave_are_bounded_and_all_let_go(stocked, new_edge):
    fault = stocked.fault(f"45 {WAITERS} callers at once, {LEAVE} of whom leave")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 2 * WAITERS:
        pytest.skip(f"needs {2 * WAITERS} open files for {WAITERS} connections: ulimit -n")
    stocked.run("projector")
    edge = new_edge(http_wait_seconds_max=WAIT_SECONDS)
    memory, descriptors = edge.process.memory_megabytes(), edge.process.descriptors()
    codes, most = asyncio.run(crowd(edge))
    assert most == AWAITED_MAX, most
    fault.seen("all places were taken", most)
    assert set(codes) == {202, 503}, "each who stayed has an answer"
    assert codes.count(503) >= WAITERS - AWAITED_MAX - LEAVE, codes.count(503)
    eventually("nobody is waited for", lambda: edge.process.metric(AWAITED) == 0)
    eventually("no connection is left", lambda: edge.process.descriptors() < descriptors + 20)
    grown = edge.process.memory_megabytes() - memory
    print(f"{WAITERS} callers: {grown:.0f} MB more, {codes.count(503)} refused")  # noqa: T201  # shown with the test
    assert grown < GROWTH_MEGABYTES
    fault.heal()
    stocked.start("reservations")
    assert edge.reserve(order("A")).status_code in {201, 409}


async def crowd(edge):
    """All ask, some leave; the status of each that stays, and how many were waited for at most."""
    callers, most = [], 0
    for _ in range(WAITERS // AT_ONCE):
        opened = (asyncio.open_connection(HOST, edge.port) for _ in range(AT_ONCE))
        for reader, writer in await asyncio.gather(*opened):
            writer.write(request(Prefer=f"wait={WAIT_SECONDS}"))
            callers.append((reader, writer))
    deadline = time.monotonic() + WAIT_SECONDS
    while most < AWAITED_MAX and time.monotonic() < deadline:
        most = max(most, int(await asyncio.to_thread(edge.process.metric, AWAITED)))
    for _, writer in callers[:LEAVE]:
        writer.close()
    heads = await asyncio.gather(*(reader.readline() for reader, _ in callers[LEAVE:]))
    for _, writer in callers[LEAVE:]:
        writer.close()
    return [int(head.split()[1]) for head in heads], most
