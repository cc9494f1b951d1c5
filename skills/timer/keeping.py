"""Keeping the timers: on the disk, in the schedule, and ringing when they are over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from assistant.skills.api import Reply, Request, Skill, StoreError, words

from .running import Running

RING_EVERY = timedelta(seconds=15)
LATE = timedelta(minutes=5)
LATE_RINGS = 3
CLOSE = timedelta(minutes=1)

Action = Callable[[Sequence[Running]], Reply]


class Keeping(Skill):
    """The timers, the next one first; one of them is `last`, the one that was spoken of."""

    timers: Sequence[Running] = ()
    last: Running | None = None

    def start(self) -> None:
        self.timers = Running.unpack(self.store.get("timers"))
        self.rings = max(1, round(float(self.setting("ring_minutes")) * 60 / RING_EVERY.total_seconds()))
        for timer in self.timers:
            late = -self.left(timer)
            if late > timedelta():
                timer.late = True
                timer.rung = max(0, self.rings - LATE_RINGS) if late > LATE else 0
            self.arm(timer)

    def clock_corrected(self) -> None:
        for timer in self.timers:
            timer.due = self.schedule.renew(timer.due)
        self.save(self.timers)

    def hush(self) -> bool:
        ringing = [timer for timer in self.timers if timer.rung]
        if ringing:
            self.remove(ringing)
        return bool(ringing)

    def arm(self, timer: Running) -> None:
        """Ring when it is due, unless it is paused."""
        if timer.paused is None:
            self.schedule.at(timer.due, timer.id, partial(self.ring, timer))
        else:
            self.schedule.cancel(timer.id)

    def ring(self, timer: Running) -> None:
        self.last = timer
        timer.rung += 1
        if timer.rung > self.rings:
            self.remove([timer])
            return
        self.schedule.after(RING_EVERY, timer.id, partial(self.ring, timer))
        self.alert(self.say("done_late" if timer.late else "done", title=self.title(timer)))

    def left(self, timer: Running) -> timedelta:
        return self.schedule.left(timer.due) if timer.paused is None else timer.paused

    def set_left(self, timer: Running, left: timedelta) -> None:
        """So much is left from now on; a pause stays one."""
        timer.rung, timer.late = 0, False
        if timer.paused is None:
            timer.due = self.schedule.deadline(left)
        else:
            timer.paused = left
        self.arm(timer)

    def put(self, timer: Running) -> bool:
        """It runs from now on, whatever the disk says; whether it is on the disk too."""
        self.last = timer
        self.arm(timer)
        others = [each for each in self.timers if each is not timer]
        try:
            self.save([*others, timer])
        except StoreError:
            return False
        return True

    def remove(self, gone: Sequence[Running]) -> None:
        for timer in gone:
            self.schedule.cancel(timer.id)
        self.save([timer for timer in self.timers if timer not in gone])

    def save(self, timers: Sequence[Running]) -> None:
        self.timers = sorted(timers, key=self.left)
        self.store["timers"] = [timer.pack() for timer in self.timers]

    def title(self, timer: Running) -> str:
        length = words.duration(timer.length, adjective=True)
        name = self.table("singular").get(timer.name, timer.name)
        return self.say("title_named", name=name) if name else self.say("title", length=length)

    def meant(self, request: Request) -> Sequence[Running]:
        """The timers that a sentence names; all when it names none."""
        name, length = request.text("label") or request.text("name"), request.duration("which")
        if name:
            return [timer for timer in self.timers if timer.called(name.lower().split())]
        return [timer for timer in self.timers if length is None or timer.length == length]

    def one(self, request: Request, among: Sequence[Running], action: Action) -> Reply:
        """The action on the timer that is meant; when that is not clear it asks."""
        found = [timer for timer in self.meant(request) if timer in among]
        if not found:
            return self.reply("no_such", count=len(self.timers)) if self.timers else self.reply("no_timers")
        if request.follows and self.last in found:
            return action([self.last])
        if len(found) > 1 and not {"label", "name", "which"} & request.slots.keys():
            titles = {self.title(timer) for timer in found}
            dialog = "the" if len(titles) == len(found) else "with_left" if len(titles) > 1 else "one_with_left"
            each = [self.say(dialog, title=self.title(timer), left=self.left(timer)) for timer in found]
            which = partial(self.which, found, action)
            return self.ask("which", which, ("choice", "duration"), each, each=words.listing(each, self.say("or")))
        return action(found[:1])

    def which(self, choices: Sequence[Running], action: Action, request: Request) -> Reply:
        """The answer to "which one?": a name, a length, a place in the row, or all of them."""
        said, length = request.text().lower().split(), request.duration()
        places = {self.table("choice")[word] for word in said if word in self.table("choice")}
        if "all" in places:
            return action(choices)
        found = [timer for timer in choices if timer.called(said) or timer.length == length]
        if not found and length is not None:  # "the one with nine minutes": that is about what is left of it
            near = [timer for timer in choices if abs(self.left(timer) - length) < CLOSE]
            found = sorted(near, key=lambda timer: abs(self.left(timer) - length))
        found = found or [choices[int(at)] for at in places if -len(choices) <= int(at) < len(choices)]
        return action(found[:1]) if found else self.reply("kept")
