"""What is open after a reply: the question it asked, and how to take back what was done. In memory, for two minutes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from assistant.skills.api import Handler, Request

KEPT_SECONDS = 120.0
"""A question that nobody answered, and a way to take something back, go after this time with all they hold."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """The skill is to do this when the answer is a yes."""

    request: Request


class Pending:
    """Questions by skill, and what can be taken back by session. Works on the running event loop."""

    def __init__(self) -> None:
        self._questions: dict[str, tuple[Handler | Confirm | None, asyncio.TimerHandle]] = {}
        self._undos: dict[str, tuple[list[tuple[str, Handler]], asyncio.TimerHandle]] = {}

    def ask(self, skill: str, then: Handler | Confirm | None) -> None:
        """The skill has asked; None: its `answer` gets what is said."""
        self.answer(skill)
        later = asyncio.get_running_loop().call_later(KEPT_SECONDS, self.answer, skill)
        self._questions[skill] = (then, later)

    def answer(self, skill: str) -> Handler | Confirm | None:
        """What gets the answer; the question is no longer open."""
        then, later = self._questions.pop(skill, (None, None))
        if later is not None:
            later.cancel()
        return then

    def done(self, session: str, skill: str, undo: Handler) -> None:
        """Something was done that `undo` takes back."""
        undos, _ = self._undos.pop(session, ([], None))
        later = asyncio.get_running_loop().call_later(KEPT_SECONDS, self.undo, session)
        self._undos[session] = ([*undos, (skill, undo)], later)

    def undo(self, session: str) -> list[tuple[str, Handler]]:
        """All that was done in the session, the last first; each can be taken back once."""
        undos, later = self._undos.pop(session, ([], None))
        if later is not None:
            later.cancel()
        return undos[::-1]

    def forget(self, skill: str = "") -> None:
        """What a skill has open; without a name, of all."""
        for name in [name for name in self._questions if skill in ("", name)]:
            self.answer(name)
        for session, (undos, _) in tuple(self._undos.items()):
            kept = [each for each in undos if skill not in ("", each[0])]
            if not kept:
                self.undo(session)
            else:
                undos[:] = kept
