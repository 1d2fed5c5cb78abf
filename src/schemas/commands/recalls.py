"""What may be asked when a lot is bad: that it, and all that was made of it, be used no more."""

from typing import ClassVar

from schemas.base import LotCode, Sku, Text
from schemas.commands.base import Command


class RecallLot(Command):
    """Recall a lot and every lot that was made of it, over all makings, and say where all of it is.

    May be asked again: what is recalled already stays as it is, and is looked for anew.
    """

    TYPE: ClassVar[str] = "lot.recall"
    MODULE: ClassVar[str] = "stock"

    sku: Sku
    lot: LotCode
    reason: Text
