"""The replay: the catalog, the opening stock, then every basket promised and shipped."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from typing import Any, Final, NamedTuple

from deploy.demo.names import BasketId, location, order_id, sku
from deploy.demo.purchases import Basket, Purchases
from producers.commands import Sender
from producers.commerce import SENDER as COMMERCE
from producers.conversation import Answer, Conversation
from schemas.commands import Command
from schemas.commands.catalog import UpsertItem, UpsertLocation
from schemas.commands.reservations import ConsumeReservation, CreateReservation
from schemas.commands.stock import RecordStock
from schemas.results import Result
from schemas.settings import Settings

SILENCE_SECONDS: Final = 60.0
UNDER_WAY_MAX: Final = 1_000
"""How many commands wait for their results at once. More would only wait longer: latency is this
number over the rate."""
SAID_EVERY_SECONDS: Final = 1.0
FEED: Final = Sender("demo", "service", "vendor-feed")


class Asked(NamedTuple):
    """A command to send, under its idempotency key and its ordering key."""

    command: Command
    idempotency_key: str
    key: str
    about: Basket | None = None


@dataclass(slots=True)
class Phase:
    """How a part of the replay went."""

    name: str
    commands: int = 0
    seconds: float = 0.0
    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    """Seconds from handing a command to the producer to holding its result."""
    refused: Counter[str] = field(default_factory=Counter)
    """Problem types and how often."""

    def hear(self, answer: Answer[Any]) -> bool:
        """Take note of an answer; whether the command was applied."""
        self.commands += 1
        self.latencies.append(answer.seconds)
        if answer.result.status == "applied":
            return True
        self.refused[reason(answer.result)] += 1
        return False


@dataclass(slots=True)
class Sales:
    """What became of the baskets."""

    promised: Phase = field(default_factory=lambda: Phase("promised"))
    shipped: Phase = field(default_factory=lambda: Phase("shipped"))
    accepted: list[BasketId] = field(default_factory=list)
    lines: int = 0
    """Lines that were promised, and so many again shipped."""


class Replay:
    """Plays purchases to a running system, waiting for every result."""

    def __init__(
        self, settings: Settings, purchases: Purchases, tell: Callable[[str], None]
    ) -> None:
        """`tell` hears of the progress about once a second."""
        self._settings = settings
        self._purchases = purchases
        self._tell = tell
        self._told_at = monotonic()

    def catalog(self, total: int) -> Phase:
        """Describe every store and product."""
        return self._send("catalog", self._descriptions(), total)

    def opening_stock(self, total: int) -> Phase:
        """Record what every store starts with."""
        return self._send("opening stock", self._openings(), total)

    def baskets(self, total: int) -> Sales:
        """Promise every basket and ship each that was accepted, as Commerce would."""
        sales = Sales()
        conversation = self._conversation(COMMERCE)

        def hear(answer: Answer[Any]) -> None:
            if isinstance(answer.about, BasketId):
                sales.shipped.hear(answer)
            elif sales.promised.hear(answer) and answer.result.resource:
                sales.accepted.append(BasketId(answer.about.household, answer.about.basket))
                sales.lines += len(answer.about.products)
                self._ship(conversation, answer.about, answer.result.resource.id)

        began = monotonic()
        for _ in self._converse(conversation, self._orders(), hear):
            self._say("baskets", sales.promised.commands, total)
        sales.promised.seconds = sales.shipped.seconds = monotonic() - began
        return sales

    @staticmethod
    def _ship(conversation: Conversation[Any], basket: Basket, reservation_id: str) -> None:
        named = BasketId(basket.household, basket.basket)
        key = f"shipment/{order_id(*named)}"
        conversation.ask(shipment(reservation_id, basket), key, named, key=reservation_id)

    def _send(self, name: str, some: Iterator[Asked], total: int) -> Phase:
        phase = Phase(name)
        began = monotonic()
        for _ in self._converse(self._conversation(FEED), some, phase.hear):
            self._say(name, phase.commands, total)
        phase.seconds = monotonic() - began
        return phase

    @staticmethod
    def _converse(
        conversation: Conversation[Any],
        some: Iterator[Asked],
        hear: Callable[[Answer[Any]], object],
    ) -> Iterator[None]:
        """Send all there is as fast as answers come, a turn at a time, until all are in.

        What `hear` asks takes the room of the answer it hears, so the bound stands.

        Raises:
            NoResultError: nobody answers.
            PublishError: the broker takes nothing.
        """
        more = True
        while more or conversation.waiting:
            room = conversation.room if more else 0
            chunk = list(islice(some, room))
            more = more and len(chunk) == room
            for asked in chunk:
                conversation.ask(asked.command, asked.idempotency_key, asked.about, key=asked.key)
            for answer in conversation.answers():
                hear(answer)
            yield
        conversation.close()

    def _conversation(self, sender: Sender) -> Conversation[Any]:
        return Conversation(
            self._settings, sender, under_way_max=UNDER_WAY_MAX, silence_seconds=SILENCE_SECONDS
        )

    def _say(self, what: str, done: int, total: int) -> None:
        if monotonic() - self._told_at > SAID_EVERY_SECONDS:
            self._told_at = monotonic()
            self._tell(f"{what}: {done:,} of {total:,}")

    def _descriptions(self) -> Iterator[Asked]:
        for store in self._purchases.stores():
            code = location(store)
            yield Asked(UpsertLocation(code=code, name=f"Store {store}"), f"demo/{code}", code)
        for product, name, _ in self._purchases.products():
            code = sku(product)
            yield Asked(UpsertItem(sku=code, name=name), f"demo/item-{code}", code)

    def _openings(self) -> Iterator[Asked]:
        for store, product, units in self._purchases.openings():
            place, code = location(store), sku(product)
            said = {"sku": code, "location": place, "quantity": units, "reason": "opening stock"}
            key = f"{place}/{code}"
            yield Asked(RecordStock.model_validate(said), f"demo/opening/{key}", key)

    def _orders(self) -> Iterator[Asked]:
        for basket in self._purchases.baskets():
            order = order_id(basket.household, basket.basket)
            yield Asked(ordered(basket), f"order/{order}", order, basket)


def ordered(basket: Basket) -> CreateReservation:
    """A basket as the order that Commerce would publish."""
    place = location(basket.store)
    lines = [
        {"sku": sku(product), "location": place, "quantity": units}
        for product, units in zip(basket.products, basket.units, strict=True)
    ]
    return CreateReservation.model_validate(
        {"order_id": order_id(basket.household, basket.basket), "lines": lines}
    )


def shipment(reservation_id: str, basket: Basket) -> ConsumeReservation:
    """The shipment of a basket: it went over the counter when it was bought."""
    proof = {"carrier": "counter", "tracking": f"receipt {basket.basket}", "shipped_at": basket.at}
    return ConsumeReservation.model_validate(
        {"reservation_id": reservation_id, "shipment_proof": proof}
    )


def reason(result: Result) -> str:
    """Why a command was refused, in one word."""
    return str((result.problem or {}).get("type", "unknown")).rpartition("/")[2]
