"""The bench's Commerce: publishes reservations as fast as one process can.

It makes them up first, says so, and publishes once it is told to: the clock is to see the pipeline,
not the draw.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from typing import Final

import orjson
from confluent_kafka import Producer

from producers.kafka_config import client_config
from schemas.settings import settings
from schemas.topics import commands_topic

READY: Final = "ready"

Command = tuple[str, bytes]
"""Its key, which is its Request-Id too, and its body."""


def made_up(commands: int, items: int, lines: int, run: str) -> list[Command]:
    """That many reservations of one unit a line, of items drawn evenly."""
    draw = random.Random(run).random  # noqa: S311  # a draw, no secret
    made = []
    for number in range(commands):
        key = f"{run}-{number}"
        wanted = [
            {"sku": f"I{int(draw() * items) + 1}", "location": "MAIN", "quantity": "1"}
            for _ in range(lines)
        ]
        made.append((key, orjson.dumps({"order_id": f"SO-{key}", "lines": wanted})))
    return made


def publish(commands: Sequence[Command]) -> None:
    """Publish them all, and wait until the broker has acknowledged each."""
    known = settings()
    producer = Producer(
        {
            **client_config(known),
            "linger.ms": 20,
            "acks": "all",
            "enable.idempotence": True,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 1_000_000,
            "partitioner": "murmur2_random",
        }
    )
    topic = commands_topic(known.topic_prefix, "reservations")
    shared = [
        ("Command-Type", b"reservation.create"),
        ("Actor-Id", b"commerce"),
        ("Actor-Type", b"service"),
        ("Source-System", b"commerce"),
    ]
    for key, body in commands:
        own = [("Request-Id", key.encode()), ("Idempotency-Key", key.encode())]
        while True:
            try:
                producer.produce(topic, body, key, headers=[*own, *shared])
                break
            except BufferError:
                producer.poll(0.1)
    left = producer.flush(60)
    if left:
        raise RuntimeError(f"{left} commands were not acknowledged")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--commands", "--items", "--lines"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--run", required=True)
    asked = parser.parse_args()
    orders = made_up(asked.commands, asked.items, asked.lines, asked.run)
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    sys.stdin.readline()
    publish(orders)
