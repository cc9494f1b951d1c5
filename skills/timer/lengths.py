"""How long a timer is to run, where people say a time instead: "for two thirty", "until half past two"."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime, timedelta

from assistant.skills.api import Request


def said(request: Request, of_day: Container[str]) -> timedelta | None:
    """The length that is asked for, if any. `of_day` are words that make a time of day of what could be minutes and
    seconds: "two thirty" is two and a half minutes, "two thirty pm" is not."""
    if (moment := request.time("until")) is not None:
        return _until(request.now, request.now.replace(hour=moment.hour, minute=moment.minute, second=0, microsecond=0))
    slot, moment = request.slots.get("time"), request.time()
    if slot is None or moment is None:
        return request.duration()
    if not any(word in of_day for word in slot.spoken.text.lower().split()):
        # "For six": people are asked.
        return timedelta(minutes=moment.hour % 12 or 12, seconds=moment.minute) if moment.minute else None
    return _until(request.now, request.now.replace(hour=moment.hour, minute=moment.minute, second=0, microsecond=0))


def _until(now: datetime, then: datetime) -> timedelta:
    """By the clock on the wall the next time that it is so late, in seconds that really pass."""
    if then.timestamp() <= now.timestamp():
        then += timedelta(days=1)
    return timedelta(seconds=then.timestamp() - now.timestamp())
