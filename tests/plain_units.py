"""The rules of units with serials once more, written plainly and apart from the rest."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from plain_counts import Counting
from plain_model import ZERO, Said

RULE = Said(422, "serial-rule")
AWAY = Said(409, "serial-not-available")
HERE = Said(409, "serial-present")


@dataclass
class Units(Counting):
    """A shop that knows each unit of its item S: where it is, and to whom it is promised by name."""

    at: dict[str, str] = field(default_factory=dict)  # serial -> place; one outside is "out"
    promised: dict[str, str] = field(default_factory=dict)  # serial -> reservation
    sent: dict[str, list[str]] = field(default_factory=dict)  # transfer -> those in transit
    left_by: dict[str, str] = field(default_factory=dict)  # serial -> reservation, while it is out

    def fits(self, line: dict[str, Any], quantity: str, *, named: bool = True) -> bool:
        """Whether a line has the serials that it must have."""
        serials, number = line.get("serials"), Decimal(quantity)
        if self.tracked.get(line["sku"]) != "serial":
            return serials is None
        if number != int(number):
            return False
        return not named if serials is None else len(serials) == number

    def away(self, serials: Any, place: str, promised: str | None = None) -> bool:
        """Whether any of the units is not there, or promised otherwise."""
        return any(
            (self.at.get(each), self.promised.get(each)) != (place, promised) for each in serials
        )

    def here(self, serials: Any) -> bool:
        return any(self.at.get(each, "out") != "out" for each in serials)

    def go(self, serials: Any, place: str) -> None:
        for each in serials:
            self.at[each] = place
            self.promised.pop(each, None)
            self.left_by.pop(each, None)

    def units_at(self, place: str) -> list[str]:
        return [serial for serial, where in self.at.items() if where == place]

    def stock(self, body: dict[str, Any]) -> Said:
        level = (body["sku"], body["location"], body["lot"] or "")
        unknown = self.unknown(*level[:2])
        if unknown or (self.tracked[level[0]] == "batch") != bool(level[2]):
            return super().stock(body)
        if not self.fits(body, body.get("quantity") or body["delta"].lstrip("-")):
            return RULE
        serials = body.get("serials")
        if serials is None:
            return super().stock(body)
        there = self.units_at(body["location"])
        if "quantity" in body:
            come = [each for each in serials if each not in there]
            gone = [each for each in there if each not in serials]
        else:
            come, gone = (serials, []) if body["delta"][0] != "-" else ([], serials)
        before = dict(self.on_hand)
        said = super().stock(body)
        if said.problem is None and (self.here(come) or self.away(gone, body["location"])):
            self.on_hand = before
            return HERE if self.here(come) else AWAY
        if said.problem is None:
            self.go(come, body["location"])
            self.go(gone, "out")
        return said

    def receive(self, body: dict[str, Any]) -> Said:
        before = dict(self.at)
        for line in body["lines"]:
            known = line["sku"] in self.tracked and line["location"] in self.locations
            if known and (self.tracked[line["sku"]] == "batch") == bool(line["lot"]):
                refused = self._came(line)
                if refused:
                    self.at = before
                    return self._first(body, line, refused)
        said = super().receive(body)
        if said.problem:
            self.at = before
        return said

    def _came(self, line: dict[str, Any]) -> Said | None:
        if not self.fits(line, line["quantity"]):
            return RULE
        if self.here(line.get("serials") or ()):
            return HERE
        self.go(line.get("serials") or (), line["location"])
        return None

    def _first(self, body: dict[str, Any], line: dict[str, Any], refused: Said) -> Said:
        """What the lines before would be refused for, if anything; else this."""
        lots, stock = self.lots, self.on_hand
        lines = body["lines"][: body["lines"].index(line)]
        said = super().receive({**body, "lines": lines})
        self.lots, self.on_hand = lots, stock
        return said if said.problem else refused

    def issue(self, body: dict[str, Any]) -> Said:
        return self._left(body, super().issue, "out")

    def ship(self, named: str, body: dict[str, Any]) -> Said:
        ship = super().ship
        said = self._left(body, lambda given: ship(named, given), "transit")
        if said.code == 201 and body["lines"][0].get("serials"):
            self.sent[named] = body["lines"][0]["serials"]
        return said

    def _left(self, body: dict[str, Any], rest: Any, to: str) -> Said:
        """The units of a command's one line go, if the rest of it may."""
        line = body["lines"][0]
        place = line.get("location") or body["from_location"]
        places = [place, body.get("to_location", place)]
        if line["sku"] != "S" or len(body["lines"]) > 1 or self.refused(line, *places):
            return rest(body)
        if to == "transit" and places[0] == places[1]:
            return rest(body)
        if not self.fits(line, line["quantity"]):
            return RULE
        enough = self.free(("S", place, "")) >= Decimal(line["quantity"])
        if enough and self.away(line["serials"], place):
            return AWAY
        said = rest(body)
        if said.code == 201:
            self.go(line["serials"], to)
        return said

    def arrive(self, body: dict[str, Any]) -> Said:
        named = body["transfer_id"]
        before = [list(part) for part in self.under_way.get(named, [])]
        stock = dict(self.on_hand)
        said = super().arrive(body)
        if said.code != 200:
            return said
        units = self.sent.get(named)
        has = {} if units is None else {1: units}
        wanted = {1: before[0][3] - self.under_way[named][0][3]} if has else {}
        picked = self.picked(has, wanted, body.get("lines"), must_name=True)
        if picked is None:
            self.under_way[named], self.on_hand = before, stock
            return RULE
        to = {"lost": "out", "returned": before[0][1][1]}.get(body.get("rest", ""), before[0][2][1])
        for gone in picked.values():
            self.go(gone, to)
            self.sent[named] = [each for each in units if each not in gone]
        return said

    def picked(
        self, has: dict[int, Any], wanted: dict[int, Decimal], parts: Any, *, must_name: bool
    ) -> dict[int, list[str]] | None:
        """The units of each line that are named or are all that it has; None where that is wrong."""
        named: dict[int, list[str]] = {}
        for part in parts or ():
            serials, line = part.get("serials"), part["line"]
            if serials is None:
                continue
            if has.get(line) is None or len(serials) != Decimal(part["quantity"]):
                return None
            if not has[line] and not must_name:
                return None
            if has[line] and set(serials) - set(has[line]):
                return None
            named.setdefault(line, []).extend(serials)
        found = {}
        for line, quantity in wanted.items():
            whole = has[line] if quantity == len(has[line]) else []
            units = named.get(line, whole)
            if (has[line] or must_name) and not len(units) == len(set(units)) == quantity:
                return None
            found[line] = units
        return found

    def create(self, named: str, body: dict[str, Any]) -> Said:
        for line in body["lines"]:
            if self.unknown(line["sku"], line["location"]):
                break
            if not self.fits(line, line["quantity"], named=False):
                return RULE
            if self.away(line.get("serials") or (), line["location"]):
                return AWAY
        whole = any(line.get("serials") for line in body["lines"])
        said = super().create(named, {**body, "allow_partial": body["allow_partial"] and not whole})
        if said.code == 201:
            for line in self.promises[named].lines:
                asked = body["lines"][line[0] - 1]
                for each in asked.get("serials") or ():
                    self.promised[each] = named
        return said

    def end(self, body: dict[str, Any], column: int, status: str) -> Said:
        named = body["reservation_id"]
        promise = self.promises.get(named)
        before = [list(line) for line in promise.lines] if promise else []
        units = [line for line in before if self.tracked[line[1]] == "serial"]
        stock, stood = dict(self.on_hand), promise.status if promise else ""
        said = super().end(body, column, status)
        if said.code != 200:
            return said
        wrong = self._ended(named, units, body["lines"], shipped=column == 6)
        if wrong:
            promise.lines, promise.status, self.on_hand = before, stood, stock
        return wrong or said

    def _ended(
        self, named: str, before: list[list[Any]], parts: Any, *, shipped: bool
    ) -> Said | None:
        """What becomes of a reservation's units, or why it may not."""
        column = 6 if shipped else 5
        has, wanted, places = {}, {}, {}
        now = [line for line in self.promises[named].lines if self.tracked[line[1]] == "serial"]
        for old, line in zip(before, now, strict=True):
            mine = (serial for serial, owner in self.promised.items() if owner == named)
            has[line[0]], places[line[0]] = sorted(mine), line[2]
            if line[column] != old[column]:
                wanted[line[0]] = line[column] - old[column]
        units = self.picked(has, wanted, parts, must_name=shipped)
        if units is None:
            return RULE
        for line, serials in units.items():
            if shipped and self.away(serials, places[line], named if has[line] else None):
                return AWAY
        for serials in units.values():
            if shipped:
                self.go(serials, "out")
                self.left_by |= dict.fromkeys(serials, named)
            for each in serials:
                self.promised.pop(each, None)
        return None

    def unfit_units(self, body: dict[str, Any], number: int, sku: str) -> Said | None:
        line = body["lines"][number]
        if not self.fits({**line, "sku": sku}, line["quantity"]):
            return RULE
        seen = {each for before in body["lines"][:number] for each in before.get("serials") or ()}
        mine = {each for each, by in self.left_by.items() if by == body["reservation_id"]} - seen
        return AWAY if set(line.get("serials") or ()) - mine else None

    def give_in(self, named: str, body: dict[str, Any]) -> Said:
        said = super().give_in(named, body)
        if said.code == 201:
            places = {line[0]: line[2] for line in self.promises[body["reservation_id"]].lines}
            for line in body["lines"]:
                kept = line["disposition"] in ("sellable", "quarantine")
                self.go(line.get("serials") or (), places[line["line"]] if kept else "out")
        return said

    def correct(self, body: dict[str, Any]) -> Said:
        """A lot that was another."""
        sku, place = body["sku"], body["location"]
        source, right = (sku, place, body["from_lot"]), (sku, place, body["to_lot"])
        if unknown := self.unknown(sku, place):
            return Said(422, unknown)
        if self.tracked[sku] != "batch":
            return Said(422, "lot-rule")
        known = self.lots.get((sku, source[2]), {})
        if known.get("status", "active") != "active":
            return Said(409, "lot-unusable")
        here = self.on_hand.get(source, ZERO)
        quantity = here if body["quantity"] is None else Decimal(body["quantity"])
        if not quantity or quantity > self.free(source):
            return Said(409, "insufficient-stock")
        self.on_hand[source] -= quantity
        self.on_hand[right] = self.on_hand.get(right, ZERO) + quantity
        if known.get("expires_on") and (sku, right[2]) not in self.lots:
            self.lots[sku, right[2]] = {"expires_on": known["expires_on"]}
        return Said(201)
