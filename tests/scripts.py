"""A script: commands in a row, with what a plain model says of each."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import asks
from plain_bins import Bins
from plain_model import Said

SHARDS = {
    "reservations": 512,
    "stock": 768,
    "transfers": 1024,
    "counting": 1280,
    "receiving": 1792,
    "manufacturing": 2304,
}  # whose documents are named by their place
PAIR = {"code": "pair", "factor": "2", "level": 1}
START = [
    ("item.upsert", {"sku": "K", "name": "x", "track_by": "none", "units": [PAIR]}),
    ("item.upsert", {"sku": "P", "name": "x", "track_by": "batch", "units": [PAIR]}),
    ("item.upsert", {"sku": "A", "name": "x", "track_by": "none", "units": [PAIR]}),
    ("item.upsert", {"sku": "B", "name": "x", "track_by": "batch", "units": [PAIR]}),
    ("item.upsert", {"sku": "S", "name": "x", "track_by": "serial"}),
    ("location.upsert", {"code": "MAIN", "name": "x"}),
    ("location.upsert", {"code": "EAST", "name": "x"}),
    (
        "recipe.upsert",
        {
            "sku": "K",
            "kind": "kit",
            "components": [{"sku": "A", "quantity": "2"}, {"sku": "B", "quantity": "1"}],
        },
    ),
    (
        "recipe.upsert",
        {
            "sku": "P",
            "makes": "2",
            "components": [
                {"sku": "A", "quantity": "3", "multiple": "2"},
                {"sku": "B", "quantity": "1"},
            ],
        },
    ),
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
    ("count.open", {"location": "MAIN"}),
    ("bin.upsert", {"location": "MAIN", "bin": "X", "capacity": "5"}),
    (
        "bin.upsert",
        {
            "location": "MAIN",
            "bin": "Y",
            "takes": [{"sku": "B"}, {"sku": "A", "capacity": "3", "priority": 1}],
        },
    ),
    (
        "stock.record",
        {
            "sku": "S",
            "location": "MAIN",
            "quantity": "5",
            "serials": ["U1", "U2", "U3", "U4", "U5"],
            "lot": None,
            "reason": "r",
        },
    ),
]


MAKES = {
    "reservation.create": ("reservation", "rsv", "reservations", "create"),
    "hold.place": ("hold", "hold", "stock", "hold"),
    "transfer.ship": ("transfer", "trf", "transfers", "ship"),
    "count.open": ("count", "cnt", "counting", "begin"),
}
"""What commands make: its name in other commands, its ids, their module, and the model's word for it."""


class Script:
    """A sequence of commands, each sent and each also told to the model."""

    def __init__(self, tenant: str, offsets: dict[int, int]) -> None:
        self.tenant = tenant
        self.model = Bins()
        self.asked: list[asks.Ask] = []
        self.expected: list[tuple[Said, bool]] = []
        self.made: dict[str, list[str]] = {
            "reservation": [],
            "hold": [],
            "transfer": [],
            "count": [],
            "production": [],
        }
        self._offsets = {name: offsets.get(shard, 0) for name, shard in SHARDS.items()}  # the next

    def add(self, kind: str, given: Any) -> None:
        if kind in ("repeat", "reuse"):
            self._again(kind, given)
            return
        body = {"sku": 1} if kind == "bad" else dict(given)
        for what, made in self.made.items():
            if f"{what}_id" in body:
                body[f"{what}_id"] = made[given[f"{what}_id"] % len(made)] if made else "none"
        keep = body.pop("keep", None)
        said_of = {**body, "keep": keep}
        if keep is not None:
            body["buffers"] = [{"channel": "web", "quantity": keep}]
        asked = asks.ask(given if kind == "bad" else kind, body, Tenant_Id=self.tenant)
        before = dict(self.model.on_hand)
        said = self._said(kind, in_base_units(said_of))
        self.model.follow(before, kind, body)
        self._send(asked, said, replayed=False)

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

    def _made(self, kind: str, body: dict[str, Any]) -> Said:
        """What is said of something new, which later commands may be about."""
        what, short, module, method = MAKES[kind]
        named = self._named(short, module)
        said: Said = getattr(self.model, method)(named, body)
        if said.code == 201:
            self.made[what].append(named)
        return said

    def _named(self, kind: str, module: str) -> str:
        return f"{kind}-{SHARDS[module]:04x}{self._offsets[module]:011x}"

    def _said(self, kind: str, body: dict[str, Any]) -> Said:  # noqa: C901, PLR0911, PLR0912  # one a kind
        model = self.model
        if kind in MAKES:
            return self._made(kind, body)
        match kind:
            case "item.upsert":
                return model.item({**body, "seen": body["sku"] in model.tracked})
            case "location.upsert":
                seen = body["code"] in model.locations
                model.locations.add(body["code"])
                return Said(200 if seen else 201)
            case "policy.set":
                return model.policy(body)
            case "stock.record" | "stock.adjust":
                return model.stock(body)
            case "reservation.release":
                return model.end(body, 5, "released")
            case "reservation.consume":
                return model.end(body, 6, "consumed")
            case "lot.upsert" | "lot.set-status":
                return model.lot(body)
            case "lot.correct":
                return model.correct(body)
            case "bin.upsert":
                return model.describe(body)
            case "bin.move":
                return model.carry(body)
            case "putaway.post":
                return model.put_away(body)
            case "hold.release":
                return model.give_back(body)
            case "receipt.post":
                return model.receive(body)
            case "stock.issue":
                return model.issue(body)
            case "count.record":
                return model.found(body)
            case "count.recount":
                return model.again(body)
            case "count.post":
                return model.post(body)
            case "count.cancel":
                return model.cancel(body)
            case "transfer.receive" | "transfer.close":
                return model.arrive(body)
            case "recipe.upsert":
                return Said(201)
            case "bad":
                return Said(422, "invalid-command")
            case "return.receive":
                held = self._named("hold", "receiving")
                said = model.give_in(held, body)
                self.made["hold"] += [named for named in model.holds if named.startswith(held)]
                return said
        named = self._named("prd", "manufacturing")
        said = model.make(kind, named, body)
        if kind == "production.start" and said.code == 201:
            self.made["production"].append(named)
        return said


def in_base_units(body: dict[str, Any]) -> dict[str, Any]:
    """What a command says in pairs, said one by one. Lines that are numbers of lines say nothing."""
    lines = body.get("lines")
    if lines and isinstance(lines[0], dict):
        return {**body, "lines": [in_base_units(each) for each in lines]}
    doubled = {
        name: str(Decimal(body[name]) * 2) for name in ("quantity", "delta") if body.get(name)
    }
    return {**body, **(doubled if body.get("unit") == "pair" else {})}


def script(tenant: str, offsets: dict[int, int], wanted: Iterable[tuple[str, Any]]) -> Script:
    """A script of random commands, behind a few that they need."""
    made = Script(tenant, offsets)
    for kind, given_body in [*START, *wanted]:
        made.add(kind, given_body)
    return made
