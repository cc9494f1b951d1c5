"""How easily the wake word wakes: a step more, a step less, and how it stands. It outlives a restart."""

from __future__ import annotations

from functools import partial

from assistant.skills.api import Reply, Request, Skill, StoreError, intent

STEP = 0.1
LOWEST, HIGHEST = 0.1, 0.9
"""Beyond these it would not wake at all, or at everything."""


class Hearing(Skill):
    def start(self) -> None:
        kept = self.store.get("sensitivity")
        if isinstance(kept, float):
            self.set_sensitivity(min(HIGHEST, max(LOWEST, kept)))

    @intent("more")
    def more(self, request: Request) -> Reply:
        return self.change(STEP)

    @intent("less")
    def less(self, request: Request) -> Reply:
        return self.change(-STEP)

    @intent("ask", question=True)
    def ask_level(self, request: Request) -> Reply:
        level = self.sensitivity
        return self.reply("deaf") if level is None else self.reply("level", level=round(level * 10))

    def change(self, by: float) -> Reply:
        before = self.sensitivity
        if before is None:
            return self.reply("deaf")
        wanted = round(before + by, 1)
        if not LOWEST <= wanted <= HIGHEST:
            return self.reply("most" if by > 0 else "least", level=round(before * 10))
        kept = self.make(wanted)
        dialog = "changed_more" if by > 0 else "changed_less"
        reply = self.reply(dialog if kept else "changed_unsaved", level=round(wanted * 10))
        return reply.undone_by(partial(self.back, before))

    def back(self, level: float, request: Request) -> Reply:
        self.make(level)
        return self.reply("back", level=round(level * 10))

    def make(self, level: float) -> bool:
        """Whether it could be kept."""
        self.set_sensitivity(level)
        try:
            self.store["sensitivity"] = level
        except StoreError:
            return False
        return True
