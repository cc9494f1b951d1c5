"""What the assistant can do, who it is, and what it keeps."""

from __future__ import annotations

import random

from assistant.skills.api import Reply, Request, Skill, intent, words

EXAMPLES = 3


class Help(Skill):
    @intent("help")
    def help(self, request: Request) -> Reply:
        others = [info for info in self.context.skills() if info.examples and info.id != self.context.id]
        chosen = random.sample(others, min(EXAMPLES, len(others)))
        examples = [random.choice(info.examples) for info in chosen]
        if not examples:
            return self.reply("no_skills")
        return self.reply("help", examples=words.listing(examples, self.say("or")))

    @intent("abilities")
    def abilities(self, request: Request) -> Reply:
        here = {info.id: info for info in self.context.skills() if info.id != self.context.id}
        told = [ability for name, ability in self.table("abilities").items() if name in here]
        added = [info.id for info in here.values() if not info.bundled]
        if not told:
            return self.reply("no_skills")
        return self.reply("abilities_added" if added else "abilities", told=told, added=added)

    @intent("about")
    def about(self, request: Request) -> Reply:
        return self.reply("about", version=self.context.version.replace(".", " point "))

    @intent("privacy")
    def privacy(self, request: Request) -> Reply:
        added = [info.id for info in self.context.skills() if not info.bundled]
        return self.reply("privacy_added", added=added) if added else self.reply("privacy")
