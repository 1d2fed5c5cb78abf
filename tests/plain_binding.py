"""The rule of late binding, written plainly and apart: any lot gives way to one that is asked for."""

import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from plain_model import ZERO, Level, Model, Promise, Said


@dataclass
class Binding(Model):
    """A shop whose promises of any lot may still change their lots."""

    def create(self, named: str, body: dict[str, Any]) -> Said:
        before = copy.deepcopy(self.promises)
        said = super().create(named, body)
        if said.code != 201:
            self.promises = before
            return said
        particular = ("lot", "whole_packs", "split", "shelf_life_days", "other_locations")
        self.promises[named].any_lot = [
            number
            for number, line in enumerate(body["lines"], 1)
            if self.tracked[line["sku"]] == "batch" and not any(map(line.get, particular))
        ]
        return said

    def end(self, body: dict[str, Any], column: int, status: str) -> Said:
        promise = self.promises.get(body["reservation_id"])
        before = copy.deepcopy(promise.lines) if promise else []
        if promise and promise.status == "active" and column == 6:
            self._pick(promise, body["lines"] or ())
        said = super().end(body, column, status)
        if promise and said.code != 200:
            promise.lines = before
        return said

    def _pick(self, promise: Promise, parts: Any) -> None:
        """Let a promise of any lot be of those that were picked, as far as they are free."""
        wanted: dict[tuple[int, str], Decimal] = {}
        for part in parts:
            if part.get("lot") and part["line"] in promise.any_lot:
                key = (part["line"], part["lot"])
                wanted[key] = wanted.get(key, ZERO) + Decimal(part["quantity"])
        for (number, lot), quantity in wanted.items():
            mine = [line for line in promise.lines if line[0] == number]
            missing = quantity - sum(promise.left(line) for line in mine if line[3] == lot)
            for line in [list(line) for line in reversed(mine) if line[3] != lot]:
                other = (line[1], line[2], lot)
                there = self.on_hand.get(other, ZERO) and self.usable(line[1], lot)
                take = min(missing, promise.left(line), self.free(other)) if there else ZERO
                if take > 0:
                    self._move(promise, line[:4], other, take)
                    missing -= take

    def by_name(self, promise: Promise, number: int, level: Level, wanted: Decimal) -> Decimal:
        """What a promise gets of a lot that is asked for by its name, beyond what is free."""
        here = level in self.on_hand and self.on_hand[level] and self.usable(level[0], level[2])
        freed = self.freed(level, wanted) if here else ZERO
        same = [each for each in promise.lines if each[:4] == [number, *level]]
        if same:
            same[0][4] += freed
        elif freed:
            promise.lines.append([number, *level, freed, ZERO, ZERO])
        return freed

    def freed(self, level: Level, wanted: Decimal) -> Decimal:
        """How much of a level others set free, the youngest promise first."""
        freed = ZERO
        for promise in reversed(list(self.promises.values())):
            for number in promise.any_lot if promise.status == "active" else ():
                freed += self._leave(promise, number, level, wanted - freed)
        return freed

    def _leave(self, promise: Promise, number: int, level: Level, wanted: Decimal) -> Decimal:
        at = next((i for i, each in enumerate(promise.lines) if each[:4] == [number, *level]), None)
        if at is None:
            return ZERO
        left = most = min(promise.left(promise.lines[at]), wanted)
        for lot in self.lots_in_order(*level[:2]):
            other = (*level[:2], lot)
            take = min(left, self.free(other)) if self.usable(level[0], lot) else ZERO
            if lot != level[2] and take > 0:
                self._move(promise, [number, *level], other, take)
                left -= take
        return most - left

    def _move(self, promise: Promise, source: list[Any], other: Level, quantity: Decimal) -> None:
        at = next(i for i, each in enumerate(promise.lines) if each[:4] == source)
        promise.lines[at][4] -= quantity
        has = [each for each in promise.lines if each[:4] == [source[0], *other]]
        if has:
            has[0][4] += quantity
        else:
            behind = max(i for i, each in enumerate(promise.lines) if each[0] == source[0]) + 1
            promise.lines.insert(behind, [source[0], *other, quantity, ZERO, ZERO])
        if not promise.lines[at][4]:
            del promise.lines[at]
