"""A scanner: every beep is stock that came, went or was counted, streamed as it happens.

A code is taken for the item's own code (its SKU). An item that carries another barcode is refused
as unknown: nothing looks barcodes up yet.
"""

import uuid
from collections.abc import Iterator
from typing import Annotated, Final, TextIO

import orjson
from pydantic import StringConstraints, ValidationError

from producers.commands import Sender
from producers.rows import BadRow, LineCommand, Row, is_utf8, lines, ndjson_rows, why
from schemas.base import Strict
from schemas.commands.stock import AdjustStock, RecordStock

REASON: Final = "scan"
ScanId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]


class Scan(Strict):
    """One event of a scanner, as a line of JSON: a change (`delta`) or a count (`quantity`)."""

    code: str
    location: str | None = None
    delta: str | int | None = None
    quantity: str | int | None = None
    id: ScanId | None = None


class Session:
    """One stream of scans.

    A scan without an `id` of the scanner's own counts each time it is streamed: beeping twice
    means two. With an `id` it counts once, however often it is streamed.
    """

    def __init__(self, device: str, location: str | None, delta: str = "1") -> None:
        """`location` and `delta` are for scans that bring none."""
        self._device = device
        self._location = location
        self._delta = delta
        self._name = uuid.uuid4().hex

    def raw(self, stream: TextIO) -> Iterator[LineCommand | BadRow]:
        """One code a line."""
        for number, line in enumerate(lines(stream), start=1):
            if not is_utf8(line):
                yield BadRow(number, "not UTF-8", line)
            elif code := line.strip():
                yield self._read(Row(number, {"code": code}))

    def ndjson(self, stream: TextIO) -> Iterator[LineCommand | BadRow]:
        """One `Scan` a line."""
        for row in ndjson_rows(stream):
            yield row if isinstance(row, BadRow) else self._read(row)

    def _read(self, row: Row) -> LineCommand | BadRow:
        try:
            scan = Scan.model_validate(row.fields)
            if scan.delta is not None and scan.quantity is not None:
                return BadRow(row.line, "either delta or quantity, not both", row.fields)
            command = self._command(scan)
        except ValidationError as error:
            return BadRow(row.line, why(error), row.fields)
        named = self._name if scan.id is None else "id"
        # Scans of one item at one location are applied in their order.
        key = f"{command.sku}/{command.location}"
        return LineCommand(row.line, command, key, f"{self._device}/{named}/{scan.id or row.line}")

    def _command(self, scan: Scan) -> AdjustStock | RecordStock:
        place = {"sku": scan.code, "location": scan.location or self._location}
        if scan.quantity is not None:
            said = {**place, "quantity": scan.quantity, "reason": REASON}
            return RecordStock.model_validate_json(orjson.dumps(said))
        said = {**place, "delta": self._delta if scan.delta is None else scan.delta}
        return AdjustStock.model_validate_json(orjson.dumps({**said, "reason_code": REASON}))


def sender(device: str) -> Sender:
    """In whose name a scanner speaks."""
    return Sender(device, "service", "scanner")
