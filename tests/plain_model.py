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
    any_lot: list[int] = field(default_factory=list)  # its lines that may change their lots

    def left(self, line: list[Any]) -> Decimal:
        return line[4] - line[5] - line[6]


@dataclass
class Model:
    """A shop with its whole truth in three dictionaries."""

    tracked: dict[str, str] = field(default_factory=dict)
    inactive: set[str] = field(default_factory=set)
    policies: dict[tuple[str, str | None], dict[str, Any]] = field(default_factory=dict)
    locations: set[str] = field(default_factory=set)
    on_hand: dict[Level, Decimal] = field(default_factory=dict)
    promises: dict[str, Promise] = field(default_factory=dict)
    holds: dict[str, list[tuple[Level, Decimal]]] = field(default_factory=dict)  # what is left
    lots: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

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
        return self.on_hand.get(level, ZERO) - self.reserved(level) - self.held(level)

    def held(self, level: Level) -> Decimal:
        lines = (line for hold in self.holds.values() for line in hold)
        return sum((left for where, left in lines if where == level), ZERO)

    def rule(self, sku: str, location: str, name: str) -> Decimal:
        """What the policy of the place says, or that of everywhere."""
        said = (self.policies.get((sku, at), {}).get(name) for at in (location, None))
        return Decimal(next((each for each in said if each is not None), 0))

    def promisable(self, level: Level) -> Decimal:
        """What is free, and what may be promised beyond it; a lot that is not there is never."""
        beyond = ZERO if level[2] else self.rule(*level[:2], "backorder_limit")
        return self.free(level) + beyond

    def policy(self, body: dict[str, Any]) -> Said:
        sku, at = body["sku"], body["location"]
        unknown = self.unknown(sku, at) if at else sku not in self.tracked and "unknown-item"
        if unknown:
            return Said(422, unknown)
        limits = ("backorder_limit", "negative_limit")
        if self.tracked[sku] != "none" and any(Decimal(body[name] or 0) for name in limits):
            return Said(422, "policy-rule")
        before = self.policies.get((sku, at))
        self.policies[sku, at] = {name: body[name] for name in limits}
        if body["keep"] is not None:
            self.policies[sku, at]["keep"] = body["keep"]
        for level in [each for each in self.on_hand if each[0] == sku and at in (None, each[1])]:
            promised = self.reserved(level) + self.held(level) - max(self.on_hand[level], ZERO)
            used = (promised, -self.on_hand[level])
            if any(
                beyond > 0 and beyond > self.rule(sku, level[1], name)
                for name, beyond in zip(limits, used, strict=True)
            ):
                self.policies[sku, at] = before or {}
                if before is None:
                    del self.policies[sku, at]
                return Said(409, "policy-in-use")
        return Said(200 if before is not None else 201)

    def usable(self, sku: str, lot: str) -> bool:
        known = self.lots.get((sku, lot), {})
        expired = (known.get("expires_on") or "9") < "2002"
        return known.get("status", "active") == "active" and not expired

    def item(self, body: dict[str, Any]) -> Said:
        sku, tracked = body["sku"], body.get("track_by", "none")
        known = self.tracked.setdefault(sku, tracked)
        if known != tracked:
            return Said(409, "tracking-fixed")
        if body.get("active") is not None:
            (self.inactive.discard if body["active"] else self.inactive.add)(sku)
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
        if there < here and there < self.reserved(level) + self.held(level):
            return Said(409, "insufficient-stock")
        self.on_hand[level] = there
        return Said(201)

    def create(self, named: str, body: dict[str, Any]) -> Said:
        for line in body["lines"]:
            if unknown := self.unknown(line["sku"], line["location"]):
                return Said(422, unknown)
            if line["sku"] in self.inactive:
                return Said(409, "item-inactive")
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
        sku, missing = line["sku"], Decimal(line["quantity"])
        others = {level[1] for level in self.on_hand if level[0] == sku} - {line["location"]}
        for location in [line["location"], *(sorted(others) if line.get("split") else [])]:
            most = min(missing, self._for_channel(line, location))
            missing -= most
            for lot in self._lots(line, location):
                free = self.promisable((sku, location, lot)) if self.usable(sku, lot) else ZERO
                take = min(most, free)
                if line.get("whole_packs"):
                    take -= take % (2 if line["unit"] == "pair" else 1)
                if take > 0:
                    self.on_hand.setdefault((sku, location, lot), ZERO)
                    promise.lines.append([number, sku, location, lot, take, ZERO, ZERO])
                    most -= take
            if line["lot"] and most and not line.get("whole_packs"):
                most -= self.by_name(promise, number, (sku, location, line["lot"]), most)
            missing += most
        if not any(each[:2] == [number, sku] for each in promise.lines):
            nothing = [number, sku, line["location"], line["lot"] or "", ZERO, ZERO, ZERO]
            promise.lines.append(nothing)
        return missing

    def _lots(self, line: dict[str, Any], location: str) -> list[str]:
        if line["lot"]:
            return [line["lot"]]
        nothing_yet = [""] if self.tracked[line["sku"]] == "none" else []
        return self.lots_in_order(line["sku"], location) or nothing_yet

    def _for_channel(self, line: dict[str, Any], location: str) -> Decimal:
        """What a channel may sell of a place: all but the buffer."""
        keep = self.rule(line["sku"], location, "keep") if line.get("channel") else ZERO
        lots = self._lots({**line, "lot": None}, location)
        usable = [lot for lot in lots if self.usable(line["sku"], lot)]
        there = sum((self.promisable((line["sku"], location, lot)) for lot in usable), ZERO)
        return max(there - keep, ZERO) if keep else Decimal(10**12)

    def lots_in_order(self, sku: str, location: str) -> list[str]:
        here = [level for level in self.on_hand if level[:2] == (sku, location)]
        return [level[2] for level in sorted(here, key=self._goes)]

    def _goes(self, level: Level) -> tuple[str, Decimal, str]:
        known = self.lots.get((level[0], level[2]), {})
        return known.get("expires_on") or "9", self.free(level), level[2]

    def lot(self, body: dict[str, Any]) -> Said:
        """New dates for a lot, or a new status."""
        key = body["sku"], body["lot"]
        if key[0] not in self.tracked:
            return Said(422, "unknown-item")
        if self.tracked[key[0]] != "batch":
            return Said(422, "lot-rule")
        stocked = any((level[0], level[2]) == key for level in self.on_hand)
        if "status" in body and key not in self.lots and not stocked:
            return Said(404, "unknown-lot")
        known = "status" in body or key in self.lots
        self.lots.setdefault(key, {}).update(body)
        return Said(200 if known else 201)

    def hold(self, named: str, body: dict[str, Any]) -> Said:
        sku, at, lot = body["sku"], body["location"], body["lot"]
        unknown = self.unknown(sku, at) if at else sku not in self.tracked and "unknown-item"
        if unknown:
            return Said(422, unknown)
        if lot and self.tracked[sku] != "batch":
            return Said(422, "lot-rule")
        left = Decimal(body["quantity"] or 10**9)
        lines = []
        for level in sorted(self.on_hand):
            if level[0] == sku and at in (None, level[1]) and lot in (None, level[2]):
                take = max(min(self.free(level), left), ZERO)
                left -= take
                lines += [(level, take)] if take else []
        if not lines or (body["quantity"] and left):
            return Said(409, "insufficient-stock")
        self.holds[named] = lines
        return Said(201)

    def give_back(self, body: dict[str, Any]) -> Said:
        lines = self.holds.get(body["hold_id"])
        if lines is None:
            return Said(404, "unknown-hold")
        held = sum((left for _, left in lines), ZERO)
        if not held:
            return Said(409, "hold-not-active")
        back = Decimal(body["quantity"] or held)
        if back > held:
            return Said(409, "hold-holds-less")
        for index, (level, left) in enumerate(lines):
            take = min(left, back)
            lines[index] = (level, left - take)
            back -= take
        return Said(200)

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
        taken = [
            new
            for old, new in zip(before, promise.lines, strict=True)
            if new[column] != old[column]
        ]
        if column == 6 and not all(self.usable(line[1], line[3]) for line in taken):
            promise.lines = before
            return Said(409, "lot-unusable")
        if column == 6 and not self._there(before, promise):
            promise.lines = before
            return Said(409, "insufficient-stock")
        if column == 6:
            for old, new in zip(before, promise.lines, strict=True):
                if new[6] != old[6]:
                    self.on_hand[tuple(new[1:4])] -= new[6] - old[6]
        if not any(promise.left(line) for line in promise.lines):
            promise.status = "consumed" if any(line[6] for line in promise.lines) else status
        return Said(200, lines=self.shown(promise), status=promise.status)

    def _there(self, before: list[list[Any]], promise: Promise) -> bool:
        """Whether all that is shipped lies there, held for nobody."""
        shipped: dict[Level, Decimal] = {}
        for old, new in zip(before, promise.lines, strict=True):
            level = tuple(new[1:4])
            shipped[level] = shipped.get(level, ZERO) + new[6] - old[6]
        return all(
            not out or out <= self.on_hand[level] - self.held(level)
            for level, out in shipped.items()
        )

    def _take(self, promise: Promise, parts: list[dict[str, Any]] | None, column: int) -> bool:
        if parts is None:
            for line in promise.lines:
                line[column] += promise.left(line)
            return True
        for part in parts:
            missing = Decimal(part["quantity"])
            for line in promise.lines:
                if line[0] == part["line"] and part.get("lot") in (None, line[3]):
                    take = min(missing, promise.left(line))
                    line[column] += take
                    missing -= take
            if missing:
                return False
        return True

    def shown(self, promise: Promise) -> list[tuple[int, str, Decimal, Decimal, Decimal]]:
        return [(line[0], line[3], *line[4:]) for line in promise.lines]
