"""A book with bins X, Y and Z at MAIN, and what lies in them."""

import paper
from asks import TENANT
from ledger.level import LevelKey
from schemas.commands.bins import MoveInBins, UpsertBin


def upsert(code, **fields):
    return UpsertBin(location="MAIN", bin=code, **fields)


def carried(quantity, start=None, end=None, sku="A", **fields):
    return {"sku": sku, "quantity": quantity, "from_bin": start, "to_bin": end, **fields}


def move(*lines):
    return MoveInBins(location="MAIN", lines=list(lines))


def shelved(in_bins=(), stock=(("A", "", "30", "0"),), **bins):
    """A book with bins X, Y and Z at MAIN, and what lies in them: (bin, item, lot, quantity)."""
    book = paper.book(*stock)
    for code in ("X", "Y", "Z"):
        paper.kept(upsert(code, **bins.get(code, {})), book, "1")
    for code, sku, lot, quantity in in_bins:
        at = carried(quantity, None, code, sku, lot=lot or None)
        assert not paper.refusal(paper.kept(move(at), book, "2"))
    return book


def lying(book, sku="A", lot=""):
    """What lies in each bin, and loose."""
    key = LevelKey(TENANT, sku, "MAIN", lot)
    found = {each.bin: each.on_hand for each in book.shelves.levels.get(key, {}).values()}
    level = book.level(*key)
    assert level.binned == sum(found.values())
    return {code: str(much) for code, much in found.items() if much} | {"": str(level.loose)}
