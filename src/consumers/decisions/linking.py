"""What a document made of what, as links between lots, and how that is told."""

from collections.abc import Iterable
from typing import Any

from consumers.decisions.registry import Ask
from ledger.making import Link
from ledger.outcome import Event

Stock = tuple[str, str]
"""An item and a lot; of an item without lots an empty one."""


def links_between(
    ask: Ask, document: str, parents: Iterable[Stock], children: Iterable[Stock]
) -> tuple[Link, ...]:
    """A link from each parent to each child: which of them went into which, nobody can tell."""
    made = sorted(set(children))
    return tuple(
        Link(ask.tenant_id, document, *parent, *child)
        for parent in sorted(set(parents))
        for child in made
    )


def link_events(ask: Ask, document: str, links: tuple[Link, ...]) -> tuple[Event, ...]:
    """One event for all links of a command, or none."""
    if not links:
        return ()
    data = {"document": document, "links": [_shown(link) for link in links]}
    return (Event("genealogy.linked", f"genealogy/{document}/{ask.new_id}", 1, data),)


def _shown(link: Link) -> dict[str, Any]:
    return {
        "parent_sku": link.parent_sku,
        "parent_lot": link.parent_lot or None,
        "child_sku": link.child_sku,
        "child_lot": link.child_lot or None,
    }
