"""From the rule in holiday.yaml to the day."""

from __future__ import annotations

from datetime import date, timedelta


def next_day(rule: str, today: date) -> date:
    """The next day that the rule means, today included. Raises ValueError for a rule that cannot be read."""
    this_year = in_year(rule, today.year)
    return this_year if this_year >= today else in_year(rule, today.year + 1)


def in_year(rule: str, year: int) -> date:
    """ "12-25", "easter -2" (days from Easter Sunday), or "11 4 4": in November the fourth Thursday."""
    if rule.startswith("easter"):
        return easter(year) + timedelta(days=int(rule.removeprefix("easter")))
    if "-" in rule:
        month, day = map(int, rule.split("-"))
        return date(year, month, day)
    month, which, weekday = map(int, rule.split())
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.isoweekday()) % 7 + 7 * (which - 1))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Nature 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    month = (h - m + r + 90) // 25
    return date(year, month, (h - m + r + month + 19) % 32)
