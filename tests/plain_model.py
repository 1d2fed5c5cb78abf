"""The rules of stock once more, written plainly and apart: what the real thing is compared with."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)
Level = tuple[str, str, str]  # item, location, lot


@dataclass
class Said:
    """What a command should be answered with."""

    code: int
    problem: str | None = None
    lines: list[tuple[int, str, Decimal, Decimal, Decimal]] | None = None
    """Of a reservation: number, lot, reserved, released, consumed."""
    status: str | None = None


@dataclass
class Promise:
    """A reservation: its lines as lists that change in place."""

    lines: list[list[Any]]  # number, item, location, lot, reserved, released, consumed
    status: str = "active"

    def left(self, line: list[Any]) -> Decimal:
        return line[4] - line[5] - line[6]


@dataclass
class Model:
    """A shop with its whole truth in three dictionaries."""

    tracked: dict[str, str] = field(default_factory=dict)
    locations: set[str] = field(default_factory=set)
    on_hand: dict[Level, Decimal] = field(default_factory=dict)
    promises: dict[str, Promise] = field(default_factory=dict)

    def reserved(self, level: Level) -> Decimal:
        return sum(
            (
                promise.left(line)
                for promise in self.promises.values()
                for line in promise.lines
                if promise.status == "active" and tuple(line[1:4]) == level
            ),
            ZERO,
        )

    def free(self, level: Level) -> Decimal:
        return self.on_hand.get(level, ZERO) - self.reserved(level)

    def item(self, body: dict[str, Any]) -> Said:
        sku, tracked = body["sku"], body.get("track_by", "none")
        known = self.tracked.setdefault(sku, tracked)
        if known != tracked:
            return Said(409, "tracking-fixed")
        return Said(200 if body["seen"] else 201)

    def unknown(self, sku: str, location: str) -> str | None:
        if sku not in self.tracked:
            return "unknown-item"
        return None if location in self.locations else "unknown-location"

    def stock(self, body: dict[str, Any]) -> Said:
        """A count or an adjustment."""
        level = (body["sku"], body["location"], body["lot"] or "")
        if unknown := self.unknown(*level[:2]):
            return Said(422, unknown)
        if (self.tracked[level[0]] == "batch") != bool(level[2]):
            return Said(422, "lot-rule")
        here = self.on_hand.get(level, ZERO)
        there = Decimal(body["quantity"]) if "quantity" in body else here + Decimal(body["delta"])
        if there < self.reserved(level):
            return Said(409, "insufficient-stock")
        self.on_hand[level] = there
        return Said(201)

    def create(self, named: str, body: dict[str, Any]) -> Said:
        for line in body["lines"]:
            if unknown := self.unknown(line["sku"], line["location"]):
                return Said(422, unknown)
        promise = Promise([])
        self.promises[named] = promise  # what its first lines take, its later ones find gone
        short = False
        for number, line in enumerate(body["lines"], 1):
            short |= self._grant(promise, number, line) > 0
        nothing = not any(line[4] for line in promise.lines)
        if short and (nothing or not body["allow_partial"]):
            del self.promises[named]
            return Said(409, "insufficient-stock")
        return Said(201, lines=self.shown(promise), status=promise.status)

    def _grant(self, promise: Promise, number: int, line: dict[str, Any]) -> Decimal:
        sku, location, missing = line["sku"], line["location"], Decimal(line["quantity"])
        lots = sorted(lot for item, at, lot in self.on_hand if (item, at) == (sku, location))
        granted = False
        for lot in lots if line["lot"] is None else [line["lot"]]:
            take = min(missing, self.free((sku, location, lot)))
            if take > 0:
                promise.lines.append([number, sku, location, lot, take, ZERO, ZERO])
                missing -= take
                granted = True
        if not granted:
            promise.lines.append([number, sku, location, line["lot"] or "", ZERO, ZERO, ZERO])
        return missing

    def end(self, body: dict[str, Any], column: int, status: str) -> Said:
        """A release (column 5) or a consumption (column 6)."""
        promise = self.promises.get(body["reservation_id"])
        if promise is None:
            return Said(404, "unknown-reservation")
        if promise.status != "active":
            return Said(409, "reservation-not-active")
        before = [list(line) for line in promise.lines]
        if not self._take(promise, body["lines"], column):
            promise.lines = before
            return Said(409, "reservation-holds-less")
        if column == 6:
            for old, new in zip(before, promise.lines, strict=True):
                if new[6] != old[6]:
                    self.on_hand[tuple(new[1:4])] -= new[6] - old[6]
        if not any(promise.left(line) for line in promise.lines):
            promise.status = "consumed" if any(line[6] for line in promise.lines) else status
        return Said(200, lines=self.shown(promise), status=promise.status)

    def _take(self, promise: Promise, parts: list[dict[str, Any]] | None, column: int) -> bool:
        if parts is None:
            for line in promise.lines:
                line[column] += promise.left(line)
            return True
        for part in parts:
            missing = Decimal(part["quantity"])
            for line in promise.lines:
                if line[0] == part["line"]:
                    take = min(missing, promise.left(line))
                    line[column] += take
                    missing -= take
            if missing:
                return False
        return True

    def shown(self, promise: Promise) -> list[tuple[int, str, Decimal, Decimal, Decimal]]:
        return [(line[0], line[3], *line[4:]) for line in promise.lines]
