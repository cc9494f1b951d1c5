"""A clock that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""When a test begins unless it says otherwise."""


class ManualClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, length: timedelta) -> None:
        """Time passes."""
        # Added in UTC: across a change to summer time an hour is an hour.
        self._now = (self._now.astimezone(UTC) + length).astimezone(self._now.tzinfo)
        self._monotonic += length.total_seconds()

    def correct(self, now: datetime) -> None:
        """The wall clock is set; no time passes."""
        self._now = now
