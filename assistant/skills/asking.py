"""What skills are asked, and what they reply: requests, answers to their questions, and what is taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from assistant.clock import Clock
from assistant.grammar.sentences import SkillSentences
from assistant.grammar.title import title
from assistant.messages import Message, Spoken, intent, skill
from assistant.skills.agreement import agrees
from assistant.skills.answers import find_values
from assistant.skills.api import Reply, Request, SkillInfo
from assistant.skills.fence import FencedSkill
from assistant.skills.find import Found
from assistant.skills.manifest import Manifest
from assistant.skills.pending import Confirm, Pending
from assistant.skills.running import Failure
from assistant.skills.waiting import Missing, own_words

SURE = 0.95
"""Something risky is done only when it was understood this surely."""


@dataclass(slots=True, kw_only=True)
class Loaded:
    """A skill that is there."""

    found: Found
    manifest: Manifest
    fingerprint: str
    sentences: SkillSentences
    info: SkillInfo
    fenced: FencedSkill | None
    """None for a skill that is only sentences, or waits."""
    waits: Missing = ""
    """For what it waits; then no code of it runs."""


class Asking:
    """Brings requests to skills, and says their replies."""

    def __init__(
        self, skills: Mapping[str, Loaded], language: str, clock: Clock, say: Callable[[Message], None]
    ) -> None:
        """`skills` may change later."""
        self._skills = skills
        self._language = language
        self._clock = clock
        self._say = say
        self._pending = Pending()
        self._phrase = _phrases(language)

    def forget(self, skill: str = "") -> None:
        """What a skill has open; without a name, what all have."""
        self._pending.forget(skill)

    async def matched(self, message: intent.Matched) -> None:
        self._pending.answer(message.skill)
        loaded = self._skills.get(message.skill)
        result: Reply | Failure | None = None
        question = False
        if loaded is not None and loaded.waits:
            result = self._missing(loaded, message.skill)
        elif loaded is not None and loaded.fenced is None:
            result = Reply.silent()
        elif loaded is not None and loaded.fenced is not None:
            request = Request(
                intent=message.intent.removeprefix(f"{message.skill}."),
                said=message.text,
                slots={slot.name: slot for slot in message.slots},
                language=self._language,
                now=self._clock.now(),
                session=message.session,
                follows=message.follows.removeprefix(f"{message.skill}."),
            )
            if message.confidence < SURE and loaded.fenced.is_risky(request.intent):
                self._confirm(request, loaded, message.skill)
                return
            question = loaded.fenced.is_question(request.intent)
            result = await loaded.fenced.request(request)
        self._reply(message.session, message.skill, result, question=question)

    def _missing(self, loaded: Loaded, name: str) -> Reply:
        words = own_words(loaded.found.folder, self._language, loaded.waits)
        return Reply(words or self._phrase[loaded.waits].format(skill=name))

    def _confirm(self, request: Request, loaded: Loaded, name: str) -> None:
        """Ask before something is done that may have been misunderstood."""
        named = {slot: each.spoken.text for slot, each in request.slots.items()}
        about = title(loaded.sentences, request.intent, named) or request.intent.replace("_", " ")
        self._pending.ask(name, Confirm(request))
        text = Spoken(self._phrase["sure"].format(title=about))
        self._say(
            skill.Replied(
                session=request.session, skill=name, text=text, ask=True, expects=("yes_no",), language=self._language
            )
        )

    async def answer(self, message: skill.Answer) -> None:
        handler = self._pending.answer(message.skill)
        loaded = self._skills.get(message.skill)
        result: Reply | Failure | None = None
        if loaded is not None and loaded.fenced is not None:
            now = self._clock.now()
            request = Request(
                intent="",
                said=message.text,
                slots=find_values(message.text, message.language, now),
                language=message.language,
                now=now,
                session=message.session,
            )
            if not isinstance(handler, Confirm):
                result = await loaded.fenced.answer(request, handler)
            elif agrees(message.text.text, message.language):
                result = await loaded.fenced.request(replace(handler.request, now=now, session=message.session))
            else:
                result = Reply(self._phrase["kept"])
        self._reply(message.session, message.skill, result)

    async def undo(self, message: skill.Undo) -> None:
        """Take back all that was done in a session, the last first."""
        phrase, said, name = self._phrase, [], ""
        for name, handler in self._pending.undo(message.of):
            loaded = self._skills.get(name)
            if loaded is not None and loaded.fenced is not None:
                request = Request(intent="", said=Spoken(), now=self._clock.now(), session=message.session)
                result = await loaded.fenced.answer(request, handler)
                said.append((result.text or phrase["undone"]) if isinstance(result, Reply) else phrase["failed"])
        self._reply(message.session, name, Reply(" ".join(said)) if said else None)

    def _reply(self, session: str, name: str, result: Reply | Failure | None, *, question: bool = False) -> None:
        """Say a skill's reply, or a kind sentence in its place (None: there is no such skill)."""
        phrase = self._phrase
        match result:
            case Reply():
                reply = result
            case Failure(slow=slow):
                reply = Reply(phrase["slow" if slow else "failed"])
            case None:
                reply = Reply(phrase["gone"])
        if reply.ask:
            self._pending.ask(name, None if reply.ask is True else reply.ask)
        if reply.undo is not None:
            self._pending.done(session, name, reply.undo)
        self._say(
            skill.Replied(
                session=session,
                skill=name,
                text=Spoken(reply.text),
                ask=bool(reply.ask),
                undo=reply.undo is not None,
                question=question and isinstance(result, Reply) and not reply.ask,
                more=reply.more,
                expects=(reply.expects,) if isinstance(reply.expects, str) else tuple(reply.expects),
                options=tuple(map(Spoken, reply.options)),
                language=self._language,
            )
        )


@cache
def _phrases(language: str) -> dict[str, str]:
    every = yaml.safe_load(Path(__file__).with_name("phrases.yaml").read_text(encoding="utf-8"))
    found: dict[str, str] = every.get(language.split("-")[0], every["en"])
    return found
