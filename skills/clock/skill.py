"""Time and date, here and elsewhere, and how far away a day is."""

from __future__ import annotations

from datetime import date, datetime
from string import capwords
from zoneinfo import ZoneInfo

from assistant.skills.api import Reply, Request, Skill, intent, words

from .holidays import next_day


class Clock(Skill):
    @intent("time")
    def time_here(self, request: Request) -> Reply:
        return self.reply("time", time=self.spoken(request.now))

    @intent("time_in")
    def time_there(self, request: Request) -> Reply:
        place = request.text("place").lower()
        zone, _, called = self.table("place").get(place, "").partition(", ")
        if not zone:
            return self.reply("unknown_place", place=capwords(place))
        there = request.now.astimezone(ZoneInfo(zone))
        days = (there.date() - request.now.date()).days
        dialog = {1: "time_in_tomorrow", -1: "time_in_yesterday"}.get(days, "time_in")
        part = words.part_of_day(there.time())
        return self.reply(dialog, place=called or capwords(place), time=self.spoken(there), part=part)

    @intent("date")
    def today(self, request: Request) -> Reply:
        return self.reply("date", date=words.calendar_date(request.now.date(), year=True))

    @intent("day")
    def day(self, request: Request) -> Reply:
        return self.reply("day", day=words.weekday(request.now.date()))

    @intent("day_of")
    def day_of(self, request: Request) -> Reply:
        asked, name = self.asked(request)
        if asked is None:
            return self.reply("unknown_day")
        spoken = words.calendar_date(asked, year=asked.year != request.now.year)
        return self.reply("holiday_on", holiday=name, date=spoken) if name else self.reply("day_of", date=spoken)

    @intent("days_until", "weeks_until")
    def days_until(self, request: Request) -> Reply:
        asked, name = self.asked(request)
        if asked is None:
            return self.reply("unknown_day")
        name = name or words.calendar_date(asked, year=asked.year != request.now.year)
        days = (asked - request.now.date()).days
        if days < 0:
            return self.reply("was", days=-days, name=name)
        if days < 2:
            return self.reply("tomorrow" if days else "today", name=name)
        if request.intent == "weeks_until":
            weeks, rest = divmod(days, 7)
            return self.reply("weeks_and_days" if rest else "weeks_until", weeks=weeks, days=rest, name=name)
        return self.reply("days_until", days=days, name=name)

    def asked(self, request: Request) -> tuple[date | None, str]:
        """The day that the request is about, and its name if it has one."""
        holiday = request.text("holiday").lower()
        rule = self.table("holiday").get(holiday)
        if rule is not None:
            return next_day(rule, request.now.date()), capwords(holiday)
        return request.date(), ""

    def spoken(self, moment: datetime) -> str:
        return words.clock_time(moment.time(), hours=24 if self.setting("hours") == "24" else 12)
