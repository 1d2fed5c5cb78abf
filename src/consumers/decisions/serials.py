"""Serials that a command names: each fits its line, and is where the command needs it to be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from consumers.decisions.registry import Ask
from consumers.decisions.shares import Shares
from ledger.book import Book
from ledger.documents import ReservationLine, TransferLine
from ledger.outcome import CUSTOMER, TRANSIT, Rejected
from ledger.serial_unit import STATUSES, Serial, SerialKey
from schemas.commands.lines import PartOfLine
from schemas.problems import SERIAL_AWAY, SERIAL_PRESENT, SERIAL_RULE, Kind, problem
from schemas.serials import NAMED_MAX, listed

Line = TypeVar("Line", ReservationLine, TransferLine)
Picked = dict[int, tuple[str, ...]]
"""By index into a document's lines: the serials that a command takes out of it."""


def refused(detail: str, pointer: str, **members: object) -> Rejected:
    """Refuse serials that do not fit their line."""
    said = f"{pointer}: {detail}"
    return Rejected(422, problem(SERIAL_RULE, said, pointer=pointer, **members))


def serial_rule(
    sku: str,
    quantity: Decimal,
    serials: Sequence[str] | None,
    pointer: str,
    *,
    by_serial: bool,
    named: bool = True,
) -> Rejected | None:
    """Refuse serials of what has none, parts of a unit, and serials that are not the quantity.

    `named` is whether the line must say which units it is about.
    """
    at = f"{pointer}/serials"
    if not by_serial:
        return None if serials is None else refused(f"{sku} is not tracked by serial", at, sku=sku)
    if quantity != quantity.to_integral_value():
        return refused(f"{sku} is tracked by serial: whole units only", f"{pointer}/quantity")
    if serials is None:
        said = f"{sku} is tracked by serial: name each of its units"
        return refused(said, at, sku=sku) if named else None
    if len(serials) != quantity:
        said = f"{len(serials)} serials are named of a quantity of {quantity:f}"
        return refused(said, at, sku=sku, named=len(serials))
    return None


@dataclass
class Naming:
    """What one command does to serials, line by line; the book stays as it is."""

    ask: Ask
    book: Book
    document: str
    changed: dict[SerialKey, Serial] = field(default_factory=dict)

    def take_in(
        self, sku: str, serials: Iterable[str], location: str, pointer: str
    ) -> Rejected | None:
        """Bring units in: new ones, and those that had left us. The others are here already."""
        found = self._found(sku, serials)
        here = {
            serial: _where(known)
            for serial, known in found.items()
            if known is not None and (known.account == TRANSIT or known.account not in STATUSES)
        }
        twice = self._twice(sku, found)
        if here or twice:
            return self._wrong(SERIAL_PRESENT, "are here already", sku, here or twice, pointer)
        for serial, known in found.items():
            self._change(sku, serial, known, account=location)
        return None

    def take_out(
        self,
        sku: str,
        serials: Iterable[str],
        ends: tuple[str, str],
        pointer: str,
        *,
        promised_to: str | None = None,
    ) -> Rejected | None:
        """Move units from one account to another, if they are there and promised as they should be."""
        source, destination = ends
        away = self._away(sku, serials, source, promised_to)
        if away:
            said = f"are not at {source} to be taken"
            return self._wrong(SERIAL_AWAY, said, sku, away, pointer)
        for serial, known in self._found(sku, serials).items():
            self._change(sku, serial, known, account=destination)
        return None

    def take_back(
        self, sku: str, serials: Iterable[str], destination: str, pointer: str
    ) -> Rejected | None:
        """Take units back from the customer to whom the document shipped them, and nobody since."""
        found = self._found(sku, serials)
        away = {
            serial: "unknown" if known is None else _where(known)
            for serial, known in found.items()
            if known is None or (known.account, known.document) != (CUSTOMER, self.document)
        } or self._twice(sku, found)
        if away:
            said = f"are not out by {self.document}"
            return self._wrong(SERIAL_AWAY, said, sku, away, pointer)
        for serial, known in found.items():
            self._change(sku, serial, known, account=destination)
        return None

    def promise(
        self, sku: str, serials: Iterable[str], location: str, pointer: str
    ) -> Rejected | None:
        """Promise units to the document by name, each to one at a time."""
        away = self._away(sku, serials, location, None)
        if away:
            said = f"are not free at {location}"
            return self._wrong(SERIAL_AWAY, said, sku, away, pointer)
        for serial in serials:
            known = self.book.serials[self.ask.tenant_id, sku, serial]
            self._keep(known._replace(reservation_id=self.document))
        return None

    def free(self, sku: str, serials: Iterable[str]) -> None:
        """Take promises of units back."""
        for serial in serials:
            known = self.book.serials[self.ask.tenant_id, sku, serial]
            self._keep(known._replace(reservation_id=None))

    def _away(
        self, sku: str, serials: Iterable[str], source: str, promised_to: str | None
    ) -> dict[str, str]:
        """Which of them are not at an account and promised so, each with the reason."""
        found = self._found(sku, serials)
        away = {
            serial: "unknown" if known is None else _where(known)
            for serial, known in found.items()
            if known is None or (known.account, known.reservation_id) != (source, promised_to)
        }
        return away or self._twice(sku, found)

    def _found(self, sku: str, serials: Iterable[str]) -> dict[str, Serial | None]:
        tenant_id, known = self.ask.tenant_id, self.book.serials
        return {serial: known.get((tenant_id, sku, serial)) for serial in serials}

    def _twice(self, sku: str, serials: Iterable[str]) -> dict[str, str]:
        tenant_id = self.ask.tenant_id
        return {
            serial: "named by another line"
            for serial in serials
            if (tenant_id, sku, serial) in self.changed
        }

    def _change(self, sku: str, serial: str, known: Serial | None, *, account: str) -> None:
        known = known or Serial(self.ask.tenant_id, sku, serial, "", "", None, 0)
        self._keep(known._replace(account=account, document=self.document, reservation_id=None))

    def _keep(self, serial: Serial) -> None:
        self.changed[serial.key] = serial._replace(version=serial.version + 1)

    def _wrong(
        self, kind: Kind, said: str, sku: str, wrong: Mapping[str, str], pointer: str
    ) -> Rejected:
        """Refuse with the first few of those that are wrong, and how many there are."""
        at = f"{pointer}/serials"
        detail = f"{at}: {len(wrong)} of {sku} {said}: " + listed(
            f"{serial} ({why})" for serial, why in wrong.items()
        )
        members = {"sku": sku, "serials": list(wrong)[:NAMED_MAX], "count": len(wrong)}
        return Rejected(409, problem(kind, detail, pointer=at, **members))


def _where(serial: Serial) -> str:
    if serial.reservation_id:
        return f"promised to {serial.reservation_id}"
    status = STATUSES.get(serial.account)
    return f"in stock at {serial.account}" if status is None else status.replace("_", " ")


def units_of(
    lines: Sequence[Line],
    shares: Shares,
    parts: Sequence[PartOfLine] | None,
    *,
    must_name: bool,
) -> Picked | Rejected:
    """The units that a command takes out of a document; none where no item has serials.

    All that a line has left go by themselves. Of a part each is named; those of a line that
    promises any unit need a name where `must_name`, and have none where not.
    """
    for line in lines:
        if line.serials is not None:
            return _picked(lines, shares, parts or (), must_name=must_name)
    if parts and any(part.serials is not None for part in parts):
        return _picked(lines, shares, parts or (), must_name=must_name)
    return {}


def all_units(lines: Sequence[ReservationLine | TransferLine]) -> Picked:
    """All units of a document's lines whose items are tracked by serial."""
    return {i: line.serials for i, line in enumerate(lines) if line.serials is not None}


def _picked(
    lines: Sequence[Line], shares: Shares, parts: Sequence[PartOfLine], *, must_name: bool
) -> Picked | Rejected:
    named: dict[int, list[str]] = {}
    for at, part in enumerate(parts):
        if part.serials is not None:
            wrong = _fits(part, lines, f"/lines/{at}", must_name=must_name)
            if wrong:
                return wrong
            named.setdefault(part.line, []).extend(part.serials)
    found: Picked = {}
    for index, share in shares:
        line = lines[index]
        if line.serials is None:
            continue
        whole = share == len(line.serials)
        serials = tuple(named.get(line.line, line.serials if whole else ()))
        if (line.serials or must_name) and not len(serials) == len(set(serials)) == share:
            said = f"name each of the {share:f} units of line {line.line}, once"
            return refused(said, "/lines", sku=line.sku, line=line.line)
        found[index] = serials
    return found


def _fits(
    part: PartOfLine, lines: Sequence[Line], pointer: str, *, must_name: bool
) -> Rejected | None:
    """Refuse serials of a part that its line does not have."""
    line = next(each for each in lines if each.line == part.line)
    by_serial = line.serials is not None
    wrong = serial_rule(line.sku, part.quantity, part.serials, pointer, by_serial=by_serial)
    if wrong or line.serials is None or part.serials is None:
        return wrong
    if not line.serials:
        said = f"line {line.line} promises no units by name"
        return None if must_name else refused(said, f"{pointer}/serials", sku=line.sku)
    has = set(line.serials)
    others = [serial for serial in part.serials if serial not in has]
    if others:
        said = f"line {line.line} does not have {listed(others)}"
        return refused(said, f"{pointer}/serials", sku=line.sku, count=len(others))
    return None


def without(lines: Sequence[Line], taken: Mapping[int, tuple[str, ...]]) -> tuple[Line, ...]:
    """The lines once serials are taken out of them."""
    changed = list(lines)
    for index, serials in taken.items():
        line, gone = changed[index], set(serials)
        left = tuple(serial for serial in line.serials or () if serial not in gone)
        changed[index] = line._replace(serials=left)
    return tuple(changed)
