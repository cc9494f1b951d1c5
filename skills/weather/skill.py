"""The weather: now, on a day, in a part of it; here and elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from assistant.skills.api import NotAllowed, Reply, Request, Skill, Unreachable, intent

from .forecast import Forecast, Provider, Spot
from .openmeteo import DAYS, OpenMeteo
from .telling import Telling

FRESH_SECONDS = 600.0
Tell = Callable[[Request, Spot, Forecast], Reply]


class Weather(Skill):
    def start(self) -> None:
        self.imperial = self.setting("units") == "imperial"
        self.telling = Telling(self)
        self.provider: Provider = OpenMeteo(self.fetch, str(self.setting("forecast")), str(self.setting("places")))
        self.at_home: tuple[float, Forecast] | None = None
        """The house's forecast, and when it came. Of other places nothing is kept."""

    @intent("weather", question=True)
    async def weather(self, request: Request) -> Reply:
        return await self.tell(request, self.telling.general)

    @intent("rain", question=True)
    async def rain(self, request: Request) -> Reply:
        return await self.tell(request, partial(self.telling.whether, "rain"))

    @intent("snow", question=True)
    async def snow(self, request: Request) -> Reply:
        return await self.tell(request, partial(self.telling.whether, "snow"))

    @intent("umbrella", question=True)
    async def umbrella(self, request: Request) -> Reply:
        return await self.tell(request, partial(self.telling.whether, "umbrella"))

    @intent("temperature", question=True)
    async def temperature(self, request: Request) -> Reply:
        return await self.tell(request, self.telling.degrees)

    @intent("wind", question=True)
    async def wind(self, request: Request) -> Reply:
        return await self.tell(request, self.telling.blowing)

    async def tell(self, request: Request, say: Tell, town: str = "") -> Reply:
        """Find out where and when, ask, and say it. A place that is not known is asked for."""
        name = town or request.text("place") or request.text("town")
        day = self.telling.day(request)
        if not 0 <= (day - request.now.date()).days < DAYS - 1:
            return self.reply("too_far" if day > request.now.date() else "past")
        here = Spot(float(self.setting("latitude")), float(self.setting("longitude")))
        if not name and here == Spot(0, 0):
            return self.ask("which_place", partial(self.placed, request, say))
        try:
            spot = await self.provider.find(name, request.language) if name else here
            if spot is None:
                return self.reply("unknown_place", place=name)
            return say(request, spot, await self.forecast(spot))
        except NotAllowed:
            return self.reply("not_allowed")
        except Unreachable:
            return self.reply("unreachable")

    def placed(self, asked: Request, say: Tell, answer: Request) -> Awaitable[Reply]:
        return self.tell(asked, say, answer.text().removeprefix(self.table("words")["in"]).strip())

    async def forecast(self, spot: Spot) -> Forecast:
        now = self.context.clock.monotonic()
        if spot.name:
            return await self.provider.forecast(spot, imperial=self.imperial)
        if self.at_home is None or now - self.at_home[0] > FRESH_SECONDS:
            self.at_home = (now, await self.provider.forecast(spot, imperial=self.imperial))
        return self.at_home[1]
