"""Timers: several at once, with or without a name. They survive a restart, a power cut and a corrected clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from assistant.skills.api import Reply, Request, Skill, StoreError, intent, words

from .running import Running

LONGEST = timedelta(days=7)
MOST = 20
RING_EVERY = timedelta(seconds=15)
LATE = timedelta(minutes=5)
LATE_RINGS = 3


class Timer(Skill):
    timers: Sequence[Running] = ()

    def start(self) -> None:
        self.timers = Running.unpack(self.store.get("timers"))
        self.rings = max(1, round(float(self.setting("ring_minutes")) * 60 / RING_EVERY.total_seconds()))
        for timer in self.timers:
            late = -self.schedule.left(timer.due)
            if late > timedelta():
                timer.late = True
                timer.rung = max(0, self.rings - LATE_RINGS) if late > LATE else 0
            self.schedule.at(timer.due, timer.id, partial(self.ring, timer))

    def clock_corrected(self) -> None:
        for timer in self.timers:
            timer.due = self.schedule.renew(timer.due)
        self.save(self.timers)

    def hush(self) -> bool:
        ringing = [timer for timer in self.timers if timer.rung]
        if ringing:
            self.remove(ringing)
        return bool(ringing)

    @intent("set")
    def set(self, request: Request) -> Reply:
        name, length = request.text("label") or request.text("name"), request.duration()
        return self.ask("how_long", partial(self.length, name)) if length is None else self.begin(name, length)

    def length(self, name: str, request: Request, *, again: bool = True) -> Reply:
        minutes, length = request.number(), request.duration()
        if length is None and minutes is not None:
            length = timedelta(minutes=min(minutes, 1e6))
        if length is not None:
            return self.begin(name, length)
        return self.ask("how_long_again", partial(self.length, name, again=False)) if again else self.reply("not_set")

    def begin(self, name: str, length: timedelta) -> Reply:
        if length > LONGEST:
            return self.reply("too_long", longest=LONGEST)
        if length < timedelta(seconds=1):
            return self.reply("too_short")
        if len(self.timers) >= MOST:
            return self.reply("too_many", most=MOST)
        timer = Running.new(name.lower(), length, self.schedule.deadline(length))
        self.schedule.at(timer.due, timer.id, partial(self.ring, timer))
        dialog = "set_named" if name else "set"
        try:
            self.save([*self.timers, timer])
        except StoreError:
            dialog = "set_unsaved"
        return self.reply(dialog, length=length, title=self.title(timer))

    @intent("remaining")
    def remaining(self, request: Request) -> Reply:
        found = self.meant(request)
        if not found:
            return self.none(request)
        each = [self.say("left_on", left=self.left(timer), title=self.title(timer)) for timer in found]
        return self.reply("left" if len(self.timers) == 1 else "left_each", each=each, left=self.left(found[0]))

    @intent("list")
    def list_all(self, request: Request) -> Reply:
        each = [self.say("with_left", left=self.left(timer), title=self.title(timer)) for timer in self.timers]
        return self.reply("list", count=len(each), each=each) if each else self.reply("no_timers")

    @intent("cancel")
    def cancel(self, request: Request) -> Reply:
        found = self.meant(request)
        if not found:
            return self.none(request)
        if len(found) > 1 and not ("label" in request or "name" in request or "duration" in request):
            if self.hush():
                return Reply.silent()
            each = [self.say("the", title=self.title(timer)) for timer in found]
            return self.ask("which", self.which, each=words.listing(each, self.say("or")))
        self.remove(found[:1])
        return self.reply("cancelled", title=self.title(found[0]))

    def which(self, request: Request) -> Reply:
        """The answer to "which one?": a name, a length, a place in the row, or all of them."""
        said, duration = request.text().lower().split(), request.duration()
        choices = {self.table("choice")[word] for word in said if word in self.table("choice")}
        if "all" in choices:
            return self.cancel_all(request)
        found = [timer for timer in self.timers if timer.called(said) or timer.length == duration]
        found = found or [self.timers[int(at)] for at in choices if -len(self.timers) <= int(at) < len(self.timers)]
        if not found:
            return self.reply("kept")
        self.remove(found[:1])
        return self.reply("cancelled", title=self.title(found[0]))

    @intent("cancel_all")
    def cancel_all(self, request: Request) -> Reply:
        count = len(self.timers)
        self.remove(self.timers)
        return self.reply("cancelled_all", count=count) if count else self.reply("no_timers")

    def ring(self, timer: Running) -> None:
        timer.rung += 1
        if timer.rung > self.rings:
            self.remove([timer])
            return
        self.schedule.after(RING_EVERY, timer.id, partial(self.ring, timer))
        self.alert(self.say("done_late" if timer.late else "done", title=self.title(timer)))

    def meant(self, request: Request) -> Sequence[Running]:
        name, length = request.text("label") or request.text("name"), request.duration()
        if name:
            return [timer for timer in self.timers if timer.called(name.lower().split())]
        return [timer for timer in self.timers if length is None or timer.length == length]

    def none(self, request: Request) -> Reply:
        return self.reply("no_such", count=len(self.timers)) if self.timers else self.reply("no_timers")

    def title(self, timer: Running) -> str:
        length = words.duration(timer.length, adjective=True)
        return self.say("title_named", name=timer.name) if timer.name else self.say("title", length=length)

    def left(self, timer: Running) -> timedelta:
        return self.schedule.left(timer.due)

    def remove(self, gone: Sequence[Running]) -> None:
        for timer in gone:
            self.schedule.cancel(timer.id)
        self.save([timer for timer in self.timers if timer not in gone])

    def save(self, timers: Sequence[Running]) -> None:
        self.timers = sorted(timers, key=self.left)
        self.store["timers"] = [timer.pack() for timer in self.timers]
