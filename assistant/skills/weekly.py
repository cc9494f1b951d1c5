"""What happens at a time of day on days of the week (1 is Monday, as in ISO 8601)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta


def following(at: time, days: Collection[int], now: datetime, skipped: Collection[date] = ()) -> datetime:
    """The next moment after `now`, in its zone, on one of the days but not on a skipped date.

    Raises ValueError without days.
    """
    for ahead in range(7 * (len(skipped) + 2)):
        day = now.date() + timedelta(days=ahead)
        moment = datetime.combine(day, at, now.tzinfo)
        if day.isoweekday() in days and day not in skipped and moment > now:
            return moment
    raise ValueError("no day of the week is given")


def by_day(at: time, earliest: int) -> time:
    """A time whose half of the day was not said, as people mean it: from the hour `earliest` on, for half a day."""
    hour = at.hour % 12
    return at.replace(hour=hour if hour >= earliest else hour + 12)
