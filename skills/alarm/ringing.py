"""Ringing: what happens at the time, and what is on the disk until then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta
from functools import partial

from assistant.skills.api import Reply, Request, words

from .spoken import Spoken
from .wake import Wake

SOFT = 0.4
"""The first ring of a ramp is this much of the usual volume."""
SAME = 0.01
RING_EVERY = timedelta(seconds=15)
LONGEST_SNOOZE = timedelta(hours=1)
A_DAY = timedelta(days=1)
LATE = timedelta(minutes=30)
"""An alarm that is later than this, because the machine was off, is told instead of rung."""
JUST_NOW = timedelta(minutes=1)
"""What became due this long before a correction of the clock was noticed still rings."""


class Ringing(Spoken):
    """Keeps the alarms, the next one first, and rings them."""

    alarms: Sequence[Wake] = ()
    last: Wake | None = None
    usual: float | None = None
    """How loud everything was before it began to ring."""
    made: float = 0.0
    """How loud the ringing has made it."""

    def start(self) -> None:
        self.alarms = Wake.unpack(self.store.get("alarms"), self.now())
        self.rings = max(1, round(float(self.setting("ring_minutes")) * 60 / RING_EVERY.total_seconds()))
        self.arm()

    def clock_corrected(self) -> None:
        now = self.now() - JUST_NOW
        for alarm in self.alarms:
            if alarm.snooze:
                alarm.snooze = self.schedule.renew(alarm.snooze)
            elif alarm.days and not alarm.rung and alarm.due > now:
                alarm.go_on(now)
        self.save(self.alarms)

    def hush(self) -> bool:
        ringing = [alarm for alarm in self.alarms if alarm.rung]
        self.done(ringing)
        return bool(ringing)

    def ring(self, alarm: Wake) -> None:
        if not alarm.rung and self.schedule.left(alarm.next) < -LATE:
            self.alert(self.say("missed", when=words.moment(alarm.due, self.now())), ring=False)
            self.done([alarm])
            return
        alarm.rung += 1
        self.last = alarm
        self.ramp(alarm.rung)
        if alarm.rung > self.rings:
            self.done([alarm])
            return
        self.schedule.after(RING_EVERY, alarm.id, partial(self.ring, alarm))
        self.alert(self.say("ringing", time=words.clock_time(self.now().time())))

    def ramp(self, rung: int) -> None:
        """The first rings are softer, unless somebody has set the volume meanwhile."""
        steps = round(float(self.setting("ramp_seconds")) / RING_EVERY.total_seconds())
        now = self.volume
        if now is None or not steps:
            return
        if self.usual is None:
            self.usual = self.made = now
        if rung <= steps + 1 and abs(now - self.made) < SAME:
            self.made = self.usual * (SOFT + (1 - SOFT) * (rung - 1) / steps)
            self.set_volume(self.made)

    def unramp(self) -> None:
        """It rings no longer: as loud as before, unless somebody has set the volume meanwhile."""
        usual, self.usual = self.usual, None
        if usual is not None and self.volume is not None and abs(self.volume - self.made) < SAME:
            self.set_volume(usual)

    def doze(self, length: timedelta) -> Reply:
        """What rings is silent so long."""
        length = min(max(length, timedelta(minutes=1)), LONGEST_SNOOZE)
        ringing = [alarm for alarm in self.alarms if alarm.rung]
        for alarm in ringing:
            alarm.rung, alarm.snooze = 0, self.schedule.deadline(length)
        self.unramp()
        self.save(self.alarms)
        return self.reply("snoozed", length=length) if ringing else self.reply("silent")

    def done(self, rung: Sequence[Wake]) -> None:
        if rung:
            self.unramp()
            for alarm in rung:
                if alarm.rung:  # a clock that is set back after this wakes nobody twice
                    alarm.leave_out(alarm.due.date())
                if alarm.days:
                    alarm.go_on(self.now())
            self.save([alarm for alarm in self.alarms if alarm.days or alarm not in rung])

    def save(self, alarms: Sequence[Wake]) -> None:
        for alarm in self.alarms:
            if alarm not in alarms:
                self.schedule.cancel(alarm.id)
        self.alarms = sorted(alarms, key=lambda alarm: self.schedule.left(alarm.next))
        self.store["alarms"] = [alarm.pack() for alarm in self.alarms]
        self.arm()

    def arm(self) -> None:
        for alarm in self.alarms:
            if not alarm.rung:
                self.schedule.at(alarm.next, alarm.id, partial(self.ring, alarm))

    def meant(self, request: Request) -> Sequence[Wake]:
        """The alarms that a sentence may mean by their days or time; all when it names none."""
        moment, at = request.moment(), request.time()
        if "days" in request or "day" in request:
            return [alarm for alarm in self.alarms if set(alarm.days) == set(self.days(request))]
        if moment is None and at is None:
            return self.alarms
        if moment and at is None and not self.timed(request):
            return [alarm for alarm in self.alarms if alarm.on(moment.date())]
        asked = moment.time() if moment else at or time()
        same = [alarm for alarm in self.alarms if alarm.sounds_like(asked)]
        exact = [alarm for alarm in same if moment in (None, alarm.due)]
        exact = exact or [alarm for alarm in same if moment and alarm.on(moment.date())]
        return exact or (same if moment is None or moment - self.now() <= A_DAY else [])
