"""Stock that stays in its place while it is counted: nothing arrives or leaves, all else goes on."""

import pytest

import asks


class Shop:
    """A with 10 of which 4 are promised, and 5 more under way from EAST; B with 6 in L1."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.problems(asks.item("A"), asks.item("B", track_by="batch"))
        self.problems(asks.location("MAIN"), asks.location("EAST"))
        away = {**asks.record_stock("A", "8").body, "location": "EAST"}
        self.problems(asks.record_stock("A", "10"), asks.record_stock("B", "6", lot="L1"))
        self.problems(asks.ask("stock.record", away))
        self.reservation = self.done(asks.reserve(asks.line("A", "4")))
        self.transfer = self.done(ship("EAST", "MAIN", "5"))

    def said(self, *commands):
        """Each in a batch of its own, since they are of several modules."""
        return [self.ledger.ask(each)[0] for each in commands]

    def problems(self, *commands):
        return [each.problem for each in self.said(*commands)]

    def done(self, command):
        said = self.said(command)[0]
        assert said.problem is None
        return said.record["resource"]["id"]

    def count(self, named, *lines):
        self.done(asks.count(named, self.ledger.now(), *lines))

    def moves(self):
        adjusted = {"sku": "A", "location": "MAIN", "delta": "1", "reason_code": "r"}
        return [
            asks.receipt(("A", "1", None)),
            asks.issue("A", "1"),
            asks.record_stock("A", "11"),
            asks.ask("stock.adjust", adjusted),
            asks.consume(self.reservation),
            ship("MAIN", "EAST", "1"),
            asks.ask("transfer.receive", {"transfer_id": self.transfer}),
        ]


@pytest.fixture
def shop(ledger):
    return Shop(ledger)


def ship(source, destination, quantity):
    lines = [{"sku": "A", "quantity": quantity}]
    ends = {"from_location": source, "to_location": destination}
    return asks.ask("transfer.ship", {**ends, "lines": lines})


def test_nothing_moves_until_the_count_has_ended(shop):
    named = shop.done(asks.open_count(frozen=True))
    said = shop.said(*shop.moves())
    assert [each.problem for each in said] == ["stock-frozen"] * 7
    told = said[0].record["problem"]
    assert (told["sku"], told["location"], told["count_id"]) == ("A", "MAIN", named)
    assert shop.problems(asks.reserve(asks.line("A", "2")), ship("EAST", "MAIN", "1")) == [None] * 2
    shop.count(named, ("A", "9", None), ("B", "6", "L1"))
    posted = shop.said(asks.post_count(named), *shop.moves()[:2])
    assert [each.problem for each in posted] == [None] * 3
    assert (posted[0].body["adjusted"], posted[0].body["status"]) == (1, "posted")


def test_a_count_of_some_items_keeps_only_those(shop):
    shop.done(asks.open_count(frozen=True, scope=[{"sku": "B", "lot": "L1"}]))
    assert shop.problems(*shop.moves()) == [None] * 7
    assert shop.problems(asks.receipt(("B", "1", "L2"))) == ["stock-frozen"]


def test_a_count_that_is_cancelled_keeps_nothing(shop):
    named = shop.done(asks.open_count(frozen=True))
    cancel = asks.ask("count.cancel", {"count_id": named, "reason": "r"})
    assert shop.problems(asks.issue("A", "1"), cancel, asks.issue("A", "1")) == [
        "stock-frozen",
        None,
        None,
    ]


def test_two_counts_that_keep_the_same_stock_are_both_posted(shop):
    """Opened in one batch; each posts what it found, and only the end of both gives the stock free."""
    opened = shop.ledger.ask(asks.open_count(frozen=True), asks.open_count(frozen=True))
    first, second = (each.record["resource"]["id"] for each in opened)
    shop.count(first, ("A", "9", None))
    assert shop.problems(asks.post_count(first)) == [None]
    shop.count(second, ("A", "9", None))
    assert shop.problems(asks.issue("A", "1"), asks.post_count(second)) == ["stock-frozen", None]
    assert shop.problems(asks.issue("A", "1")) == [None]
