"""`stockyard commerce`: orders, cancellations and shipments as Commerce publishes them."""

from deploy.commands.streams import DATA_DIR, DataDir, Input, Wait, opened, send_lines


def commerce(file: Input, *, wait: Wait = True, data_dir: DataDir = DATA_DIR) -> None:
    """Publish the lines of FILE: an order, or a reservation command with its `type`, each as JSON.

    An order: {"order_id": "SO-1", "lines": [{"sku": "A", "location": "MAIN", "quantity": "6"}]}.
    The same order sent again is answered again; so is any other command that is the same word for
    word, unless its line has an `idempotency_key` of its own.
    """
    from producers.commerce import SENDER, read  # noqa: PLC0415 (slow to import)
    from producers.rows import Row, ndjson_rows  # noqa: PLC0415  # slow to import

    with opened(file) as stream:
        lines = (read(row) if isinstance(row, Row) else row for row in ndjson_rows(stream))
        send_lines(lines, SENDER, data_dir, wait=wait, alone=stream.isatty())
