"""Reading one's own writes while nothing is projected: a wait, then an honest refusal, never old news."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from processes import eventually
from running import AVAILABILITY, order


@pytest.mark.slow
def test_a_reader_with_a_position_waits_or_is_refused_and_never_sees_less(stocked, new_edge):
    fault = stocked.fault("46 projection frozen under a reader")
    stocked.start("reservations")
    projector = stocked.run("projector")
    writer, reader = new_edge(), new_edge()
    eventually("the stock can be read", lambda: reader.available("A") == "100")
    projector.freeze()
    fault.seen("the projector stands still", eventually("stopped", projector.is_stopped))
    written = writer.reserve(order("A", "3"), Prefer="wait=3")
    assert (written.status_code, written.json()["status"]) == (202, "applied")
    position = {"Stockyard-Position": written.headers["stockyard-position"]}
    refused = reader.get(AVAILABILITY, {**position, "Prefer": "wait=1"}, sku="A")
    assert refused.status_code == 503
    assert refused.json()["type"].endswith("/position-not-reached")
    assert "retry-after" in refused.headers
    assert reader.available("A") == "100", "who names no position is promised none"
    assert not writer.process.is_ready(), "it says that the projection is behind"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(reader.get, AVAILABILITY, position, sku="A")
        eventually("it waits", lambda: reader.process.metric(WAITS) > 0)
        projector.wake()
        fault.heal()
        found = waiting.result(60)
    assert found.status_code == 200, found.text
    assert found.json()["data"][0]["available"] == "97"
    eventually("ready again", writer.process.is_ready)
    eventually("nobody waits any more", lambda: reader.process.metric(WAITS) == 0)


WAITS = "stockyard_edge_positions_awaited"
