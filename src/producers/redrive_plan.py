"""Which dead letters a redrive sends, and why not the others. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from ledger.dead_letters import Letter


class Fate(StrEnum):
    """What becomes of a letter that a redrive was asked for."""

    SEND = "send"
    LATER = "later"
    """More were asked for than may be sent at once."""
    BEHIND = "behind"
    """An earlier letter of its key waits and was not asked for: it would be overtaken."""
    PARKED = "parked"
    """Redriven so often that it will not get better by itself."""
    AGED = "aged"
    """So old that its idempotency key may be forgotten while it is on its way."""


class Rules(NamedTuple):
    """What a redrive goes by."""

    now: datetime
    letters_max: int
    replays_max: int
    idempotency_retention: timedelta

    @property
    def age_max(self) -> timedelta:
        """Half of the time for which keys are known; the other half is for the way.

        Whoever repaired a letter by sending its command again under its key did so after it had
        failed. That key must still be known when the redriven record is applied, however long
        its worker was away.
        """
        return self.idempotency_retention / 2


def plan(letters: Iterable[tuple[Letter, bool]], rules: Rules) -> list[tuple[Letter, Fate]]:
    """The fate of each letter that was asked for; `letters` are all that wait, in their order.

    Letters of one key and partition are sent in their order or not at all. Those that will never
    be sent, parked or too old, hold up nobody.
    """
    planned: list[tuple[Letter, Fate]] = []
    waiting: set[tuple[int, bytes]] = set()
    room = rules.letters_max
    for letter, asked_for in letters:
        key = None if letter.key_hash is None else (letter.place.shard, letter.key_hash)
        fate = _fate(letter, rules, behind=key in waiting, room=room)
        if fate in {Fate.PARKED, Fate.AGED}:
            pass
        elif asked_for and fate is Fate.SEND:
            room -= 1
        elif key is not None:
            waiting.add(key)
        if asked_for:
            planned.append((letter, fate))
    return planned


def _fate(letter: Letter, rules: Rules, *, behind: bool, room: int) -> Fate:
    if letter.replays >= rules.replays_max:
        return Fate.PARKED
    if rules.now - letter.first_failed_at > rules.age_max:
        return Fate.AGED
    if room <= 0:
        return Fate.LATER
    return Fate.BEHIND if behind else Fate.SEND
