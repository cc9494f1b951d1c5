"""Time is passed in, so that tests need no sleeps and a changed wall clock cannot break a running timer."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


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
        self._zone = ZoneInfo(zone) if zone else machine_zone()

    def now(self) -> datetime:
        utc = datetime.now(UTC)
        return utc.astimezone(self._zone)

    def monotonic(self) -> float:
        return time.monotonic()


def machine_zone(file: Path = Path("/etc/localtime")) -> ZoneInfo | None:
    """The machine's own zone: TZ, else `file`. None, which is its present offset only, where neither can be read.

    An offset alone would be an hour wrong for whatever is due beyond the next clock change.
    """
    with contextlib.suppress(OSError, ValueError, ZoneInfoNotFoundError):
        if name := os.environ.get("TZ", "").removeprefix(":"):
            return ZoneInfo(name)
        with file.open("rb") as opened:
            return ZoneInfo.from_file(opened, key="localtime")
    return None
