"""Time is passed in, so that tests need no sleeps and a changed wall clock cannot break a running timer."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """What the rest of the program knows of time."""

    def now(self) -> datetime:
        """The wall clock: an aware datetime in the household's time zone."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""
        ...


class SystemClock:
    """The machine's clock, in `zone` (an IANA name) or, when that is empty, in the machine's own zone."""

    def __init__(self, zone: str = "") -> None:
        self._zone = ZoneInfo(zone) if zone else None

    def now(self) -> datetime:
        utc = datetime.now(UTC)
        return utc.astimezone(self._zone)

    def monotonic(self) -> float:
        return time.monotonic()
