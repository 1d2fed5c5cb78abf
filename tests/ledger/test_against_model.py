"""Random commands in random batches: every answer and every balance is as a plain model has it."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import psycopg
from hypothesis import HealthCheck, given, settings

import asks
from consumers.decide import decide
from consumers.parse import Rules, parse_one
from consumers.sort_out import sort_out
from ledger.book import NO_LOT, Applied, Book
from ledger.shards import Progress
from plain_flows import Flows
from plain_model import Said
from schemas.times import stamp

SKUS = ["A", "B"]
PLACES = ["MAIN", "MAIN", "MAIN", "EAST"]
LOTS = [None, None, "L1", "L2"]
SIZES = [1, 2, 7, 500]
SHARDS = {
    "reservations": 512,
    "stock": 768,
    "transfers": 1024,
}  # whose documents are named by their place
_tenants = itertools.count(1)

# Few and small, so that they often add up to exactly what there is.
quantities = st.sampled_from(["0.5", "1", "2", "2", "3", "4", "9"])
skus, places, lots = (st.sampled_from(each) for each in (SKUS, PLACES, LOTS))
known_skus = st.sampled_from([*SKUS * 8, "NONE"])
lines = st.fixed_dictionaries(
    {"sku": known_skus, "location": places, "quantity": quantities, "lot": lots}
)
parts = st.none() | st.lists(
    st.fixed_dictionaries({"line": st.integers(1, 2), "quantity": quantities}),
    min_size=1,
    max_size=2,
)
levels = {"sku": known_skus, "location": st.sampled_from([*PLACES * 3, "NOWHERE"]), "lot": lots}
nth = st.integers(0, 7)
received = st.one_of(
    st.fixed_dictionaries(
        {"sku": known_skus, "location": places, "quantity": quantities, "lot": lots}
    ),
    st.fixed_dictionaries(
        {
            "sku": st.just("B"),
            "location": places,
            "quantity": quantities,
            "lot": st.sampled_from(["L1", "L2", "L3"]),
            "expires_on": st.sampled_from(["2901-01-01", "2902-01-01"]),
        }
    ),
)
shipped = st.fixed_dictionaries({"sku": known_skus, "quantity": quantities, "lot": lots})
given_lots = st.sampled_from(["L1", "L2"])
days = st.sampled_from([None, "2001-01-01", "2901-01-01", "2902-01-01"])  # by any test's clock

kinds = (
    st.tuples(
        st.just("item.upsert"),
        st.fixed_dictionaries(
            {"sku": skus, "name": st.just("x"), "track_by": st.sampled_from(["none", "batch"])}
        ),
    ),
    st.tuples(
        st.just("location.upsert"), st.fixed_dictionaries({"code": places, "name": st.just("x")})
    ),
    st.tuples(
        st.just("stock.record"),
        st.fixed_dictionaries({**levels, "quantity": quantities, "reason": st.just("count")}),
    ),
    st.tuples(
        st.just("stock.adjust"),
        st.fixed_dictionaries(
            {
                **levels,
                "delta": quantities | quantities.map("-{}".format),
                "reason_code": st.just("r"),
            }
        ),
    ),
    st.tuples(
        st.just("reservation.create"),
        st.fixed_dictionaries(
            {
                "order_id": st.just("SO"),
                "lines": st.lists(lines, min_size=1, max_size=3),
                "allow_partial": st.booleans(),
            }
        ),
    ),
    st.tuples(
        st.just("reservation.release"),
        st.fixed_dictionaries({"reservation_id": nth, "lines": parts, "reason": st.just("r")}),
    ),
    st.tuples(
        st.just("reservation.consume"),
        st.fixed_dictionaries(
            {"reservation_id": nth, "lines": parts, "shipment_proof": st.just(asks.PROOF)}
        ),
    ),
    st.tuples(
        st.just("lot.upsert"),
        st.fixed_dictionaries({"sku": known_skus, "lot": given_lots, "expires_on": days}),
    ),
    st.tuples(
        st.just("lot.set-status"),
        st.fixed_dictionaries(
            {
                "sku": known_skus,
                "lot": given_lots,
                "status": st.sampled_from(["active", "active", "recalled"]),
                "reason": st.just("r"),
            }
        ),
    ),
    st.tuples(
        st.just("hold.place"),
        st.fixed_dictionaries(
            {
                **levels,
                "location": st.none() | levels["location"],
                "quantity": st.none() | quantities,
                "reason": st.just("r"),
            }
        ),
    ),
    st.tuples(
        st.just("hold.release"),
        st.fixed_dictionaries(
            {"hold_id": nth, "quantity": st.none() | quantities, "reason": st.just("r")}
        ),
    ),
    st.tuples(
        st.just("receipt.post"),
        st.fixed_dictionaries({"lines": st.lists(received, min_size=1, max_size=2)}),
    ),
    st.tuples(
        st.just("stock.issue"),
        st.fixed_dictionaries(
            {
                "to": st.sampled_from(["customer", "scrap"]),
                "lines": st.lists(lines, min_size=1, max_size=2),
                "reason_code": st.just("r"),
            }
        ),
    ),
    st.tuples(
        st.just("transfer.ship"),
        st.fixed_dictionaries(
            {
                "from_location": places,
                "to_location": st.sampled_from(["EAST", "EAST", "MAIN"]),
                "lines": st.lists(shipped, min_size=1, max_size=2),
            }
        ),
    ),
    st.tuples(
        st.just("transfer.receive"), st.fixed_dictionaries({"transfer_id": nth, "lines": parts})
    ),
    st.tuples(
        st.just("transfer.close"),
        st.fixed_dictionaries(
            {
                "transfer_id": nth,
                "rest": st.sampled_from(["lost", "returned"]),
                "reason": st.just("r"),
            }
        ),
    ),
    st.tuples(st.just("repeat"), nth),
    st.tuples(st.just("reuse"), nth),
    st.tuples(st.just("bad"), st.sampled_from(["stock.record", "reservation.create"])),
)
WEIGHTS = (1, 1, 2, 3, 8, 5, 5, 2, 2, 3, 2, 3, 2, 4, 3, 1, 1, 1, 1)
commands = st.one_of(
    *[kind for kind, weight in zip(kinds, WEIGHTS, strict=True) for _ in range(weight)]
)
START = [
    ("item.upsert", {"sku": "A", "name": "x", "track_by": "none"}),
    ("item.upsert", {"sku": "B", "name": "x", "track_by": "batch"}),
    ("location.upsert", {"code": "MAIN", "name": "x"}),
    ("location.upsert", {"code": "EAST", "name": "x"}),
    *[
        (
            "stock.record",
            {"sku": "A", "location": "MAIN", "quantity": "9", "lot": None, "reason": "r"},
        )
    ],
    *[
        (
            "stock.record",
            {"sku": "B", "location": "MAIN", "quantity": "4", "lot": lot, "reason": "r"},
        )
        for lot in ("L1", "L2")
    ],
]


class Script:
    """A sequence of commands, each sent and each also told to the model."""

    def __init__(self, tenant: str, offsets: dict[int, int]) -> None:
        self.tenant = tenant
        self.model = Flows()
        self.asked: list[asks.Ask] = []
        self.expected: list[tuple[Said, bool]] = []
        self.made: dict[str, list[str]] = {"reservation": [], "hold": [], "transfer": []}
        self._offsets = {name: offsets.get(shard, 0) for name, shard in SHARDS.items()}  # the next

    def add(self, kind: str, given: Any) -> None:
        if kind in ("repeat", "reuse"):
            self._again(kind, given)
            return
        body = {"sku": 1} if kind == "bad" else dict(given)
        for what, made in self.made.items():
            if f"{what}_id" in body:
                body[f"{what}_id"] = made[given[f"{what}_id"] % len(made)] if made else "none"
        asked = asks.ask(given if kind == "bad" else kind, body, Tenant_Id=self.tenant)
        self._send(asked, self._said(kind, body), replayed=False)

    def _again(self, kind: str, nth: int) -> None:
        """An earlier command under a new request; for `reuse`, with its key but another body."""
        if not self.asked:
            return
        at = nth % len(self.asked)
        earlier, (said, _) = self.asked[at], self.expected[at]
        body = earlier.body if kind == "repeat" else {**earlier.body, "order_id": f"SO-{nth}-x"}
        headers = {**earlier.headers, "Request-Id": f"again-{len(self.asked)}"}
        first = next(i for i, each in enumerate(self.asked) if each.key == earlier.key)
        same = body == self.asked[first].body
        said = self.expected[first][0] if same else Said(422, "idempotency-key-reused")
        self._send(asks.Ask(headers, body), said, replayed=same)

    def _send(self, asked: asks.Ask, said: Said, *, replayed: bool) -> None:
        self.asked.append(asked)
        self.expected.append((said, replayed))
        if asked.module in self._offsets:
            self._offsets[asked.module] += 1

    def _named(self, kind: str, module: str) -> str:
        return f"{kind}-{SHARDS[module]:04x}{self._offsets[module]:011x}"

    def _said(self, kind: str, body: dict[str, Any]) -> Said:  # noqa: C901, PLR0911, PLR0912  # one a kind
        model = self.model
        match kind:
            case "item.upsert":
                return model.item({**body, "seen": body["sku"] in model.tracked})
            case "location.upsert":
                seen = body["code"] in model.locations
                model.locations.add(body["code"])
                return Said(200 if seen else 201)
            case "stock.record" | "stock.adjust":
                return model.stock(body)
            case "reservation.create":
                named = self._named("rsv", "reservations")
                said = model.create(named, body)
                if said.code == 201:
                    self.made["reservation"].append(named)
                return said
            case "reservation.release":
                return model.end(body, 5, "released")
            case "reservation.consume":
                return model.end(body, 6, "consumed")
            case "lot.upsert" | "lot.set-status":
                return model.lot(body)
            case "hold.place":
                named = self._named("hold", "stock")
                said = model.hold(named, body)
                if said.code == 201:
                    self.made["hold"].append(named)
                return said
            case "hold.release":
                return model.give_back(body)
            case "receipt.post":
                return model.receive(body)
            case "stock.issue":
                return model.issue(body)
            case "transfer.ship":
                named = self._named("trf", "transfers")
                said = model.ship(named, body)
                if said.code == 201:
                    self.made["transfer"].append(named)
                return said
            case "transfer.receive" | "transfer.close":
                return model.arrive(body)
        return Said(422, "invalid-command")


def script(tenant, offsets, wanted):
    made = Script(tenant, offsets)
    for kind, given_body in [*START, *wanted]:
        made.add(kind, given_body)
    return made


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


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wanted=st.lists(commands, min_size=10, max_size=50), size=st.sampled_from(SIZES))
def test_the_ledger_agrees_with_the_model(ledger, wanted, size):
    made = script(f"t{next(_tenants)}", ledger.offsets, wanted)
    told = iter(made.expected)
    for _, group in itertools.groupby(made.asked, key=lambda each: each.module):
        batch = list(group)
        for start in range(0, len(batch), size):
            for answer in ledger.ask(*batch[start : start + size]):
                agrees(*next(told), answer)
    with psycopg.connect(ledger.url) as connection:
        rows = connection.execute(
            "SELECT sku, location, lot, on_hand, reserved, held, incoming FROM balance WHERE tenant_id = %s",
            [made.tenant],
        ).fetchall()
    model = made.model
    found = {tuple(row[:3]): tuple(row[3:]) for row in rows}
    for level in {*found, *model.on_hand}:
        assert found.get(level, (0, 0, 0, 0)) == model.numbers(level), level


@settings(max_examples=200, deadline=None)
@given(wanted=st.lists(commands, min_size=10, max_size=50))
def test_the_pure_core_agrees_with_the_model(wanted):
    made = script("pure", {}, wanted)
    now = datetime(2026, 11, 21, tzinfo=UTC)
    book = Book(now, stamp(now))
    paper = asks.Ledger("")
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
    for level in made.model.on_hand:
        counted = book.level("pure", *level)
        numbers = (counted.on_hand, counted.reserved, counted.held, counted.incoming)
        assert numbers == made.model.numbers(level)
