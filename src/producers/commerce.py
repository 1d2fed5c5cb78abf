"""Commerce: orders promise stock, cancellations give it back, shipments take it."""

import re
from hashlib import blake2b
from typing import Final

import orjson
from pydantic import ValidationError

from producers.commands import Sender, body
from producers.rows import BadRow, LineCommand, Row, why
from schemas.commands.reservations import (
    ConsumeReservation,
    CreateReservation,
    ReleaseReservation,
)

SENDER: Final = Sender("commerce", "service", "commerce")
_KEY: Final = re.compile(r"[!-~]{1,255}")

OnReservation = CreateReservation | ReleaseReservation | ConsumeReservation
TYPES: Final[dict[str, type[OnReservation]]] = {
    kind.TYPE: kind for kind in (CreateReservation, ReleaseReservation, ConsumeReservation)
}


def read(row: Row) -> LineCommand | BadRow:
    """The command that a line spells: an order, or any reservation command with its `type`.

    An order's idempotency key is its id: sent again it is answered again, sent with other lines
    it is refused. Other commands are the same if they are so word for word. A line that means
    more than that brings an `idempotency_key` of its own.
    """
    fields = dict(row.fields)
    kind = TYPES.get(str(fields.pop("type", CreateReservation.TYPE)))
    own = fields.pop("idempotency_key", None)
    if kind is None:
        return BadRow(row.line, f"type: must be one of {', '.join(TYPES)}", row.fields)
    if own is not None and not _KEY.fullmatch(str(own)):
        said = "idempotency_key: must be 1 to 255 visible characters"
        return BadRow(row.line, said, row.fields)
    try:
        command = kind.model_validate_json(orjson.dumps(fields))
    except ValidationError as error:
        return BadRow(row.line, why(error), row.fields)
    return LineCommand(row.line, command, subject(command), str(own or idempotency_key(command)))


def subject(command: OnReservation) -> str:
    """Whose commands are kept in their order: those of one order, or of one reservation."""
    if isinstance(command, CreateReservation):
        return command.order_id
    return command.reservation_id


def idempotency_key(command: OnReservation) -> str:
    """What makes the command happen once, however often Commerce publishes it."""
    said = body(command)
    if isinstance(command, CreateReservation):
        said = command.order_id.encode()
    return f"{command.TYPE}/{blake2b(said, digest_size=16).hexdigest()}"
