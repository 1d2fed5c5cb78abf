"""Moments as messages write them: RFC 3339, in UTC, to the microsecond."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """The moment in UTC, as in `2026-11-21T08:15:00.250000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
