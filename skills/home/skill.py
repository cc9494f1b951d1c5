"""Lights, blinds, sensors and what else a house has: by name, by room, by kind, or all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from assistant.skills.api import Reply, Request, Skill, intent

from . import command
from .answers import Answers
from .broker import Broker
from .choose import SWITCHED, Chooser, is_guarded
from .command import Command
from .discovery import Thing
from .house import House

STEP = 20.0  # percent by which "brighter" changes a light
DIMMED = ("light", "fan", "cover")
"""What can be half on."""

Make = Callable[[Thing], Sequence[Command]]


class Home(Skill):
    def start(self) -> None:
        self.chooser = Chooser(self.table("kind"), self.table("alias"))
        self.answers = Answers(self)
        self.last: list[Thing] = []
        """What "it" is."""
        address = str(self.setting("broker"))
        connect = partial(self.connect, address, tls=address.startswith("mqtts:"))
        broker = Broker(connect, user=str(self.setting("user")), password=str(self.setting("password")))
        self.house = House(broker, str(self.setting("prefix")), self.changed)
        if address:
            self.running = asyncio.get_running_loop().create_task(broker.run())

    def changed(self) -> None:
        """There are other things than before: from now on their names are listened for."""
        self.chooser.know(self.house.things)
        self.fill("thing", self.chooser.names)
        self.fill("room", self.chooser.rooms)

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

    def meant(self, request: Request, kinds: Sequence[str] = SWITCHED) -> list[Thing]:
        """What a request is about; "it" is what was last spoken of."""
        if "thing" in request:
            return self.chooser.named(request.text("thing"), kinds)
        if "room" in request or "kind" in request or "all" in request:
            found = self.chooser.chosen(request.text("room"), request.text("kind"), kinds)
            if not found and "kind" not in request and "cover" in kinds:  # "shut the garage"
                found = self.chooser.gates(request.text("room"))
            return found
        return [thing for thing in self.last if thing in self.house.things]

    async def do(
        self, request: Request, make: Make, reply: str, kinds: Sequence[str] = SWITCHED, **values: float
    ) -> Reply:
        """Have everything that is meant do something, and say so."""
        things = self.meant(request, kinds)
        wanted = [(thing, made) for thing in things if (made := make(thing))]
        if (problem := self.answers.problem(request, things, [thing for thing, _ in wanted])) is not None:
            return problem
        self.last = [thing for thing, _ in wanted]
        if not await self.house.do(wanted):
            return self.reply("away")
        what, name = (self.answers.called(request, self.last, bare=bare) for bare in (False, True))
        return self.reply(reply, what=what, name=name, colour=request.text("colour"), **values)
