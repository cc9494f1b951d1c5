"""Lights, blinds, sensors and what else a house has: by name, by room, by kind, or all of it."""

from __future__ import annotations

from functools import partial

from assistant.skills.api import Reply, Request, intent

from . import command
from .choose import is_guarded
from .climate import Climate

STEP = 20.0  # percent by which "brighter" changes a light
DIMMED = ("light", "fan", "cover")
"""What can be half on."""


class Home(Climate):
    @intent("on")
    async def on(self, request: Request) -> Reply:
        return await self.do(request, lambda thing: command.switch(thing, True), "on")

    @intent("off")
    async def off(self, request: Request) -> Reply:
        return await self.do(request, lambda thing: command.switch(thing, False), "off")

    @intent("level")
    async def level(self, request: Request) -> Reply:
        percent = max(0.0, min(100.0, request.number("percentage") or 0.0))
        return await self.do(request, partial(command.level, percent=percent), "level", DIMMED, percent=round(percent))

    @intent("brighter")
    async def brighter(self, request: Request) -> Reply:
        step = partial(command.step, state=self.house.state, by=STEP)
        return await self.do(request, step, "brighter", ("light",))

    @intent("darker")
    async def darker(self, request: Request) -> Reply:
        step = partial(command.step, state=self.house.state, by=-STEP)
        return await self.do(request, step, "darker", ("light",))

    @intent("colour")
    async def colour(self, request: Request) -> Reply:
        name = request.text("colour").lower()
        if (degrees := self.as_degrees(request, name)) is not None:
            return await degrees
        value = self.table("colour").get(name, "")
        if value.endswith("K"):
            return await self.do(request, lambda thing: command.warmth(thing, float(value[:-1])), "colour", ("light",))
        return await self.do(request, partial(command.colour, rgb=command.rgb(value)), "colour", ("light",))

    @intent("open")
    async def open(self, request: Request) -> Reply:
        things = self.meant(request, ("cover",))
        if any(map(is_guarded, things)):
            sure = partial(self.sure, request, "open")
            return self.ask("sure_open", sure, "yes_no", what=self.answers.called(request, things))
        return await self.do(request, lambda thing: command.move(thing, "open"), "open", ("cover",))

    @intent("close")
    async def close(self, request: Request) -> Reply:
        return await self.do(request, lambda thing: command.move(thing, "close"), "close", ("cover",))

    @intent("halt")
    async def halt(self, request: Request) -> Reply:
        return await self.do(request, lambda thing: command.move(thing, "stop"), "halt", ("cover",))

    @intent("lock")
    async def lock(self, request: Request) -> Reply:
        if not request.slots:  # "lock up"
            self.last = self.chooser.chosen(kinds=("lock",))
        return await self.do(request, lambda thing: command.switch(thing, True), "lock", ("lock",))

    @intent("unlock")
    async def unlock(self, request: Request) -> Reply:
        things = self.meant(request, ("lock",))
        if not things:
            return self.answers.nothing(request)
        sure = partial(self.sure, request, "unlock")
        return self.ask("sure_unlock", sure, "yes_no", what=self.answers.called(request, things))

    async def sure(self, asked: Request, what: str, request: Request) -> Reply:
        """The answer to whether somebody may be let in."""
        if not self.agrees(request):
            return self.reply("kept")
        if what == "unlock":
            return await self.do(asked, lambda thing: command.switch(thing, False), "unlock", ("lock",))
        return await self.do(asked, lambda thing: command.move(thing, "open"), "open", ("cover",))

    @intent("is", question=True)
    def is_it(self, request: Request) -> Reply:
        return self.answers.is_it(request)

    @intent("which", question=True)
    def which(self, request: Request) -> Reply:
        return self.answers.which(request)

    @intent("sensor", question=True)
    def sensor(self, request: Request) -> Reply:
        return self.answers.sensor(request)
