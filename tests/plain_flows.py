"""The rules of what comes in, goes out and is under way, written plainly and apart."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from plain_binding import Binding
from plain_model import ZERO, Level, Said


@dataclass
class Flows(Binding):
    """A shop whose stock also comes from outside, leaves, and moves between its places."""

    under_way: dict[str, list[list[Any]]] = field(default_factory=dict)
    """By transfer: [line, from, to, what is left] of each part, where the last two are levels."""

    def incoming(self, level: Level) -> Decimal:
        parts = (part for transfer in self.under_way.values() for part in transfer)
        return sum((left for _, _, to, left in parts if to == level), ZERO)

    def numbers(self, level: Level) -> tuple[Decimal, ...]:
        """What is on hand, reserved, held and incoming."""
        counted = (self.reserved, self.held, self.incoming)
        return self.on_hand.get(level, ZERO), *(each(level) for each in counted)

    def refused(self, line: dict[str, Any], *places: str) -> str | None:
        for place in places:
            if unknown := self.unknown(line["sku"], place):
                return unknown
        by_lot = self.tracked[line["sku"]] == "batch"
        return "lot-rule" if line["lot"] and not by_lot else None

    def receive(self, body: dict[str, Any]) -> Said:
        lots, stock = {key: dict(lot) for key, lot in self.lots.items()}, dict(self.on_hand)
        for line in body["lines"]:
            sku, lot, day = line["sku"], line["lot"], line.get("expires_on")
            refused = self.refused(line, line["location"])
            if sku in self.inactive and refused in (None, "lot-rule"):
                return Said(409, "item-inactive")
            if refused:
                return Said(422, refused)
            if self.tracked[sku] == "batch" and not lot:
                return Said(422, "lot-rule")
            if lot and day:
                known = lots.setdefault((sku, lot), {})
                if known.get("expires_on") not in (None, day):
                    return Said(409, "lot-dates-differ")
                known["expires_on"] = day
            level = (sku, line["location"], lot or "")
            stock[level] = stock.get(level, ZERO) + Decimal(line["quantity"])
        self.lots, self.on_hand = lots, stock
        return Said(201)

    def take(
        self, lines: list[tuple[dict[str, Any], str]], *, unusable_too: bool, negative: bool = False
    ) -> Any:
        """The levels and quantities of (line, place) pairs, taken off; or why not."""
        before = dict(self.on_hand)
        taken, short = [], False
        for number, (line, place) in enumerate(lines, 1):
            missing = Decimal(line["quantity"])
            for lot in [line["lot"]] if line["lot"] else self.lots_in_order(line["sku"], place):
                level = (line["sku"], place, lot)
                may = self.usable(line["sku"], lot) or (unusable_too and line["lot"])
                quantity = min(missing, self.free(level) if may else ZERO)
                if quantity > 0:
                    self.on_hand[level] -= quantity
                    taken.append((number, level, quantity))
                    missing -= quantity
            level = (line["sku"], place, "")
            if missing > 0 and negative and self._may_go_below(level, missing):
                self.on_hand[level] = self.on_hand.get(level, ZERO) - missing
                taken.append((number, level, missing))
                missing = ZERO
            short |= missing > 0
        if short:
            self.on_hand = before
        return None if short else taken

    def _may_go_below(self, level: Any, missing: Decimal) -> bool:
        after = self.on_hand.get(level, ZERO) - missing
        promised = self.reserved(level) + self.held(level) - max(after, ZERO)
        return after >= -self.rule(*level[:2], "negative_limit") and promised <= self.rule(
            *level[:2], "backorder_limit"
        )

    def issue(self, body: dict[str, Any]) -> Said:
        for line in body["lines"]:
            if refused := self.refused(line, line["location"]):
                return Said(422, refused)
        wanted = [(line, line["location"]) for line in body["lines"]]
        taken = self.take(
            wanted, unusable_too=body["to"] == "scrap", negative=body["allow_negative"]
        )
        return Said(409, "insufficient-stock") if taken is None else Said(201)

    def ship(self, named: str, body: dict[str, Any]) -> Said:
        here, there = body["from_location"], body["to_location"]
        if here == there:
            return Said(422, "invalid-command")
        for line in body["lines"]:
            if refused := self.refused(line, here, there):
                return Said(422, refused)
        taken = self.take([(line, here) for line in body["lines"]], unusable_too=True)
        if taken is None:
            return Said(409, "insufficient-stock")
        self.under_way[named] = [
            [number, level, (level[0], there, level[2]), quantity]
            for number, level, quantity in taken
        ]
        for _, _, level, _ in self.under_way[named]:
            self.on_hand.setdefault(level, ZERO)
        return Said(201)

    def arrive(self, body: dict[str, Any]) -> Said:
        """All that is under way, or parts of it; or, with `rest`, what became of all of it."""
        transfer = self.under_way.get(body["transfer_id"])
        if transfer is None:
            return Said(404, "unknown-transfer")
        if not any(part[3] for part in transfer):
            return Said(409, "transfer-not-in-transit")
        before = [list(part) for part in transfer]
        if not self._arrived(transfer, body.get("lines")):
            self.under_way[body["transfer_id"]] = before
            return Said(409, "transfer-holds-less")
        for (_, here, there, old), (*_, new) in zip(before, transfer, strict=True):
            to = {"lost": None, "returned": here}.get(body.get("rest", ""), there)
            if to:
                self.on_hand[to] = self.on_hand.get(to, ZERO) + old - new
        return Said(200)

    def _arrived(self, transfer: list[list[Any]], wanted: list[dict[str, Any]] | None) -> bool:
        """Take the parts off what is under way; whether there was so much."""
        for part in transfer if wanted is None else ():
            part[3] = ZERO
        for each in wanted or ():
            missing = Decimal(each["quantity"])
            for part in transfer:
                if part[0] == each["line"]:
                    take = min(missing, part[3])
                    part[3] -= take
                    missing -= take
            if missing:
                return False
        return True
