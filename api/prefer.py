"""How long the caller prefers to wait (RFC 7240): `respond-async`, `wait=N`, or neither."""

import re
from typing import Final, NamedTuple

_WAIT: Final = re.compile(r'wait\s*=\s*"?([0-9]{1,9})"?')


class Preference(NamedTuple):
    """What is honoured of a request's `Prefer`."""

    wait_seconds: float
    applied: str | None
    """What `Preference-Applied` says; None if nothing was asked that we know."""

    @property
    def headers(self) -> dict[str, str]:
        """The header that says so, if there is anything to say."""
        return {"Preference-Applied": self.applied} if self.applied else {}


def preference(values: list[str], wait_seconds_max: float) -> Preference:
    """What the values of `Prefer` ask for. A wait never exceeds the maximum.

    `respond-async` alone waits for the broker only; with `wait=N`, that long. What we do not
    know is passed over, as the RFC has it.
    """
    asynchronous, wait = False, None
    for part in ",".join(values).split(","):
        word = part.split(";")[0].strip().lower()
        asynchronous = asynchronous or word == "respond-async"
        found = _WAIT.fullmatch(word)
        if found and wait is None:
            wait = min(float(found[1]), wait_seconds_max)
    if wait is not None:
        named = f"respond-async, wait={wait:g}" if asynchronous else f"wait={wait:g}"
        return Preference(wait, named)
    if asynchronous:
        return Preference(0.0, "respond-async")
    return Preference(wait_seconds_max, None)
