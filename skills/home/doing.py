"""What is meant by a request, and having it done: the common ground of all that the house does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from assistant.skills.api import Reply, Request, Skill

from .answers import Answers
from .broker import Broker
from .choose import SWITCHED, Chooser
from .command import Command
from .discovery import Thing
from .house import House

Make = Callable[[Thing], Sequence[Command]]


class Doing(Skill):
    """What the house is told by, and what "it" is."""

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
        self, request: Request, make: Make, reply: str, kinds: Sequence[str] = SWITCHED, **values: float | str
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
