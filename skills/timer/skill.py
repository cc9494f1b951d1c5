"""Timers: several at once, with or without a name. They survive a restart, a power cut and a corrected clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from assistant.skills.api import Reply, Request, intent, words

from . import lengths
from .changing import SECOND, Changing
from .running import Running

MOST = 20
LENGTH = ("duration", "number")
SEVERAL = ("first", "second", "third")


class Timer(Changing):
    @intent("set")
    def set(self, request: Request) -> Reply:
        if request.follows and self.last in self.timers:
            return self.change(request)
        name, length = request.text("label") or request.text("name"), lengths.said(request, self.table("of_day"))
        return self.ask("how_long", partial(self.length, name), LENGTH) if length is None else self.begin(name, length)

    def length(self, name: str, request: Request, *, again: bool = True) -> Reply:
        minutes, length = request.number(), request.duration()
        if length is None and minutes is not None:
            length = timedelta(minutes=min(minutes, 1e6))
        if length is not None:
            return self.begin(name, length)
        if not again:
            return self.reply("not_set")
        return self.ask("how_long_again", partial(self.length, name, again=False), LENGTH)

    def begin(self, name: str, length: timedelta) -> Reply:
        wrong = self.refused(length)
        if wrong is not None:
            return wrong
        if len(self.timers) >= MOST:
            return self.reply("too_many", most=MOST)
        timer = Running.new(name.lower(), length, self.schedule.deadline(length))
        dialog = ("set_named" if name else "set") if self.put(timer) else "set_unsaved"
        return self.reply(dialog, length=length, title=self.title(timer)).undone_by(partial(self.unset, [timer]))

    @intent("also")
    def also(self, request: Request) -> Reply:
        """ "And a sauce timer for twenty": one more. Name and length of the timer before are its own."""
        name = request.text("label") if request.named("label") else ""
        minutes = request.number() if request.named("number") else None
        if minutes is not None:
            return self.begin(name, timedelta(minutes=min(minutes, 1e6)))
        length = request.duration() if request.named("duration") else None
        return self.begin(name, length) if length else self.ask("how_long", partial(self.length, name), LENGTH)

    @intent("several")
    def several(self, request: Request) -> Reply:
        """ "For five, ten and fifteen minutes": all of them, or none where one cannot be."""
        unit = int(self.table("unit").get(request.text("unit"), 1))
        said = [request.number(slot) for slot in SEVERAL if slot in request]
        lengths = [timedelta(seconds=min((number or 0) * unit, 1e9)) for number in said]
        wrong = next(filter(None, map(self.refused, lengths)), None)
        if wrong is not None:
            return wrong
        if len(self.timers) + len(lengths) > MOST:
            return self.reply("too_many", most=MOST)
        fresh = [Running.new("", length, self.schedule.deadline(length)) for length in lengths]
        saved = [self.put(timer) for timer in fresh]
        dialog = "several" if all(saved) else "several_unsaved"
        each = [words.duration(length) for length in lengths]
        return self.reply(dialog, count=len(fresh), each=each).undone_by(partial(self.unset, fresh))

    @intent("pause")
    def pause(self, request: Request) -> Reply:
        return self.one(request, [timer for timer in self.timers if timer.paused is None], self.hold)

    @intent("resume")
    def resume(self, request: Request) -> Reply:
        return self.one(request, [timer for timer in self.timers if timer.paused is not None], self.go_on)

    @intent("restart")
    def restart(self, request: Request) -> Reply:
        return self.one(request, self.timers, self.from_the_beginning)

    def from_the_beginning(self, timers: Sequence[Running]) -> Reply:
        timer = timers[0]
        return self.extend(timer.length - self.left(timer), timers, "extended", whole=timer.length)

    def hold(self, timers: Sequence[Running]) -> Reply:
        for timer in timers:
            timer.paused = max(self.left(timer), SECOND)
            self.put(timer)
        title, left = self.title(timers[0]), self.left(timers[0])
        return self.reply("paused", title=title, left=left).undone_by(lambda request: self.go_on(timers))

    def go_on(self, timers: Sequence[Running]) -> Reply:
        for timer in timers:
            left, timer.paused = self.left(timer), None
            self.set_left(timer, left)
            self.put(timer)
        title, left = self.title(timers[0]), self.left(timers[0])
        return self.reply("resumed", title=title, left=left).undone_by(lambda request: self.hold(timers))

    @intent("remaining", question=True)
    def remaining(self, request: Request) -> Reply:
        found = self.meant(request)
        if not found:
            return self.reply("no_such", count=len(self.timers)) if self.timers else self.reply("no_timers")
        self.last = found[0]
        each = [self.say("left_on", left=self.left(timer), title=self.title(timer)) for timer in found]
        return self.reply("left" if len(self.timers) == 1 else "left_each", each=each, left=self.left(found[0]))

    @intent("list", question=True)
    def list_all(self, request: Request) -> Reply:
        dialogs = ("with_left" if timer.paused is None else "with_left_paused" for timer in self.timers)
        each = [self.say(dialog, left=self.left(timer), title=self.title(timer))
                for dialog, timer in zip(dialogs, self.timers, strict=True)]  # fmt: skip
        return self.reply("list", count=len(each), each=each) if each else self.reply("no_timers")

    @intent("cancel")
    def cancel(self, request: Request) -> Reply:
        if not request.slots and len(self.timers) > 1 and self.hush():
            return Reply.silent()
        return self.one(request, self.timers, self.end)

    @intent("cancel_all", risky=True)
    def cancel_all(self, request: Request) -> Reply:
        return self.end(self.timers) if self.timers else self.reply("no_timers")

    def end(self, timers: Sequence[Running]) -> Reply:
        self.remove(timers)
        dialog, title = "cancelled_all" if len(timers) > 1 else "cancelled", self.title(timers[0])
        return self.reply(dialog, title=title, count=len(timers)).undone_by(partial(self.restore, timers))

    def unset(self, timers: Sequence[Running], request: Request) -> Reply:
        there = [timer for timer in timers if timer in self.timers]
        return self.end(there) if there else self.reply("no_timers")

    def restore(self, timers: Sequence[Running], request: Request) -> Reply:
        """A cancelled timer runs on as if nothing had been, unless it would be over by now."""
        alive = [timer for timer in timers if self.left(timer) >= SECOND]
        for timer in alive:
            self.put(timer)
        if not alive:
            return self.reply("over")
        return self.reply("restored", title=self.title(alive[0]), count=len(alive), left=self.left(alive[0]))
