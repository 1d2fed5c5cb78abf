"""What keeps a limited caller within its locations: one look at whatever its command would change."""

from collections.abc import Iterable, Iterator

from ledger.outcome import Applied, Outcome, Rejected
from ledger.rules import EVERYWHERE
from schemas.commands import Command
from schemas.locations import NAMES, named_by, outside, read_limit, shown_in
from schemas.problems import LOCATION_OUTSIDE, problem


def within(command: Command, outcome: Outcome, header: str) -> Outcome:
    """The outcome, or a refusal where it names, changes or tells of a location beyond the limit.

    What touches no location, or all of them (an item, a lot's status, a policy for everywhere), is
    refused as well. A refusal that tells of none stands: it changes nothing.
    """
    limit, named = read_limit(header), set(named_by(command))
    if isinstance(outcome, Rejected):
        named.update(shown_in(outcome.problem))
    else:
        named.update(_changed(outcome))
        if not named or EVERYWHERE in named:
            return Rejected(403, problem(LOCATION_OUTSIDE, "all locations", locations=[]))
    refused = outside(named, limit)
    return outcome if refused is None else Rejected(403, refused)


def _changed(outcome: Applied) -> Iterator[str]:
    """The locations of all that the outcome changes."""
    accounts = (
        account
        for movement in outcome.movements
        for account in (movement.from_account, movement.to_account)
    )
    units = (serial.account for serial in outcome.serials)
    for account in (*accounts, *units):
        if not account.startswith("@"):
            yield account
    for commitment in outcome.commitments:
        yield commitment.location
    for placed in (outcome.bin_moves, outcome.bin_holds, outcome.bin_levels):
        yield from (each.location for each in placed)
    for cost in outcome.costs:
        if cost.location:
            yield cost.location
    yield from _of_documents(outcome.documents)


def _of_documents(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        for name in NAMES:
            if isinstance(found := getattr(value, name, None), str):
                yield found
        if isinstance(value, tuple):
            yield from _of_documents(value)
