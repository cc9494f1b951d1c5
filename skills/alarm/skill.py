"""Alarms: once or repeating, with snooze. They survive a restart, a power cut and a corrected clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial

from assistant.skills.api import Reply, Request, intent, weekly, words

from .moving import Moving
from .wake import EARLIEST, Wake, halves

MOST = 30
NAP = timedelta(hours=4)
EVENING = 17
HALF_A_DAY = timedelta(hours=12)


class Alarms(Moving):
    @intent("set", "wake", "also")
    def set(self, request: Request) -> Reply:
        if request.follows and request.intent == "set":
            return self.move(request)
        moment = request.moment()
        if moment is None:
            return self.ask("when", self.when, ("datetime", "time"))
        last = self.last
        if request.intent == "also" and last is not None and last in self.alarms and not last.days:
            moment = self.beside(last, request)
            return self.once(moment) if moment > request.now else self.reply("past")
        if not self.timed(request) and moment.date() >= request.now.date():
            return self.ask("what_time", partial(self.on_day, moment.date()), "time")
        if moment <= request.now:
            return self.reply("past")
        early, ahead = moment - HALF_A_DAY, moment - request.now
        if moment.hour >= 12 + EARLIEST and not halves(request.slots["datetime"].spoken.text, self.table("sure")):
            if ahead > HALF_A_DAY:  # on another day
                moment = early
            elif ahead > NAP and request.intent == "wake":
                moment = early + timedelta(days=1)
            elif ahead > NAP and moment.hour >= EVENING:
                half = partial(self.half, early + timedelta(days=1), moment)
                return self.ask("which_half", half, "half", time=words.clock_time(moment.time()))
        return self.once(moment)

    def on_day(self, day: date, request: Request) -> Reply:
        """The answer to "at what time?": on that day, in the morning where it may be."""
        at = request.time()
        if at is None:
            return self.reply("not_set")
        if not halves(request.slots["time"].spoken.text, self.table("sure")):
            at = weekly.by_day(at, EARLIEST)
        moment = datetime.combine(day, at, request.now.tzinfo)
        return self.once(moment) if moment > request.now else self.reply("past")

    def when(self, request: Request) -> Reply:
        return self.set(request) if request.moment() else self.reply("not_set")

    def half(self, early: datetime, late: datetime, request: Request) -> Reply:
        meant = halves(request.text(), self.table("sure")) & {"early", "late"}
        return self.once(early if "early" in meant else late) if meant else self.reply("not_set")

    def once(self, moment: datetime) -> Reply:
        return self.begin(Wake(moment.time(), moment), when=words.moment(moment, self.now()))

    @intent("repeat")
    def repeat(self, request: Request) -> Reply:
        repeat_at = partial(self.repeat_at, self.days(request))
        return repeat_at(request) if "time" in request else self.ask("what_time", repeat_at, "time")

    def repeat_at(self, days: Sequence[int], request: Request) -> Reply:
        at = request.time()
        if at is None:
            return self.reply("not_set")
        if not halves(request.slots["time"].spoken.text, self.table("sure")):
            at = weekly.by_day(at, EARLIEST)
        alarm = Wake(at, weekly.following(at, days, self.now()), days)
        return self.begin(alarm, when=self.title(alarm))

    def begin(self, alarm: Wake, when: str) -> Reply:
        if any((one.at, one.due, one.days) == (alarm.at, alarm.due, alarm.days) for one in self.alarms):
            return self.reply("set", when=when)
        if len(self.alarms) >= MOST:
            return self.reply("too_many", most=MOST)
        dialog = "set" if self.added(alarm) else "set_unsaved"
        return self.reply(dialog, when=when).undone_by(partial(self.unset, alarm))

    @intent("next", question=True)
    def next(self, request: Request) -> Reply:
        if not self.alarms:
            return self.reply("no_alarms")
        self.last = self.alarms[0]
        return self.reply("next", when=words.moment(self.alarms[0].due, request.now))

    @intent("list", question=True)
    def list_all(self, request: Request) -> Reply:
        each = [self.title(alarm) for alarm in self.alarms]
        return self.reply("list", count=len(each), each=each) if each else self.reply("no_alarms")

    @intent("cancel")
    def cancel(self, request: Request) -> Reply:
        found = self.meant(request)
        if not found:
            return self.reply("no_such") if self.alarms else self.reply("no_alarms")
        if not request.slots and self.hush():
            return Reply.silent()
        if len(found) > 1:
            return self.choose(found, self.end)
        return self.end(found)

    @intent("cancel_all", risky=True)
    def cancel_all(self, request: Request) -> Reply:
        return self.end(self.alarms) if self.alarms else self.reply("no_alarms")

    @intent("skip", "skip_tomorrow")
    def skip(self, request: Request) -> Reply:
        tomorrow = request.now.date() + timedelta(days=1) if request.intent == "skip_tomorrow" else None
        day = request.date() or tomorrow or (self.alarms[0].due.date() if self.alarms else request.now.date())
        found = [alarm for alarm in self.alarms if alarm.on(day)]
        if not found:
            return self.reply("none_that_day", day=self.day(day))
        for alarm in found:
            alarm.leave_out(day)
            if alarm.days:
                alarm.go_on(request.now)
        self.save([alarm for alarm in self.alarms if alarm.days or alarm not in found])
        return self.reply("skipped", day=self.day(day)).undone_by(partial(self.unskip, found, day))

    def unskip(self, alarms: Sequence[Wake], day: date, request: Request) -> Reply:
        for alarm in alarms:
            alarm.skipped = [each for each in alarm.skipped if each != day]
        return self.restore(alarms, request)

    @intent("snooze")
    def snooze(self, request: Request) -> Reply:
        minutes = request.number() or float(self.setting("snooze_minutes"))
        return self.doze(request.duration() or timedelta(minutes=min(minutes, 1e6)))
