"""The rules of bins once more, written plainly and apart from the rest."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from plain_model import ZERO, Level, Said
from plain_units import Units


@dataclass
class Bins(Units):
    """A shop that knows what lies in which of its bins; the rest of a level is loose."""

    bins: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    lying: dict[tuple[Level, str], Decimal] = field(default_factory=dict)

    def describe(self, body: dict[str, Any]) -> Said:
        self.bins[body["location"], body["bin"]] = body
        return Said(201)

    def binned(self, level: Level) -> Decimal:
        return sum((much for (of, _), much in self.lying.items() if of == level), ZERO)

    def loose(self, level: Level) -> Decimal:
        return max(self.on_hand.get(level, ZERO), ZERO) - self.binned(level)

    def lies(self, level: Level, code: str | None) -> Decimal:
        return self.loose(level) if code is None else self.lying.get((level, code), ZERO)

    def room(self, sku: str, place: str, code: str) -> tuple[int, Decimal] | None:
        """An item's priority in a bin and how much of it still goes in."""
        said = self.bins[place, code]
        rules = said.get("takes") or [{}]
        rule = next((each for each in rules if each.get("sku") in (None, sku)), None)
        if rule is None:
            return None
        here = {
            key: much for key, much in self.lying.items() if key[1] == code and key[0][1] == place
        }
        free = Decimal("Infinity")
        if said.get("capacity"):
            free = Decimal(said["capacity"]) - sum(here.values(), ZERO)
        if rule.get("capacity"):
            own = sum((much for key, much in here.items() if key[0][0] == sku), ZERO)
            free = min(free, Decimal(rule["capacity"]) - own)
        return rule.get("priority", 100), max(free, ZERO)

    def full(self, sku: str, place: str, code: str, quantity: Decimal) -> Said | None:
        if (place, code) not in self.bins:
            return Said(422, "unknown-bin")
        room = self.room(sku, place, code)
        if room is None:
            return Said(409, "bin-rule")
        return Said(409, "bin-full") if quantity > room[1] else None

    def go_between(self, level: Level, start: str | None, end: str | None, much: Decimal) -> None:
        for code, more in ((start, -much), (end, much)):
            if code is not None:
                self.lying[level, code] = self.lying.get((level, code), ZERO) + more

    def wrong(self, sku: str, place: str, lot: str | None) -> Said | None:
        if unknown := self.unknown(sku, place):
            return Said(422, unknown)
        if (self.tracked[sku] == "batch") != bool(lot):
            return Said(422, "lot-rule")
        return Said(422, "serial-rule") if self.tracked[sku] == "serial" else None

    def carry(self, body: dict[str, Any]) -> Said:
        before = dict(self.lying)
        for line in body["lines"]:
            sku, place, much = line["sku"], body["location"], Decimal(line["quantity"])
            level, start, end = (sku, place, line["lot"] or ""), line["from_bin"], line["to_bin"]
            wrong = self.wrong(sku, place, line["lot"])
            if not wrong and much > self.lies(level, start):
                wrong = Said(409, "bin-holds-less")
            if not wrong and end is not None:
                wrong = self.full(sku, place, end, much)
            if wrong:
                self.lying = before
                return wrong
            self.go_between(level, start, end, much)
        return Said(201)

    def put_away(self, body: dict[str, Any]) -> Said:
        place, start = body["location"], body["from_bin"]
        if place not in self.locations:
            return Said(422, "unknown-location")
        wanted: list[tuple[Level, Decimal, str | None]] = []
        for line in body["lines"]:
            level = (line["sku"], place, line["lot"] or "")
            if wrong := self.wrong(line["sku"], place, line["lot"]):
                return wrong
            left = self.lies(level, start) - sum((w[1] for w in wanted if w[0] == level), ZERO)
            much = left if line["quantity"] is None else Decimal(line["quantity"])
            if much > left:
                return Said(409, "bin-holds-less")
            wanted.append((level, much, line["bin"]))
        before = dict(self.lying)
        for level, much, code in wanted:
            wrong = self.full(level[0], place, code, much) if code else None
            if wrong:
                self.lying = before
                return wrong
            for into, part in [(code, much)] if code else self._planned(level, much, start):
                self.go_between(level, start, into, part)
        return Said(201)

    def _planned(self, level: Level, much: Decimal, start: str | None) -> list[tuple[str, Decimal]]:
        codes = [code for place, code in self.bins if place == level[1] and code != start]
        rooms = {code: self.room(level[0], level[1], code) for code in codes}
        ranked = sorted((room[0], -room[1], code) for code, room in rooms.items() if room)
        planned = []
        for _, less, code in ranked:
            planned.append((code, min(-less, much)))
            much -= planned[-1][1]
        return planned

    def follow(self, before: dict[Level, Decimal], kind: str, body: dict[str, Any]) -> None:
        """What left a level was loose, and only what was missing came out of its bins."""
        for level in [each for each in self.on_hand if self.on_hand[each] < before.get(each, ZERO)]:
            over = -self.loose(level)
            for pair in (2, 1):
                for code in sorted({"X", "Y"}, key=lambda each: (self.lies(level, each), each)):
                    take = min(self.lies(level, code), max(over, ZERO))
                    take -= take % 2 if pair == 2 else 0
                    self.go_between(level, code, None, take)
                    over -= take
                    if kind == "lot.correct":
                        right = (*level[:2], body["to_lot"])
                        self.go_between(right, None, code, take)
