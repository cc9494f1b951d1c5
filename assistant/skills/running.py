"""One instance of a skill that runs, with all that ends with it; and why there is no result of it."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.skills.api import Context, Skill
from assistant.skills.host import Contained
from assistant.skills.load import Code
from assistant.skills.worker import Worker


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result."""

    cause: str
    slow: bool = False
    blocked: bool = False


@dataclass(slots=True)
class Running:
    """What `FencedSkill` starts, and lets go of when it has to."""

    worker: Worker
    code: Code
    context: Context
    skill: Skill

    def end(self, *, blocked: bool = False) -> None:
        """No later write, alert or action of this instance counts."""
        self.context.store.close()
        self.code.forget()
        skill = self.skill
        if isinstance(skill, Contained):

            def last() -> None:
                skill.end()
                self.context.schedule.close()

            self.worker.close(last)
        elif blocked:
            self.worker.abandon()
        else:
            self.worker.close(self.context.schedule.close)
