"""Policies: what an item may do, everywhere or at one location; the more specific wins. Pure."""

from decimal import Decimal
from typing import Any, NamedTuple

from schemas.base import ZERO, shown

EVERYWHERE = ""
"""The location of a policy that holds wherever there is none of its own; a key takes no null."""
Buffers = tuple[tuple[str | None, Decimal], ...]
"""By channel, what of a location's stock it may not sell; None stands for all other channels."""


class Policy(NamedTuple):
    """What somebody has set for an item, or an item at a location; None says nothing of it."""

    tenant_id: str
    sku: str
    location: str
    backorder_limit: Decimal | None
    negative_limit: Decimal | None
    shelf_life_days: int | None
    buffers: Buffers | None
    version: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by: the tenant, the item, and the location or everywhere."""
        return self.tenant_id, self.sku, self.location

    @property
    def told_buffers(self) -> list[dict[str, Any]] | None:
        """As bodies show them and the table keeps them."""
        if self.buffers is None:
            return None
        return [{"channel": channel, "quantity": shown(kept)} for channel, kept in self.buffers]


class Rules(NamedTuple):
    """What holds for an item at a location, all said."""

    backorder_limit: Decimal = ZERO
    """How much may be promised beyond what is there."""
    negative_limit: Decimal = ZERO
    """How far below zero a dispatch may bring what is on hand."""
    shelf_life_days: int = 0
    """How long its lots must last, for who does not say so himself."""
    buffers: Buffers = ()

    def buffer(self, channel: str | None) -> Decimal:
        """What a channel leaves alone; who sells by no channel may have it all."""
        if channel is None:
            return ZERO
        by_channel = dict(self.buffers)
        return by_channel.get(channel, by_channel.get(None, ZERO))


NO_RULES = Rules()


def effective(own: Policy | None, general: Policy | None) -> Rules:
    """What holds by the policy of the place and that of everywhere, each word by itself."""
    said = [each for each in (general, own) if each is not None]
    rules = NO_RULES
    for policy in said:
        words = {name: getattr(policy, name) for name in Rules._fields}
        rules = rules._replace(**{name: word for name, word in words.items() if word is not None})
    return rules
