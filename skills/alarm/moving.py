"""Another time for an alarm that is set, and alarms that come back: "make it half past six", "undo"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from datetime import datetime, time, timedelta
from functools import partial

from assistant.skills.api import Reply, Request, StoreError, intent, weekly, words

from .ringing import Ringing
from .wake import Wake, halves


class Moving(Ringing):
    """Alarms that can be moved and brought back; one of them is `last`, the one that was spoken of."""

    last: Wake | None = None

    def move(self, request: Request) -> Reply:
        """The alarm that was spoken of rings at another time; what is not said again stays: its day, its half of the
        day."""
        alarm = self.last
        if alarm is None or alarm not in self.alarms or not (request.named("past") or request.moment()):
            return self.reply("no_such")
        old = copy(alarm)
        due = self.beside(alarm, request)
        at = due.time()
        if alarm.days:
            due = weekly.following(at, alarm.days, request.now)
        if due <= request.now:
            return self.reply("past")
        self.schedule.cancel(alarm.id)
        alarm.at, alarm.due, alarm.snooze, alarm.rung = at, due, None, 0
        self.save(self.alarms)
        when = self.title(alarm) if alarm.days else words.moment(due, request.now)
        return self.reply("set", when=when).undone_by(partial(self.move_back, alarm, old))

    def beside(self, alarm: Wake, request: Request) -> datetime:
        """The moment that was said; what was not said of it is as with this alarm."""
        now = request.now
        if request.named("past"):  # "half past"
            hour = datetime.combine(alarm.due.date(), alarm.at, now.tzinfo).replace(minute=0)
            due = hour + timedelta(minutes=int(self.table("past")[request.text("past").lower()]))
            return due if due > now else due + timedelta(days=1)
        moment, said = request.moment() or now, request.slots["datetime"].spoken.text
        at, named_day = moment.time(), self.names_day(said)
        if not self.timed(request):
            at = alarm.at
        elif not halves(said, self.table("sure")) and not named_day:
            at = time(at.hour % 12 + (12 if alarm.at.hour >= 12 else 0), at.minute)
        due = datetime.combine(moment.date() if named_day else alarm.due.date(), at, now.tzinfo)
        return due + timedelta(days=1) if due <= now and not named_day else due

    def names_day(self, said: str) -> bool:
        """Whether the words say which day."""
        table = self.table("dayword")
        return any(word in table for word in said.lower().replace("'s", "").split())

    @intent("change")
    def change(self, request: Request) -> Reply:
        """ "Move my seven o'clock alarm to eight"."""
        at = request.time()
        found = [alarm for alarm in self.alarms if at is None or alarm.sounds_like(at)]
        if not found:
            return self.reply("no_such") if self.alarms else self.reply("no_alarms")
        moved = partial(self.moved, request)
        return moved(found) if len(found) == 1 else self.choose(found, moved)

    def moved(self, request: Request, alarms: Sequence[Wake]) -> Reply:
        for alarm in alarms[1:]:
            self.last = alarm
            self.move(request)
        self.last = alarms[0]
        return self.move(request)

    def choose(self, among: Sequence[Wake], action: Callable[[Sequence[Wake]], Reply]) -> Reply:
        each = [self.title(alarm) for alarm in among]
        which = partial(self.which, action)
        return self.ask("which", which, ("choice", "time"), each, each=words.listing(each, self.say("or")))

    def which(self, action: Callable[[Sequence[Wake]], Reply], request: Request) -> Reply:
        choices = {self.table("choice").get(word) for word in request.text().lower().split()} - {None}
        if "all" in choices:
            return action(self.alarms)
        found = self.meant(request) if request.moment() else []
        found = found or [
            self.alarms[int(at)] for at in choices if at and -len(self.alarms) <= int(at) < len(self.alarms)
        ]
        if not found:
            return self.reply("kept")
        return action(found[:1])

    def move_back(self, alarm: Wake, old: Wake, request: Request) -> Reply:
        alarm.at, alarm.due = old.at, old.due
        return self.restore([alarm], request)

    def restore(self, alarms: Sequence[Wake], request: Request) -> Reply:
        """They ring as before, unless their time is over."""
        alive = [alarm for alarm in alarms if alarm.days or alarm.due > request.now]
        for alarm in alive:
            if alarm.days:
                alarm.go_on(request.now)
        self.save([*(alarm for alarm in self.alarms if alarm not in alive), *alive])
        if not alive:
            return self.reply("past")
        self.last = alive[0]
        return self.reply("restored", count=len(alive), each=[self.title(alarm) for alarm in alive])

    def end(self, alarms: Sequence[Wake]) -> Reply:
        """They are deleted."""
        self.save([alarm for alarm in self.alarms if alarm not in alarms])
        back = partial(self.restore, alarms)
        if len(alarms) > 1:
            return self.reply("cancelled_all", count=len(alarms)).undone_by(back)
        return self.reply("cancelled", when=self.title(alarms[0])).undone_by(back)

    def unset(self, alarm: Wake, request: Request) -> Reply:
        return self.end([alarm]) if alarm in self.alarms else self.reply("no_such")

    def added(self, alarm: Wake) -> bool:
        """It rings from now on; whether it is on the disk too."""
        self.last = alarm
        try:
            self.save([*self.alarms, alarm])
        except StoreError:
            self.arm()
            return False
        return True
