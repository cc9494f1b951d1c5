"""Louder, quieter, and exactly so loud."""

from __future__ import annotations

from assistant.skills.api import Reply, Request, Skill, intent

TENTHS = 10
"""A bare number up to this is one of ten steps: "volume three" is thirty percent."""


class Volume(Skill):
    @intent("set")
    def set(self, request: Request) -> Reply:
        percent = request.number("percentage")
        if percent is None:
            return self.ask("how_loud", self.answered)
        said = request.slots["percentage"].spoken.text.lower().replace("%", " percent").split()
        bare = percent == int(percent) and percent <= TENTHS and not set(said) & set(self.table("percent"))
        return self.make(percent * TENTHS if bare else percent)

    def answered(self, request: Request) -> Reply:
        return self.set(request) if "percentage" in request else self.reply("not_set")

    @intent("up")
    def up(self, request: Request) -> Reply:
        return self.change(request, 1)

    @intent("down")
    def down(self, request: Request) -> Reply:
        return self.change(request, -1)

    @intent("most")
    def most(self, request: Request) -> Reply:
        return self.make(100)

    @intent("least")
    def least(self, request: Request) -> Reply:
        return self.make(0)

    @intent("ask")
    def how_loud(self, request: Request) -> Reply:
        level = self.volume
        return self.reply("unknown") if level is None else self.reply("level", percent=round(level * 100))

    def change(self, request: Request, sign: int) -> Reply:
        level = self.volume
        if level is None:
            return self.reply("unknown")
        times = float(self.table("much").get(request.text("much").lower(), "1"))
        by = request.number("percentage") or float(self.setting("step")) * times
        return self.make(round(level * 100) + sign * by)

    def make(self, percent: float) -> Reply:
        lowest = int(self.setting("lowest"))
        wanted = round(min(100.0, max(float(lowest), percent)))
        if self.volume is None:
            return self.reply("unknown")
        self.set_volume(wanted / 100)
        if percent < lowest:
            return self.reply("lowest", percent=wanted)
        return self.reply("highest" if percent > 100 else "level", percent=wanted)
