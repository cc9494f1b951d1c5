"""Louder, quieter, and exactly so loud."""

from __future__ import annotations

from functools import partial

from assistant.skills.api import Reply, Request, Skill, intent

TENTHS = 10
"""A bare number up to this is one of ten steps: "volume three" is thirty percent."""


class Volume(Skill):
    before_mute: float | None = None

    @intent("set")
    def set(self, request: Request) -> Reply:
        percent = request.number("percentage")
        if percent is None:
            return self.ask("how_loud", self.answered, "percentage")
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

    @intent("ask", question=True)
    def how_loud(self, request: Request) -> Reply:
        level = self.volume
        return self.reply("unknown") if level is None else self.reply("level", percent=round(level * 100))

    @intent("mute")
    def mute(self, request: Request) -> Reply:
        """The loudspeaker is silent, but for what alarms need; the microphone is not touched."""
        level = self.volume
        if level is None:
            return self.reply("unknown")
        lowest = int(self.setting("lowest"))
        if level * 100 > lowest:
            self.before_mute = level
        self.set_volume(lowest / 100)
        reply = self.reply("muted", percent=lowest) if lowest else self.reply("silent")
        return reply.undone_by(partial(self.back, level))

    @intent("unmute")
    def unmute(self, request: Request) -> Reply:
        level, self.before_mute = self.before_mute, None
        if level is None:
            return self.how_loud(request)
        return self.back(level, request)

    @intent("which_mute")
    def which_mute(self, request: Request) -> Reply:
        return self.ask("which_mute", self.muted)

    def muted(self, request: Request) -> Reply:
        named = {self.table("device").get(word) for word in request.text().lower().replace(".", "").split()} - {None}
        if named == {"speaker"}:
            return self.mute(request)
        return self.reply("microphone" if named == {"microphone"} else "not_set")

    def back(self, level: float, request: Request) -> Reply:
        self.set_volume(level)
        return self.reply("back", percent=round(level * 100))

    def change(self, request: Request, sign: int) -> Reply:
        level = self.volume
        if level is None:
            return self.reply("unknown")
        times = float(self.table("much").get((request.text("much") if request.named("much") else "").lower(), "1"))
        by = (request.number("percentage") if request.named("percentage") else None) or float(
            self.setting("step")
        ) * times
        return self.make(round(level * 100) + sign * by)

    def make(self, percent: float) -> Reply:
        lowest = int(self.setting("lowest"))
        wanted = round(min(100.0, max(float(lowest), percent)))
        before = self.volume
        if before is None:
            return self.reply("unknown")
        self.set_volume(wanted / 100)
        dialog = "lowest" if percent < lowest else "highest" if percent > 100 else "level"
        return self.reply(dialog, percent=wanted).undone_by(partial(self.back, before))
