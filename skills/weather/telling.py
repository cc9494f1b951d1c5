"""A forecast in words."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from assistant.skills.api import Reply, Request, words

from .forecast import Forecast, Hour, Sky, Spot

if TYPE_CHECKING:
    from .skill import Weather

LIKELY, POSSIBLE = 50.0, 25.0
"""Percent from which rain is expected, and from which it may be."""
WINDY = {False: 40.0, True: 25.0}
"""Kilometres, or miles, an hour from which a reply calls it windy."""


class Telling:
    """Makes replies."""

    def __init__(self, skill: Weather) -> None:
        self._skill = skill

    def day(self, request: Request) -> date:
        """The day that is meant; "tonight" and no day at all are today."""
        return request.date() or request.now.date()

    def general(self, request: Request, spot: Spot, found: Forecast) -> Reply:
        where, hours = self.where(spot), self.hours(request, found)
        if hours:
            skies = [hour.sky for hour in hours]
            low, high = (round(each(sky.temperature for sky in skies)) for each in (min, max))
            return self._skill.reply(
                "part", when=self.when(request), where=where, sky=self.sky(*skies), low=low, high=high
            )
        if "date" not in request:
            sky = self.sky(found.now)
            return self._skill.reply("now", where=where, sky=sky, degrees=round(found.now.temperature))
        for day in found.days:
            if day.date == self.day(request):
                sky, low, high = self.sky(day.sky), round(day.low), round(day.high)
                return self._skill.reply("day", when=self.when(request), where=where, sky=sky, low=low, high=high)
        return self.gone()

    def whether(self, what: str, request: Request, spot: Spot, found: Forecast) -> Reply:
        """Rain, snow, or whether to take an umbrella."""
        hours = self.hours(request, found)
        days = [day for day in found.days if day.date == self.day(request)]
        known = [(hour.sky.code, hour.chance) for hour in hours] or [(day.sky.code, day.chance) for day in days]
        if not known:
            return self.gone()
        codes = self._skill.table("snowing" if what == "snow" else "wet")
        chance = max(each if what != "snow" or str(code) in codes else 0.0 for code, each in known)
        sure = "yes" if chance >= LIKELY else "maybe" if chance >= POSSIBLE else "no"
        return self._skill.reply(
            f"{what}_{sure}", when=self.when(request), where=self.where(spot), chance=round(chance / 5) * 5
        )

    def degrees(self, request: Request, spot: Spot, found: Forecast) -> Reply:
        if "date" not in request and not self.hours(request, found):
            return self._skill.reply("degrees", where=self.where(spot), degrees=round(found.now.temperature))
        return self.general(request, spot, found)

    def blowing(self, request: Request, spot: Spot, found: Forecast) -> Reply:
        days = [day.sky.wind for day in found.days if day.date == self.day(request)]
        speed = max((hour.sky.wind for hour in self.hours(request, found)), default=max(days, default=found.now.wind))
        unit = self._skill.table("words")["miles" if self._skill.imperial else "kilometres"]
        name = "windy" if speed >= WINDY[self._skill.imperial] else "calm"
        return self._skill.reply(name, when=self.when(request), where=self.where(spot), speed=round(speed), unit=unit)

    def hours(self, request: Request, found: Forecast) -> list[Hour]:
        """The hours of the part of the day that was named; none when no part was."""
        first, _, last = self._skill.table("part").get(request.text("part").lower(), "").partition("-")
        if not last:
            return []
        midnight = datetime.combine(self.day(request), time())
        start, end = midnight + timedelta(hours=int(first)), midnight + timedelta(hours=int(last))
        return [hour for hour in found.hours if start <= hour.time < end]

    def sky(self, *skies: Sky) -> str:
        """The worst of it in words."""
        return self._skill.table("sky").get(str(max((sky.code for sky in skies), default=0)), "")

    def when(self, request: Request) -> str:
        """The day and the part of it, as they are said within a week."""
        table, part, day = self._skill.table("words"), request.text("part").lower(), self.day(request)
        ahead = (day - request.now.date()).days
        named = table.get(f"day{ahead}") or f"{table['on']} {words.weekday(day)}"
        if not part:
            return named
        if ahead == 0:
            return self._skill.table("today").get(part, part)
        return f"{named} {self._skill.table('other_day').get(part, part)}"

    def where(self, spot: Spot) -> str:
        return f" {self._skill.table('words')['in']} {spot.name}" if spot.name else ""

    def gone(self) -> Reply:
        return self._skill.reply("unreachable")
