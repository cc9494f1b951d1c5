"""Time and date, here and elsewhere, and how far away a day is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from string import capwords
from zoneinfo import ZoneInfo

from assistant.skills.api import Reply, Request, Skill, intent, words

from .holidays import next_day
from .sun import rise_and_set, zone_place

HALF_A_MINUTE = timedelta(seconds=30)


class Clock(Skill):
    @intent("time", question=True)
    def time_here(self, request: Request) -> Reply:
        return self.reply("time", time=self.spoken(request.now))

    @intent("time_in", question=True)
    def time_there(self, request: Request) -> Reply:
        if request.named("second") and (several := self.times_there(request)) is not None:
            return several
        zone, called = self.place(request)
        if not zone:
            return self.reply("unknown_place", place=called)
        there = request.now.astimezone(ZoneInfo(zone))
        days = (there.date() - request.now.date()).days
        dialog = {1: "time_in_tomorrow", -1: "time_in_yesterday"}.get(days, "time_in")
        part = words.part_of_day(there.time())
        return self.reply(dialog, place=called, time=self.spoken(there), part=part)

    def times_there(self, request: Request) -> Reply | None:
        """The time in two places; None where one of them is not known."""
        each = []
        for slot in ("place", "second"):
            zone, called = self.place(request, slot)
            if not zone:
                return None
            there = request.now.astimezone(ZoneInfo(zone))
            part = words.part_of_day(there.time())
            each.append(self.say("one_time_in", time=self.spoken(there), part=part, place=called))
        return self.reply("times_in", each=each)

    @intent("sunrise", "sunset", question=True)
    def sun(self, request: Request) -> Reply:
        zone, called = self.place(request)
        there = request.now.astimezone(ZoneInfo(zone)) if zone else request.now
        spot = zone_place(zone) if zone else self.home(request)
        if spot is None:
            return self.reply("unknown_place", place=called) if called else self.reply("no_place")
        day = request.date() or there.date()
        found = rise_and_set(day, *spot)
        if found is None:
            return self.reply("no_sun")
        moment = found[request.intent == "sunset"].astimezone(there.tzinfo) + HALF_A_MINUTE
        when = {0: "today", 1: "tomorrow"}.get((day - there.date()).days, words.calendar_date(day))
        dialog = request.intent if not called else f"{request.intent}_in"
        part = words.part_of_day(moment.time())
        return self.reply(dialog, time=self.spoken(moment), part=part, day=when, place=called)

    def home(self, request: Request) -> tuple[float, float] | None:
        """Where the house is: as the owner says, else the city of its time zone."""
        latitude, longitude = (float(self.setting(name)) for name in ("latitude", "longitude"))
        if latitude or longitude:
            return latitude, longitude
        return zone_place(getattr(request.now.tzinfo, "key", ""))

    def place(self, request: Request, slot: str = "place") -> tuple[str, str]:
        """The time zone of the place that is named, and what to call it; without a zone it is not known."""
        place = request.text(slot).lower()
        zone, _, called = self.table("place").get(place, "").partition(", ")
        return zone, called or capwords(place)

    @intent("week", question=True)
    def week(self, request: Request) -> Reply:
        return self.reply("week", number=(request.date() or request.now.date()).isocalendar().week)

    @intent("until", question=True)
    def until(self, request: Request) -> Reply:
        moment = request.moment()
        if moment is None or moment <= request.now:
            return self.reply("unknown_day")
        return self.reply("until", left=moment - request.now, time=self.spoken(moment))

    @intent("date", question=True)
    def today(self, request: Request) -> Reply:
        if request.follows and request.named("date"):
            return self.day_of(request)
        return self.reply("date", date=words.calendar_date(request.now.date(), year=True))

    @intent("day", question=True)
    def day(self, request: Request) -> Reply:
        return self.reply("day", day=words.weekday(request.now.date()))

    @intent("day_of", question=True)
    def day_of(self, request: Request) -> Reply:
        asked, name = self.asked(request)
        if asked is None:
            return self.reply("unknown_day")
        spoken = words.calendar_date(asked, year=asked.year != request.now.year)
        return self.reply("holiday_on", holiday=name, date=spoken) if name else self.reply("day_of", date=spoken)

    @intent("days_until", "weeks_until", question=True)
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
        if rule is not None and (request.named("holiday") or not request.named("date")):
            return next_day(rule, request.now.date()), capwords(holiday)
        return request.date(), ""

    def spoken(self, moment: datetime) -> str:
        return words.clock_time(moment.time(), hours=24 if self.setting("hours") == "24" else 12)
