"""The rules of making things, written plainly and apart."""

from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from typing import Any

from plain_flows import Flows
from plain_model import ZERO, Level, Said

KIT = {"A": Decimal(2), "B": Decimal(1)}
"""What one K is made of."""
ORDERED = ("A", "B")


def for_order(sku: str, made: Decimal) -> Decimal:
    """What an order for P takes: for two, 3 of A, in twos; 1 of B."""
    return Decimal(ceil(3 * made / 4) * 2) if sku == "A" else made / 2


@dataclass
class Order:
    """A production order: what it has reserved, what it has used, what it has made."""

    place: str
    reserved: list[list[Any]]  # level, left
    used: dict[Level, Decimal] = field(default_factory=dict)
    made: bool = False
    status: str = "open"


@dataclass
class Making(Flows):
    """A shop that also puts kits together and makes things."""

    orders: dict[str, Order] = field(default_factory=dict)
    came_back: dict[tuple[str, int, str], Decimal] = field(default_factory=dict)
    """By reservation, line and lot."""

    def reserved(self, level: Level) -> Decimal:
        mine = (each for order in self.orders.values() for each in order.reserved)
        return super().reserved(level) + sum((left for where, left in mine if where == level), ZERO)

    def make(self, kind: str, named: str, body: dict[str, Any]) -> Said:  # noqa: PLR0911  # one a kind
        match kind:
            case "kit.assemble":
                return self.assemble(body)
            case "kit.disassemble":
                return self.disassemble(body)
            case "production.start":
                return self.start(named, body)
            case "lot.repack":
                return self.repack(body)
        order = self.orders.get(body["production_id"])
        if order is None:
            return Said(404, "unknown-production")
        if order.status != "open":
            return Said(409, "production-not-open")
        match kind:
            case "production.consume":
                return self.consume(order, body)
            case "production.produce":
                return self.produce(order, body)
        return self.finish(order, body)

    def add(self, level: Level, quantity: Decimal) -> None:
        self.on_hand[level] = self.on_hand.get(level, ZERO) + quantity

    def assemble(self, body: dict[str, Any]) -> Said:
        place, count = body["location"], Decimal(body["quantity"])
        if count % 1:
            return Said(422, "whole-units")
        lines = [
            ({"sku": sku, "quantity": each * count, "lot": None}, place)
            for sku, each in KIT.items()
        ]
        if self.take(lines, unusable_too=False) is None:
            return Said(409, "insufficient-stock")
        self.add(("K", place, ""), count)
        return Said(201)

    def disassemble(self, body: dict[str, Any]) -> Said:
        place, count = body["location"], Decimal(body["quantity"])
        if count % 1:
            return Said(422, "whole-units")
        before = dict(self.on_hand)
        kits = {"sku": "K", "quantity": count, "lot": None}
        if self.take([(kits, place)], unusable_too=False) is None:
            return Said(409, "insufficient-stock")
        left = {sku: each * count for sku, each in KIT.items()}
        for out in body["components"] or [{"sku": sku, **WHOLE} for sku in KIT]:
            sku, lot = out["sku"], out.get("lot") or ""
            left[sku] -= Decimal(out["quantity"]) + Decimal(out.get("scrapped", "0"))
            if (self.tracked[sku] == "batch") != bool(lot):
                self.on_hand = before
                return Said(422, "lot-rule")
            if left[sku] < 0:
                self.on_hand = before
                return Said(422, "component-rule")
            self.add((sku, place, lot), Decimal(out["quantity"]))
        return Said(201)

    def start(self, named: str, body: dict[str, Any]) -> Said:
        place, made = body["location"], Decimal(body["quantity"])
        order = Order(place, [])
        self.orders[named] = order
        short = False
        for sku in ORDERED:
            missing = for_order(sku, made)
            for lot in self.lots_in_order(sku, place):
                level = (sku, place, lot)
                take = min(missing, self.free(level) if self.usable(sku, lot) else ZERO)
                if take > 0:
                    order.reserved.append([level, take])
                    missing -= take
            short |= missing > 0
        if short and not (body["allow_partial"] and order.reserved):
            del self.orders[named]
            return Said(409, "insufficient-stock")
        return Said(201)

    def consume(self, order: Order, body: dict[str, Any]) -> Said:
        stock, kept = dict(self.on_hand), [list(each) for each in order.reserved]
        used = dict(order.used)
        refused, short = None, False
        for line in body["lines"]:
            refused = refused or self._refused_use(line)
            if not refused:
                short |= not self._use(order, line)
        if refused or short:
            self.on_hand, order.reserved, order.used = stock, kept, used
            return refused or Said(409, "insufficient-stock")
        return Said(200)

    def _refused_use(self, line: dict[str, Any]) -> Said | None:
        sku, lot = line["sku"], line["lot"]
        if sku not in ORDERED:
            return Said(422, "component-rule")
        if lot and self.tracked[sku] != "batch":
            return Said(422, "lot-rule")
        if lot and Decimal(line["quantity"]) and not self.usable(sku, lot):
            return Said(409, "lot-unusable")
        return None

    def _use(self, order: Order, line: dict[str, Any]) -> bool:
        """Take what a line used; whether there was so much."""
        sku, lot = line["sku"], line["lot"]
        used, missing = (
            Decimal(line["quantity"]),
            Decimal(line["quantity"]) + Decimal(line["wasted"]),
        )
        parts = []
        for each in order.reserved:
            (item, _, code), left = each
            will_do = code == lot if lot else self.usable(item, code)
            if item == sku and will_do and (take := min(left, missing)):
                each[1] -= take
                self.on_hand[each[0]] -= take
                parts.append((each[0], take))
                missing -= take
        if missing:
            wish = {"sku": sku, "quantity": missing, "lot": lot}
            more = self.take([(wish, order.place)], unusable_too=not used)
            if more is None:
                return False
            parts += [part[1:] for part in more]
        for level, quantity in parts:
            share = min(used, quantity)
            order.used[level] = order.used.get(level, ZERO) + share
            used -= share
        return True

    def produce(self, order: Order, body: dict[str, Any]) -> Said:
        lots, stock = {key: dict(lot) for key, lot in self.lots.items()}, dict(self.on_hand)
        for line in body["lines"]:
            lot, day = line["lot"], line.get("expires_on")
            if not lot:
                self.lots, self.on_hand = lots, stock
                return Said(422, "lot-rule")
            if day:
                known = self.lots.setdefault(("P", lot), {})
                if known.get("expires_on") not in (None, day):
                    self.lots, self.on_hand = lots, stock
                    return Said(409, "lot-dates-differ")
                known["expires_on"] = day
            self.add(("P", order.place, lot), Decimal(line["quantity"]))
        order.made = True
        return Said(200)

    def repack(self, body: dict[str, Any]) -> Said:
        """Some of B goes on under other lots of it."""
        stock, lots = dict(self.on_hand), {key: dict(lot) for key, lot in self.lots.items()}
        place, wasted = body["location"], Decimal(body["wasted"])
        taken = self.take([({**body, "sku": "B"}, place)], unusable_too=False)
        if taken is None:
            return Said(409, "insufficient-stock")
        gone = [level[2] for _, level, _ in taken]
        days = [day for lot in gone if (day := self.lots.get(("B", lot), {}).get("expires_on"))]
        refused = self._repacked(body, gone, min(days, default=None))
        total = sum((Decimal(each["quantity"]) for each in body["to"]), wasted)
        if refused is None or refused.code == 409:
            wrong = total != Decimal(body["quantity"]) or wasted >= Decimal(body["quantity"])
            refused = Said(422, "repack-rule") if wrong else refused
        if refused:
            self.on_hand, self.lots = stock, lots
        return refused or Said(201)

    def _repacked(self, body: dict[str, Any], gone: list[str], end: str | None) -> Said | None:
        """Take the packs in; none of them lasts longer than what they were made of."""
        if any(each["lot"] in gone for each in body["to"]):
            return Said(422, "repack-rule")
        for each in body["to"]:
            known = self.lots.get(("B", each["lot"]), {}).get("expires_on")
            if known and end and known > end:
                return Said(409, "lot-dates-differ")
            if end and not known:
                self.lots.setdefault(("B", each["lot"]), {})["expires_on"] = end
            self.add(("B", body["location"], each["lot"]), Decimal(each["quantity"]))
        return None

    def give_in(self, named: str, body: dict[str, Any]) -> Said:
        """What a customer brings back."""
        promise = self.promises.get(body["reservation_id"])
        if promise is None:
            return Said(404, "unknown-reservation")
        came, parts = dict(self.came_back), []
        for line in body["lines"]:
            lots = [
                each
                for each in promise.lines
                if each[0] == line["line"] and each[6] and line["lot"] in (None, each[3])
            ]
            if len(lots) > 1:
                return Said(422, "lot-rule")
            key = (body["reservation_id"], line["line"], lots[0][3] if lots else "")
            quantity = Decimal(line["quantity"])
            came[key] = came.get(key, ZERO) + quantity
            if not lots or came[key] > lots[0][6]:
                return Said(409, "return-exceeds-shipment")
            if wrong := self.unfit_units(body, len(parts), lots[0][1]):
                return wrong
            parts.append((tuple(lots[0][1:4]), quantity, line["disposition"]))
        self.came_back = came
        for number, (level, quantity, disposition) in enumerate(parts, 1):
            if disposition in ("sellable", "quarantine"):
                self.add(level, quantity)
            if disposition == "quarantine":
                self.holds[f"{named}-{number}"] = [(level, quantity)]
        return Said(201)

    def unfit_units(self, body: dict[str, Any], number: int, sku: str) -> Said | None:
        """What is wrong with the serials of a line that comes back: here no item has any."""
        named = body["lines"][number].get("serials")
        return Said(422, "serial-rule") if named and self.tracked[sku] else None

    def finish(self, order: Order, body: dict[str, Any]) -> Said:
        """Completed, or, with a reason, cancelled."""
        if "reason" in body:
            if order.made:
                return Said(409, "production-has-made")
            for level, quantity in order.used.items():
                self.add(level, quantity)
        order.status, order.reserved = "ended", []
        return Said(200)


WHOLE = {"quantity": "0"}
