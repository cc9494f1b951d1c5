"""Another length for a timer that runs: "make it ten", "five more minutes"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from assistant.skills.api import Reply, Request, intent

from .keeping import Keeping
from .running import Running

LONGEST = timedelta(days=7)
SECOND = timedelta(seconds=1)


class Changing(Keeping):
    """Timers whose length can be changed."""

    def refused(self, length: timedelta) -> Reply | None:
        """Why no timer can run so long."""
        if length > LONGEST:
            return self.reply("too_long", longest=LONGEST)
        return self.reply("no_length") if length < SECOND else None

    @intent("change")
    def change(self, request: Request) -> Reply:
        """Another length, counted from when the timer began: "make it ten"."""
        number = request.number() if request.named("number") else None
        return self.one(request, self.timers, partial(self.make, number, request.duration()))

    def make(self, number: float | None, length: timedelta | None, timers: Sequence[Running]) -> Reply:
        timer = timers[0]
        wanted = timer.unit() * min(number, 1e6) if number is not None else length or timer.length
        return self.refused(wanted) or self.extend(wanted - timer.length, timers, "changed", length=wanted)

    @intent("add", "less")
    def add(self, request: Request) -> Reply:
        length = request.duration("more") or request.duration()
        if request.named("number"):
            length = timedelta(minutes=min(request.number() or 0, 1e6))
        if length is None:
            return self.ask("how_long", self.add, ("duration", "number"))
        if length > LONGEST:
            return self.reply("too_long", longest=LONGEST)
        sign = -1 if request.intent == "less" else 1
        return self.one(request, self.timers, lambda timers: self.extend(sign * length, timers, "extended"))

    def extend(self, by: timedelta, timers: Sequence[Running], dialog: str, **said: timedelta) -> Reply:
        """So much more, or less, of time; what rings starts again with it."""
        timer = timers[0]
        old_length, old_left, rang = timer.length, self.left(timer), timer.rung
        left = (timedelta() if rang else old_left) + by
        if left < SECOND or left > LONGEST:
            return self.reply("too_short") if left < SECOND else self.reply("too_long", longest=LONGEST)
        timer.length = by if rang else old_length + by
        self.set_left(timer, left)
        self.put(timer)
        back = partial(self.unextend, timer, old_length, by)
        reply = self.reply(dialog, title=self.title(timer), left=left, **said)
        return reply if rang else reply.undone_by(back)

    def unextend(self, timer: Running, length: timedelta, by: timedelta, request: Request) -> Reply:
        left = self.left(timer) - by
        if timer not in self.timers or left < SECOND:
            return self.reply("too_short")
        timer.length = length
        self.set_left(timer, left)
        self.put(timer)
        return self.reply("changed", title=self.title(timer), left=left, length=length)
