"""The rules of counts, written plainly and apart: what is expected is what a snapshot once said."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from plain_making import Making
from plain_model import ZERO, Level, Said


@dataclass
class Found:
    """What was counted of a level, and what the books said in that moment; None: to be counted."""

    level: Level
    counted: Decimal | None
    snapshot: Decimal = ZERO
    corrections: int = 0  # of the level, by then
    posted: bool = False


@dataclass
class Sheet:
    """A count: its lines in their order, each as it was last counted."""

    location: str
    lines: list[Found] = field(default_factory=list)
    status: str = "open"


@dataclass
class Counting(Making):
    """A shop that counts its stock while it moves."""

    sheets: dict[str, Sheet] = field(default_factory=dict)
    corrections: dict[Level, int] = field(default_factory=dict)

    def corrected(self, level: Level) -> None:
        self.corrections[level] = self.corrections.get(level, 0) + 1

    def stock(self, body: dict[str, Any]) -> Said:
        level = (body["sku"], body["location"], body["lot"] or "")
        before = self.on_hand.get(level, ZERO)
        said = super().stock(body)
        if said.code == 201 and self.on_hand[level] != before:
            self.corrected(level)
        return said

    def begin(self, named: str, body: dict[str, Any]) -> Said:
        if body["location"] not in self.locations:
            return Said(422, "unknown-location")
        self.sheets[named] = Sheet(body["location"])
        return Said(201)

    def of(self, body: dict[str, Any]) -> Sheet | Said:
        sheet = self.sheets.get(body["count_id"])
        if sheet is None:
            return Said(404, "unknown-count")
        return sheet if sheet.status == "open" else Said(409, "count-not-open")

    def found(self, body: dict[str, Any]) -> Said:
        """All lines or none, as they are in this moment."""
        sheet = self.of(body)
        if isinstance(sheet, Said):
            return sheet
        known = {line.level: line for line in sheet.lines}
        taken: dict[Level, Found] = {}
        for each in body["lines"]:
            level = (each["sku"], sheet.location, each["lot"] or "")
            unfit = (self.tracked.get(each["sku"]) == "batch") != bool(each["lot"])
            again = level in known and known[level].counted is not None
            if each["sku"] not in self.tracked or unfit or again or level in taken:
                return Said(422, "count-lines-refused")
            said = (self.on_hand.get(level, ZERO), self.corrections.get(level, 0))
            taken[level] = Found(level, Decimal(each["quantity"]), *said)
        sheet.lines = [taken.pop(line.level, line) for line in sheet.lines]
        sheet.lines += taken.values()
        return Said(200)

    def again(self, body: dict[str, Any]) -> Said:
        sheet = self.of(body)
        if isinstance(sheet, Said):
            return sheet
        for number in body["lines"]:
            line = sheet.lines[number - 1] if number <= len(sheet.lines) else None
            if line is None or line.posted or line.counted is None:
                return Said(422, "count-lines-refused")
        for number in body["lines"]:
            sheet.lines[number - 1].counted = None
        return Said(200)

    def post(self, body: dict[str, Any]) -> Said:
        sheet = self.of(body)
        if isinstance(sheet, Said):
            return sheet
        todo = [line for line in sheet.lines if not line.posted]
        fit = [line for line in todo if self.postable(line)]
        if not fit or (len(fit) < len(todo) and not body["allow_partial"]):
            return Said(409, "count-not-postable")
        unheard = [line for line in fit if self.unheard(line)]
        for line in fit:
            line.posted = True
            if line.counted != line.snapshot:
                now = self.on_hand.get(line.level, ZERO)
                self.on_hand[line.level] = now + line.counted - line.snapshot
                self.corrected(line.level)
        for line in unheard:
            self.lots[line.level[0], line.level[2]] = {"status": "quarantine"}
        if all(line.posted for line in sheet.lines):
            sheet.status = "posted"
        return Said(200)

    def postable(self, line: Found) -> bool:
        if line.counted is None or self.corrections.get(line.level, 0) != line.corrections:
            return False
        return self.free(line.level) + line.counted - line.snapshot >= 0

    def unheard(self, line: Found) -> bool:
        """Whether its lot has stock nowhere, and was never described."""
        sku, _, lot = line.level
        stocked = any((level[0], level[2]) == (sku, lot) for level in self.on_hand)
        return bool(lot and line.counted and not stocked and (sku, lot) not in self.lots)

    def cancel(self, body: dict[str, Any]) -> Said:
        sheet = self.of(body)
        if isinstance(sheet, Said):
            return sheet
        sheet.status = "cancelled"
        return Said(200)
