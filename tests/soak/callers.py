"""Callers of the edge while all else fails: what they were promised must be so, and nothing is a 500."""

import itertools
import random
import threading
from collections import Counter
from dataclasses import dataclass, field

import httpx2

from edges import Edge
from identities import default_headers
from running import RESERVATIONS, headers, order

PAUSE_SECONDS = 0.3
CALL_SECONDS = 40.0
NO_ANSWER = 0
EXPECTED = {200, 201, 202, 409, 429, 503, 504, NO_ANSWER}


@dataclass
class Callers:
    """One caller that reserves and reads, in a thread, until `end`."""

    edge: Edge
    seed: str
    answers: Counter[int] = field(default_factory=Counter)
    granted: list[str] = field(default_factory=list)
    """The keys of the reservations that were answered with 201."""
    odd: list[str] = field(default_factory=list)
    _enough: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        self._thread = threading.Thread(target=self._call)
        self._thread.start()

    def end(self) -> None:
        self._enough.set()
        assert self._thread is not None
        self._thread.join(2 * CALL_SECONDS)
        assert not self._thread.is_alive(), "a caller hangs"

    def _call(self) -> None:
        dice = random.Random(self.seed)
        with httpx2.Client(timeout=CALL_SECONDS, headers=default_headers()) as http:
            for number in itertools.count():
                if self._enough.wait(PAUSE_SECONDS):
                    return
                sku = f"COLD-{dice.randrange(20)}"
                if dice.random() < 0.5:
                    self._ask(http, "GET", f"/api/v1/inventory/availability?sku={sku}")
                else:
                    self._ask(http, "POST", RESERVATIONS, f"call-{self.seed}-{number}", order(sku))

    def _ask(
        self, http: httpx2.Client, method: str, path: str, key: str = "", body: object = None
    ) -> None:
        given = {"json": body, "headers": headers(key)} if key else {}
        try:
            answer = http.request(method, self.edge.url + path, **given)
        except httpx2.TransportError:
            self.answers[NO_ANSWER] += 1
            return
        self.answers[answer.status_code] += 1
        if answer.status_code == 201:
            self.granted.append(key)
        if answer.status_code not in EXPECTED:
            self.odd.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
