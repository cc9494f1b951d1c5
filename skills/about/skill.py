"""Facts about the assistant itself: its version, how long it has been running, its address, what it needs."""

from __future__ import annotations

from datetime import timedelta

from assistant.skills.api import Reply, Request, Skill, intent, words

from .machine import addresses, disk_free, machine_uptime, memory_used


class About(Skill):
    def start(self) -> None:
        self.began = self.context.clock.monotonic()

    @intent("version", question=True)
    def version(self, request: Request) -> Reply:
        return self.reply("version", version=self.context.version.replace(".", " point "))

    @intent("uptime", question=True)
    def uptime(self, request: Request) -> Reply:
        running = timedelta(seconds=max(1.0, self.context.clock.monotonic() - self.began))
        on = machine_uptime()
        return self.reply("uptime_both", running=running, on=on) if on else self.reply("uptime", running=running)

    @intent("address", question=True)
    def address(self, request: Request) -> Reply:
        found = [self.spelled(each) for each in addresses()]
        return self.reply("address", count=len(found), addresses=found) if found else self.reply("no_address")

    @intent("needs", question=True)
    def needs(self, request: Request) -> Reply:
        memory, disk = memory_used(), disk_free()
        if memory is None or disk is None:
            return self.reply("needs_unknown")
        return self.reply("needs", memory=memory, disk=disk)

    def spelled(self, address: str) -> str:
        """Digit by digit, as addresses are read out."""
        return f" {self.say('dot')} ".join(" ".join(map(words.number, map(int, part))) for part in address.split("."))
