"""Announcements: what somebody says is said aloud, after a ring."""

from __future__ import annotations

from assistant.skills.api import Reply, Request, Skill, intent

LONGEST = 300
"""Characters of an announcement."""


class Announce(Skill):
    @intent("announce")
    def announce(self, request: Request) -> Reply:
        message = request.text("message")
        return self.aloud(message) if message else self.ask("what", self.what)

    def what(self, request: Request) -> Reply:
        return self.aloud(request.text()) if self.agrees(request) is None else self.reply("nothing")

    def aloud(self, message: str) -> Reply:
        self.alert(self.say("announcement", message=message.strip(" .")[:LONGEST]))
        return self.reply("said")
