"""The rules of values, written plainly and apart: by average, and with no cost that turns up late."""

from collections import defaultdict
from decimal import Decimal

from books import Books
from ledger.valuation.money import rounded

ZERO = Decimal(0)


class PlainValues:
    """One value for each item. What it does it tells the books too, if it can be done.

    K is a kit of one A and one B; an order makes P of A and B.
    """

    def __init__(self, books: Books) -> None:
        self.books = books
        self.stock = defaultdict(lambda: (ZERO, ZERO))
        self.last = defaultdict(Decimal)
        self.shipped = []  # item, what is still out: quantity, value; and the reservation
        self.order = ZERO
        self.made = ZERO

    def play(self, what, *given):
        """Do something by its name."""
        getattr(self, what)(*given)

    def put(self, sku, quantity, value):
        before, worth = self.stock[sku]
        self.stock[sku] = (before + quantity, worth + value)

    def take(self, sku, quantity):
        """The value of so many, or nothing where there are not so many."""
        before, worth = self.stock[sku]
        if before < quantity:
            return None
        value = rounded(worth * quantity / before, 2)
        self.put(sku, -quantity, -value)
        return value

    def come(self, sku, quantity, cost):
        self.put(sku, quantity, rounded(quantity * cost, 2))
        self.last[sku] = cost
        self.books.come(sku, str(quantity), str(cost))

    def ship(self, sku, quantity):
        value = self.take(sku, quantity)
        if value is not None:
            self.shipped.append([sku, quantity, value, f"rsv-{len(self.shipped)}"])
            self.books.go(sku, str(quantity), document=self.shipped[-1][3])

    def give_back(self, number, quantity):
        out = self.shipped[number % len(self.shipped)] if self.shipped else ["", ZERO, ZERO, ""]
        back = min(quantity, out[1])
        if back:
            value = rounded(out[2] * back / out[1], 2)
            out[1], out[2] = out[1] - back, out[2] - value
            self.put(out[0], back, value)
            self.books.move(out[3], (out[0], str(back), "@customer", "MAIN"))

    def assemble(self, kits):
        if min(self.stock["A"][0], self.stock["B"][0]) < kits:
            return
        value = self.take("A", kits) + self.take("B", kits)
        self.put("K", kits, value)
        self.last["K"] = value / kits
        self.books.make(self._named(), [("A", str(kits)), ("B", str(kits))], [("K", str(kits))])

    def take_apart(self, kits):
        value = self.take("K", kits)
        if value is None:
            return
        known = self.last["A"] > 0 and self.last["B"] > 0
        costs = [self.last[sku] if known else Decimal(1) for sku in ("A", "B")]
        first = rounded(value * costs[0] / sum(costs), 2)
        for sku, part in (("A", first), ("B", value - first)):
            self.put(sku, kits, part)
            self.last[sku] = part / kits
        self.books.make(self._named(), [("K", str(kits))], [("A", str(kits)), ("B", str(kits))])

    def _named(self):
        return f"kit-{self.books.hour}"

    def use(self, sku, quantity):
        value = self.take(sku, quantity)
        if value is not None:
            self.order += value
            if self.made:
                self.put("P", ZERO, value)
            self.books.make("prd-1", [(sku, str(quantity))], [])

    def rework(self, quantity):
        """What the order made becomes what it uses again. What that is worth the model does not say."""
        if self.take("P", quantity) is not None:
            self.put("A", quantity, ZERO)
            self.books.make(self._named(), [("P", str(quantity))], [("A", str(quantity))])

    def produce(self, quantity):
        self.put("P", quantity, ZERO if self.made else self.order)
        self.made += quantity
        self.books.make("prd-1", [], [("P", str(quantity))])
