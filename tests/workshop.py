"""A workshop on paper: a school set, bread, and what they are made of."""

from datetime import date
from decimal import Decimal

from asks import TENANT
from ledger.book import Book
from ledger.documents import Item, Location, Lot
from ledger.level import Level, LevelKey
from ledger.making import Component, Recipe
from paper import NOW
from schemas.base import shown
from schemas.times import stamp

BY_LOT = {"FLOUR", "BREAD"}
ITEMS = ("PENCIL", "ERASER", "CASE", "GLUE", "SET", "FLOUR", "SALT", "BREAD")
SCHOOL = (("SET", "", "0"), ("PENCIL", "", "6"), ("ERASER", "", "2"), ("CASE", "", "3"))
BAKERY = (
    ("FLOUR", "F0", "50"),  # recalled
    ("FLOUR", "F1", "6"),  # expires first
    ("FLOUR", "F2", "20"),
    ("SALT", "", "1"),
)


def component(sku, quantity, attrition="0", setup="0", multiple=None, *, consumable=False):
    whole = None if multiple is None else Decimal(multiple)
    return Component(sku, *map(Decimal, (quantity, attrition, setup)), whole, consumable)


SCHOOL_SET = (
    component("CASE", "1"),
    component("PENCIL", "2"),
    component("ERASER", "1"),
    component("GLUE", "5", consumable=True),
)
LOAVES = (component("FLOUR", "5", "0.1"), component("SALT", "0.1"))
"""For ten."""


def recipe(sku, components, kind="kit", makes="1"):
    return Recipe(TENANT, sku, kind, Decimal(makes), components, 1)


def workshop(*levels):
    """All items at MAIN, the recipes of SET (a kit) and BREAD; `levels` are (item, lot, on hand)."""
    made = Book(NOW, stamp(NOW))
    for sku in ITEMS:
        tracked = "batch" if sku in BY_LOT else "none"
        made.items[TENANT, sku] = Item(TENANT, sku, sku.title(), "each", tracked, None, 1)
    made.items[TENANT, "SAW"] = Item(TENANT, "SAW", "Saw", "each", "serial", None, 1)
    made.locations[TENANT, "MAIN"] = Location(TENANT, "MAIN", "Main", "UTC", 1)
    for lot, status, day in (("F0", "recalled", None), ("F1", "active", date(2027, 1, 31))):
        made.lots[TENANT, "FLOUR", lot] = Lot(
            TENANT, "FLOUR", lot, status, None, day, None, None, None, 1
        )
    for each in (
        recipe("SET", SCHOOL_SET),
        recipe("BREAD", LOAVES, "production", "10"),
    ):
        made.recipes[each.key] = each
    made.enter(
        Level(LevelKey(TENANT, sku, "MAIN", lot), on_hand=Decimal(on_hand), version=1)
        for sku, lot, on_hand in levels
    )
    return made


def stock(over, sku, lot=""):
    """On hand and reserved."""
    level = over.level(TENANT, sku, "MAIN", lot)
    return shown(level.on_hand), shown(level.reserved)


def moves(outcome):
    return [
        (each.sku, each.lot, each.from_account, each.to_account, shown(each.quantity))
        for each in outcome.movements
    ]
