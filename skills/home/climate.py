"""Heating and cooling: so warm, warmer, what it is set to, and how it works."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial

from assistant.skills.api import Reply, Request, intent

from . import command
from .discovery import Thing
from .doing import Doing

DEGREE = 1.0
"""By which "warmer" changes it."""
KINDS = ("climate",)


class Climate(Doing):
    """What sets the temperature of a room."""

    @intent("degrees")
    async def degrees(self, request: Request) -> Reply:
        return await self.warm(request, request.number() or 0.0)

    @intent("warmer")
    async def warmer(self, request: Request) -> Reply:
        return await self.warm(request, by=self.step(request))

    @intent("cooler")
    async def cooler(self, request: Request) -> Reply:
        return await self.warm(request, by=-self.step(request))

    def step(self, request: Request) -> float:
        return (request.number() or DEGREE) if request.named("number") else DEGREE

    @intent("mode")
    async def mode(self, request: Request) -> Reply:
        mode = self.table("mode")[request.text("mode").lower()]
        self.look(request)
        return await self.do(request, lambda thing: command.mode(thing, mode), "mode", KINDS, mode=request.text("mode"))

    @intent("thermostat", question=True)
    def thermostat(self, request: Request) -> Reply:
        things = self.heaters(request)
        for thing in things:
            state, what = self.house.state(thing), self.answers.spoken(thing.names[0])
            if state.target is not None:
                self.last = [thing]
                if state.current is None:
                    return self.reply("thermostat", what=what, target=state.target)
                return self.reply("thermostat_now", what=what, target=state.target, current=state.current)
        problem = self.answers.problem(request, things, things) if things else self.answers.unreachable()
        return problem or self.reply("no_thermostat")

    def as_degrees(self, request: Request, shade: str) -> Awaitable[Reply] | None:
        """ "Make it warmer" is about the light where one was spoken of, else about the heating, where there is one."""
        by = {"warmer": DEGREE, "cooler": -DEGREE}.get(self.table("shade").get(shade, ""))
        if by is None or any(slot in request for slot in ("thing", "kind", "room")) or not self.heaters(request):
            return None
        lights = any(thing.kind == "light" for thing in self.last)
        return None if lights else self.warm(request, by=by)

    async def warm(self, request: Request, degrees: float | None = None, by: float = 0.0) -> Reply:
        """To so many degrees, or by so many from what it is set to."""
        things = self.heaters(request)
        if not things:
            return self.answers.unreachable() or self.reply("no_thermostat")
        if degrees is None:
            state = self.house.state(things[0])
            now = state.target if state.target is not None else state.current
            if now is None:
                return self.reply("unknown", what=self.answers.called(request, things))
            degrees = now + by
        low, high = command.span(things[0])
        if not low <= degrees <= high:
            return self.reply("out_of_range", low=low, high=high)
        self.last = things
        reply = await self.do(request, partial(command.degrees, degrees=degrees), "degrees", KINDS, degrees=degrees)
        for thing in things:  # until it says so itself
            self.house.state(thing).target = degrees
        return reply

    def look(self, request: Request) -> None:
        """What is said of "the heating" without a name is about what sets the temperature."""
        if "thing" not in request:
            self.last = self.heaters(request)

    def heaters(self, request: Request) -> list[Thing]:
        """Which are meant: by name, by room, else what was spoken of, else all of them."""
        if "thing" in request:
            return [each for each in self.chooser.named(request.text("thing"), KINDS) if each.kind in KINDS]
        found = self.chooser.chosen(request.text("room"), kinds=KINDS)
        last = [thing for thing in self.last if thing in found]
        return found if "room" in request else last or found
